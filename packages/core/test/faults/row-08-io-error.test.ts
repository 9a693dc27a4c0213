import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { runSteady } from "../support/steady.ts";
import { hasStrace, injecting } from "../support/strace.ts";
import { databasePath } from "../support/temporary-folder.ts";

const steady = { units: 60, contentBytes: 3_000, storageDeadlineMs: 10_000 } as const;

// Opening a new file takes fewer than 12 of the one and 150 of the other.
const onceOnly = ["fsync:error=EIO:when=20", "pwrite64:error=EIO:when=300"];

it.skipIf(!hasStrace).each(onceOnly)(
  "acknowledges nothing that %s struck, opens the file again and goes on",
  async (inject) => {
    const outcomes = await runSteady({ database: databasePath(), ...steady }, { through: injecting(inject) });
    const struck = outcomes.filter(({ became }) => became !== "applied");
    expect(struck.map(({ code }) => code)).toEqual(["ATLAS_CORE_STORAGE_FAILED"]);
    expect(outcomes.at(-1)).toMatchObject({ became: "applied", health: "ok" });
  },
  20_000,
);

const forGood = ["fsync:error=EIO:when=20+", "pwrite64:error=EIO:when=300+"];

it.skipIf(!hasStrace).each(forGood)(
  "only reads, and says so, when %s strikes again right after the file was opened again",
  async (inject) => {
    const outcomes = await runSteady({ database: databasePath(), ...steady }, { through: injecting(inject) });
    const first = outcomes.findIndex(({ became }) => became !== "applied");
    expect(first).toBeGreaterThan(0);
    const rest = outcomes.slice(first);
    expect(new Set(rest.map(({ code }) => code))).toEqual(new Set(["ATLAS_CORE_STORAGE_FAILED"]));
    expect(rest.at(-1)).toMatchObject({ became: "not applied", health: "failed" });
  },
  20_000,
);

it.skipIf(!hasStrace)(
  "waits while writes fail for want of space, and then commits everything in its order",
  async () => {
    const outcomes = await runSteady(
      { database: databasePath(), ...steady },
      { through: injecting("pwrite64:error=ENOSPC:when=300..304") },
    );
    expect(outcomes.every(({ became, health }) => became === "applied" && health === "ok")).toBe(true);
  },
  20_000,
);

const hasBash = spawnSync("bash", ["-c", "ulimit -f 1000"]).status === 0;
if (!hasBash) console.log("No bash with ulimit: the test of a limit on the size of files is skipped.");

it.skipIf(!hasBash)(
  "ends writing in good order at the process's limit on the size of a file",
  async () => {
    const through = ["bash", "-c", 'ulimit -f 1000; exec "$0" "$@"'] as const;
    const outcomes = await runSteady(
      { database: databasePath(), units: 120, contentBytes: 20_000, storageDeadlineMs: 200 },
      { through },
    );
    expect(outcomes[0]).toMatchObject({ became: "applied" });
    expect(outcomes.some(({ code }) => code === "ATLAS_CORE_STORAGE_FAILED")).toBe(true);
  },
  20_000,
);
