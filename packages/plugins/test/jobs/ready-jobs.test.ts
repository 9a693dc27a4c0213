import type { NewJob } from "@atlas/core";
import { describe, expect, it } from "vitest";
import { createReadyJobs } from "../../src/jobs/ready-jobs.ts";
import { openStore } from "../support/open-store.ts";

const T0 = Date.parse("2026-01-01T00:00:00.000Z");
const created_at = new Date(T0).toISOString();

/** A queue of twenty jobs, j01 to j20, and how often it was read. */
async function twentyJobs() {
  const { repo, commands } = await openStore();
  let reads = 0;
  const isTaken = new Set<string>();
  const readyJobs = createReadyJobs({
    repo: {
      ...repo,
      listReadyJobs: (options) => {
        reads += 1;
        return repo.listReadyJobs(options);
      },
    },
    isTaken: (id) => isTaken.has(id),
  });
  const create = (id: string, job: Partial<NewJob> = {}) =>
    commands.enqueue({ type: "job.create", job: { id, workflow_id: "work.v1", created_at, ...job } });
  for (let index = 1; index <= 20; index += 1) await create(`j${String(index).padStart(2, "0")}`);
  const take = async (limit: number, { now = T0, workflow_ids = ["work.v1"] } = {}) => {
    const jobs = await readyJobs.take({ workflow_ids, limit, taken: isTaken.size, now });
    for (const { id } of jobs) isTaken.add(id);
    return jobs.map(({ id }) => id);
  };
  return { create, take, readyJobs, reads: () => reads };
}

describe("ready jobs", () => {
  it("are taken in their order, each once, and read ahead while nothing changes", async () => {
    const { take, reads } = await twentyJobs();
    expect(await take(2)).toEqual(["j01", "j02"]);
    expect(await take(2)).toEqual(["j03", "j04"]);
    expect(reads()).toBe(2);
    for (let from = 5; from < 20; from += 2) await take(2);
    expect(reads()).toBe(2);
    expect(await take(2)).toEqual([]);
  });

  it("are read again, and not ahead, after a change", async () => {
    const { create, take, readyJobs, reads } = await twentyJobs();
    await take(2);
    await take(2);
    await create("urgent", { priority: 9 });
    readyJobs.changed();
    expect(await take(2)).toEqual(["urgent", "j05"]);
    readyJobs.changed();
    expect(await take(1)).toEqual(["j06"]);
    expect(reads()).toBe(4);
  });

  it("let a delayed job of a higher priority pass when its time has come", async () => {
    const { create, take } = await twentyJobs();
    await create("delayed", { priority: 9, run_at: "2026-01-01T00:00:02.000Z" });
    await take(2);
    expect(await take(2, { now: T0 + 1_999 })).toEqual(["j03", "j04"]);
    expect(await take(2, { now: T0 + 2_000 })).toEqual(["delayed", "j05"]);
  });

  it("are read again when other workflows have room", async () => {
    const { create, take } = await twentyJobs();
    await create("other", { workflow_id: "other.v1", priority: 9 });
    await take(2);
    await take(2);
    expect(await take(2, { workflow_ids: ["work.v1", "other.v1"] })).toEqual(["other", "j05"]);
  });
});
