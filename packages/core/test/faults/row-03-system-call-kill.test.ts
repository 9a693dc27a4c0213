import { expect, it } from "vitest";
import { createStore } from "../../src/index.ts";
import { acknowledgedBy, checkAcknowledged, startAcknowledging } from "../support/acknowledged.ts";
import { hasStrace, injecting } from "../support/strace.ts";
import { databasePath } from "../support/temporary-folder.ts";

// From the first write of a new file on, over migrations, commits and checkpoints.
const strikes = ["pwrite64:3", "pwrite64:60", "pwrite64:151", "pwrite64:900", "fsync:2", "fsync:25"];

it.skipIf(!hasStrace).each(strikes)(
  "loses nothing that was acknowledged when it is killed at system call %s",
  async (strike) => {
    const [call, when] = strike.split(":");
    const database = databasePath();
    const through = injecting(`${call}:signal=KILL:when=${when}`);
    const host = startAcknowledging({ database, prefix: "s" }, { through });
    expect((await host.ended).code).not.toBe(0);
    const store = await createStore({ database });
    await store.stop();
    checkAcknowledged(database, new Map([["s", acknowledgedBy(host)]]));
  },
  20_000,
);
