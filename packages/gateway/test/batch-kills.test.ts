import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openReadOnly } from "@atlas/core";
import { pluginsModule } from "@atlas/plugins";
import { expect, it, onTestFinished } from "vitest";
import { testDriver } from "../../../test/support/test-driver.ts";
import type { BatchKill } from "./fixtures/batch-host.ts";
import { startHost } from "./support/host-process.ts";

const kills: readonly BatchKill[] = [
  ...(["before", "during"] as const).flatMap((when) => [1, 2, 3, 4, 7].map((nth) => ({ when, nth }))),
  { when: "after", nth: 1 },
  { when: "after", nth: 4 },
  { when: "run", nth: 1 },
  { when: "run", nth: 2 },
];
const START = Date.parse("2026-01-01T00:00:00.000Z");

/** What is on disk, once the process is gone. */
async function read(database: string) {
  const store = await openReadOnly(database, { modules: [pluginsModule], driver: testDriver });
  try {
    const jobs = (await store.repo.listJobs({ limit: 500 })).items;
    const batches = await Promise.all(jobs.map(({ id }) => store.repo.plugins.listBatchInputs(id)));
    return { jobs, batches };
  } finally {
    store.close();
  }
}

it("processes that are killed around batches lose no acknowledged input, double none and fill no batch too far", {
  timeout: 240_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "batch-kills-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const database = join(folder, "atlas.db");
  const acknowledged = new Set<string>();
  for (const [index, kill] of [...kills, undefined].entries()) {
    const startsAt = new Date(START + index * 3_600_000).toISOString();
    const host = startHost("batch-host.ts", {
      database,
      startsAt,
      ...(kill === undefined ? {} : { kill }),
    });
    const { signal } = await host.ended;
    expect([kill, signal]).toEqual([kill, kill === undefined ? null : "SIGKILL"]);
    for (const line of host.lines)
      if (line.startsWith("acknowledged ")) acknowledged.add(line.slice("acknowledged ".length));
    const { jobs, batches } = await read(database);
    for (const batch of batches) {
      expect(batch.map(({ number }) => number)).toEqual(batch.map((_, place) => place + 1));
      expect(batch.length).toBeGreaterThan(0);
      expect(batch.length).toBeLessThanOrEqual(3);
    }
    const names = batches.flat().map(({ input }) => input["name"]);
    expect(new Set(names).size).toBe(names.length);
    // An event is acknowledged before it is delivered.
    const taken = [...acknowledged].filter((name) => kill === undefined || !name.endsWith("event"));
    expect(names).toEqual(expect.arrayContaining(taken));
    if (kill === undefined) {
      expect(host.lines.at(-1)).toBe("over");
      expect(jobs.filter(({ status }) => status !== "succeeded")).toEqual([]);
    }
  }
  expect(acknowledged.size).toBeGreaterThan(kills.length);
});
