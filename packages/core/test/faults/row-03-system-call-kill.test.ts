import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { openRaw } from "../../../../test/support/test-driver.ts";
import { silentLogger } from "../../src/index.ts";
import { acknowledgedBy, checkAcknowledged, startAcknowledging } from "../support/acknowledged.ts";
import { createStore } from "../support/driver.ts";
import { rejection } from "../support/rejection.ts";
import { hasStrace, injecting } from "../support/strace.ts";
import { databasePath } from "../support/temporary-folder.ts";

// From the first write of a new file on, over migrations, commits and checkpoints.
const strikes = ["unlink:1", "fsync:4", "pwrite64:60", "pwrite64:151", "pwrite64:900", "fsync:25"];

it.skipIf(!hasStrace).each(strikes)(
  "loses nothing that was acknowledged when it is killed at system call %s",
  async (strike) => {
    const [call, when] = strike.split(":");
    const database = databasePath();
    const through = injecting(`${call}:signal=KILL:when=${when}`);
    const host = startAcknowledging({ database, prefix: "s" }, { through });
    expect((await host.ended).code).not.toBe(0);
    const store = await createStore({ log: silentLogger, database });
    await store.stop();
    checkAcknowledged(database, new Map([["s", acknowledgedBy(host)]]));
  },
  20_000,
);

/** A file as a kill leaves it in a transaction without a write-ahead log: half written, with what takes it back beside it. */
function halfWritten(): string {
  const source = databasePath();
  const path = databasePath();
  const database = openRaw(source);
  database.pragma("cache_size = 1");
  database.exec("begin; create table half (x); insert into half values (randomblob(100000))");
  for (const suffix of ["", "-journal"]) copyFileSync(`${source}${suffix}`, `${path}${suffix}`);
  database.close();
  return path;
}

it("starts on what a kill left of the first steps of a new file, before it had a write-ahead log", async () => {
  const database = halfWritten();
  writeFileSync(`${database}.owner`, JSON.stringify({ pid: 1 }));
  const store = await createStore({ log: silentLogger, database });
  const receipt = await store.commands.enqueue({ type: "entity.upsert", entity: { type: "note" } });
  await store.stop();
  expect(receipt).toEqual({ seq: 1, changed: true });
});

it("leaves such a file alone where no gateway has been", async () => {
  const database = halfWritten();
  const content = () => ["", "-journal"].map((suffix) => readFileSync(`${database}${suffix}`));
  const before = content();
  expect((await rejection(createStore({ log: silentLogger, database }))).code).toBe(
    "ATLAS_CORE_DATABASE_PATH",
  );
  expect(content()).toEqual(before);
});
