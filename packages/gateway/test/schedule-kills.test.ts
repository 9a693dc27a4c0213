import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openReadOnly } from "@atlas/core";
import { pluginsModule } from "@atlas/plugins";
import { expect, it, onTestFinished } from "vitest";
import { testDriver } from "../../../test/support/test-driver.ts";
import type { ScheduleKill } from "./fixtures/schedule-host.ts";
import { startHost } from "./support/host-process.ts";

const kills: readonly ScheduleKill[] = (["before", "during", "after"] as const).flatMap((when) => [
  { when, what: "upsert", nth: 2 },
  { when, what: "advance", nth: 2 },
  { when, what: "advance", nth: 5 },
  { when, what: "remove", nth: 1 },
]);
const START = Date.parse("2026-01-01T00:00:00.000Z");

/** What is on disk, once the process is gone. */
async function read(database: string) {
  const store = await openReadOnly(database, { modules: [pluginsModule], driver: testDriver });
  try {
    const schedules = await store.repo.plugins.listApiSchedules();
    const jobs = (await store.repo.listJobs({ limit: 500 })).items.map(({ id }) => id);
    return { schedules, jobs };
  } finally {
    store.close();
  }
}

it("processes that are killed around schedules keep each acknowledged one, and a job for every run and no other", {
  timeout: 240_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "schedule-kills-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const database = join(folder, "atlas.db");
  const known = new Set<string>();
  const removed = new Set<string>();
  for (const [index, kill] of [...kills, undefined].entries()) {
    const startsAt = new Date(START + index * 150_000).toISOString();
    const host = startHost("schedule-host.ts", {
      database,
      startsAt,
      ...(kill === undefined ? {} : { kill }),
    });
    const { signal } = await host.ended;
    expect([kill, signal]).toEqual([kill, kill === undefined ? null : "SIGKILL"]);
    for (const line of host.lines) {
      const [what, id = ""] = line.split(" ");
      if (what === "acknowledged") known.add(id);
      if (what === "removed") removed.add(id);
    }
    const { schedules, jobs } = await read(database);
    const ids = schedules.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining([...known]));
    expect(ids.filter((id) => removed.has(id))).toEqual([]);
    for (const { id, runs, last_job_id } of schedules) {
      const made = jobs.filter((job) => job.startsWith(`schedule:${id}:`));
      expect([kill, id, made.length]).toEqual([kill, id, runs]);
      if (runs > 0) expect(made).toContain(last_job_id);
    }
    if (kill === undefined) expect(host.lines.at(-1)).toBe("over");
  }
  expect(removed.size).toBeGreaterThan(1);
});
