import type { NewJob } from "@atlas/core";
import { createFakeClock } from "@atlas/testing/clock";
import { describe, expect, it } from "vitest";
import { createReadyLane } from "../../src/jobs/ready-lane.ts";
import { openStore } from "../support/open-store.ts";

const T0 = Date.parse("2026-01-01T00:00:00.000Z");
const created_at = new Date(T0).toISOString();

/** The lane of a workflow with twenty jobs, j01 to j20, and how often its jobs were read. */
async function twentyJobs() {
  const clock = createFakeClock();
  const { repo, commands } = await openStore({ clock });
  let reads = 0;
  let rows = 0;
  const taken = new Set<string>();
  const lane = createReadyLane({
    workflow: { id: "work.v1", run: async () => undefined },
    clock,
    repo: {
      ...repo,
      async listReadyJobs(options) {
        reads += 1;
        const jobs = await repo.listReadyJobs(options);
        rows += jobs.length;
        return jobs;
      },
    },
    isTaken: (id) => taken.has(id),
  });
  const create = (id: string, job: Partial<NewJob> = {}) =>
    commands.enqueue({ type: "job.create", job: { id, workflow_id: "work.v1", created_at, ...job } });
  for (let index = 1; index <= 20; index += 1) await create(`j${String(index).padStart(2, "0")}`);
  /** Takes up to `count` jobs as a round does, each of which stays queued in the database. */
  const take = async (count: number, now = T0) => {
    const ids: string[] = [];
    while (ids.length < count) {
      if (lane.isStale(now)) await lane.read({ now, count: count - ids.length });
      const job = lane.first;
      if (job === undefined) break;
      lane.take();
      lane.hide();
      taken.add(job.id);
      ids.push(job.id);
    }
    return ids;
  };
  return { clock, commands, create, take, taken, lane, reads: () => reads, rows: () => rows };
}

describe("a lane of ready jobs", () => {
  it("gives them in their order, each once, and reads ahead while nothing changes", async () => {
    const { take, reads } = await twentyJobs();
    expect(await take(2)).toEqual(["j01", "j02"]);
    expect(reads()).toBe(1);
    expect(await take(2)).toEqual(["j03", "j04"]);
    expect(reads()).toBe(2);
    for (let from = 5; from < 20; from += 2) await take(2);
    expect(reads()).toBe(2);
    expect(await take(2)).toEqual([]);
    expect(await take(2)).toEqual([]);
    expect(reads()).toBe(2);
  });

  it("reads again, and not ahead, after a change", async () => {
    const { create, take, lane, reads, rows } = await twentyJobs();
    await take(2);
    await take(2);
    await create("urgent", { priority: 9 });
    lane.changed();
    const before = rows();
    expect(await take(2)).toEqual(["urgent", "j05"]);
    // These two, and the four that are taken.
    expect(rows() - before).toBe(6);
    lane.changed();
    expect(await take(1)).toEqual(["j06"]);
    expect(reads()).toBe(4);
  });

  it("lets a delayed job of a higher priority pass when its time has come", async () => {
    const { create, take } = await twentyJobs();
    await create("delayed", { priority: 9, run_at: "2026-01-01T00:00:02.000Z" });
    await take(2);
    expect(await take(2, T0 + 1_999)).toEqual(["j03", "j04"]);
    expect(await take(2, T0 + 2_000)).toEqual(["delayed", "j05"]);
  });

  it("knows when the next delayed job is due, whatever its priority, and hears of an earlier one", async () => {
    const { create, take, lane } = await twentyJobs();
    await create("late", { priority: 9, run_at: "2026-01-01T00:00:05.000Z" });
    await create("soon", { priority: -9, run_at: "2026-01-01T00:00:03.000Z" });
    await take(21);
    expect(lane.dueAt).toBe(T0 + 3_000);
    lane.due(T0 + 2_000);
    expect(lane.dueAt).toBe(T0 + 2_000);
    expect(lane.isStale(T0 + 1_999)).toBe(false);
    expect(lane.isStale(T0 + 2_000)).toBe(true);
    expect(await take(1, T0 + 2_000)).toEqual([]);
    expect(lane.dueAt).toBe(T0 + 3_000);
  });

  it("looks again after a while though it was empty, since jobs can come behind its back", async () => {
    const { clock, create, take } = await twentyJobs();
    await take(21);
    await create("unheard");
    expect(await take(1)).toEqual([]);
    clock.advance(5_000);
    expect(await take(1)).toEqual(["unheard"]);
  });

  it("finds a ready job behind jobs that run though the database lists them as queued", async () => {
    const { take, taken, lane } = await twentyJobs();
    for (let index = 1; index <= 9; index += 1) taken.add(`j0${index}`);
    lane.changed();
    expect(await take(1)).toEqual(["j10"]);
  });
});
