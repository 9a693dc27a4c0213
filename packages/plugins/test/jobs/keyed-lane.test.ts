import type { NewJob } from "@atlas/core";
import { createFakeClock } from "@atlas/testing/clock";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { WorkflowPlugin } from "../../src/index.ts";
import { createKeyedLane } from "../../src/jobs/keyed-lane.ts";
import type { Permit } from "../../src/jobs/next-lane.ts";
import { createSlots } from "../../src/jobs/slots.ts";
import { openStore } from "../support/open-store.ts";

const T0 = Date.parse("2026-01-01T00:00:00.000Z");
const at = (ms: number) => new Date(T0 + ms).toISOString();

async function keyedLane({
  concurrency,
  slots: count = 100,
  permit,
}: {
  concurrency?: number;
  slots?: number;
  permit?: (key: string | undefined) => Permit;
} = {}) {
  const clock = createFakeClock();
  const { repo, commands } = await openStore({ clock });
  const workflow: WorkflowPlugin = {
    id: "work.v1",
    perKey: { key: () => "unused", ...(concurrency === undefined ? {} : { concurrency }) },
    run: async () => undefined,
  };
  const slots = createSlots({ concurrency: count, onFree: () => undefined });
  const taken = new Set<string>();
  let marked: Promise<void> = Promise.resolve();
  let searches = 0;
  const lane = createKeyedLane({
    workflow,
    repo: {
      ...repo,
      plugins: {
        ...repo.plugins,
        async listReadyKeys(level, options) {
          const keys = await repo.plugins.listReadyKeys(level, options);
          searches += keys.length;
          return keys;
        },
      },
    },
    clock,
    permit: permit ?? ((key) => slots.permitKey(workflow, key)),
    isTaken: (id) => taken.has(id),
    markDue(now) {
      marked = commands
        .enqueue({ type: "job.markDue", workflow_id: "work.v1", at: now, limit: 1_000 })
        .then(() => undefined);
      return marked;
    },
  });
  const create = (id: string, job: Partial<NewJob> = {}) =>
    commands.enqueue({ type: "job.create", job: { id, workflow_id: "work.v1", created_at: at(0), ...job } });
  const running = new Map<string, { readonly free: () => void; readonly show: () => void }>();
  /** Takes one job as a round does; its claim is not committed yet. */
  const takeOne = async (now = T0): Promise<string | undefined> => {
    for (let round = 0; round < 3 && lane.isStale(now); round += 1) {
      await lane.read({ now, count: slots.room(workflow) });
      await marked;
    }
    const job = lane.first;
    if (job === undefined) return undefined;
    lane.take();
    taken.add(job.id);
    running.set(job.id, { free: slots.take(workflow, job.group_key), show: lane.hide(job.group_key) });
    return job.id;
  };
  const take = async (most: number, now = T0): Promise<readonly string[]> => {
    const ids: string[] = [];
    for (let id: string | undefined; ids.length < most; ids.push(id)) {
      id = await takeOne(now);
      if (id === undefined) break;
    }
    return ids;
  };
  return {
    clock,
    commands,
    repo,
    lane,
    create,
    take,
    takeOne,
    slots,
    searches: () => searches,
    /** Commits the claim of a taken job. */
    async claim(id: string) {
      await commands.enqueue({ type: "job.updateStatus", id, status: "running" });
      running.get(id)?.show();
    },
    /** Ends the attempt at a claimed job. */
    async end(id: string) {
      running.get(id)?.free();
      await commands.enqueue({ type: "job.updateStatus", id, status: "succeeded" });
      taken.delete(id);
      running.delete(id);
    },
  };
}

describe("a lane of jobs with keys", () => {
  it("gives each key its turn, whatever another one has queued", async () => {
    const { create, take } = await keyedLane();
    for (let job = 0; job < 9; job += 1) await create(`big-${job}`, { group_key: "big" });
    for (const key of ["a", "z"])
      for (let job = 0; job < 2; job += 1) await create(`${key}-${job}`, { group_key: key });
    expect(await take(7)).toEqual(["a-0", "big-0", "z-0", "a-1", "big-1", "z-1", "big-2"]);
    expect(await take(9)).toEqual(["big-3", "big-4", "big-5", "big-6", "big-7", "big-8"]);
  });

  it("goes on with the next key after a change, and not with the first", async () => {
    const { create, take, lane } = await keyedLane();
    for (const key of ["a", "b", "c"])
      for (let job = 0; job < 3; job += 1) await create(`${key}-${job}`, { group_key: key });
    expect(await take(1)).toEqual(["a-0"]);
    lane.changed();
    expect(await take(1)).toEqual(["b-0"]);
    await create("bb-0", { group_key: "bb" });
    lane.changed();
    expect(await take(3)).toEqual(["bb-0", "c-0", "a-1"]);
  });

  it("remembers for each priority whose turn it is", async () => {
    const { create, take, lane } = await keyedLane();
    for (const key of ["a", "b", "c"])
      for (let job = 0; job < 2; job += 1) await create(`${key}-${job}`, { group_key: key });
    const order: string[] = [...(await take(1))];
    for (let job = 0; job < 3; job += 1) {
      await create(`urgent-${job}`, { group_key: "z", priority: 5 });
      lane.changed();
      order.push(...(await take(2)));
    }
    expect(order).toEqual(["a-0", "urgent-0", "b-0", "urgent-1", "c-0", "urgent-2", "a-1"]);
  });

  it("passes a key that has no room, and comes back to it once it has", async () => {
    const { create, take, claim, end } = await keyedLane({ concurrency: 1 });
    for (let job = 0; job < 3; job += 1) await create(`a-${job}`, { group_key: "a", priority: 5 });
    for (let job = 0; job < 3; job += 1) await create(`b-${job}`, { group_key: "b" });
    expect(await take(9)).toEqual(["a-0", "b-0"]);
    expect(await take(9)).toEqual([]);
    await claim("b-0");
    await claim("a-0");
    await end("b-0");
    expect(await take(9)).toEqual(["b-1"]);
    await end("a-0");
    expect(await take(9)).toEqual(["a-1"]);
  });

  it("begins a job of a higher priority as soon as its key has room, also when others were read ahead", async () => {
    const { create, takeOne, claim, end } = await keyedLane({ concurrency: 1 });
    await create("a-0", { group_key: "a", priority: 5 });
    await create("a-1", { group_key: "a", priority: 5 });
    for (const key of ["b", "c", "d"]) await create(`${key}-0`, { group_key: key });
    expect(await takeOne()).toBe("a-0");
    expect(await takeOne()).toBe("b-0");
    await claim("a-0");
    await end("a-0");
    expect(await takeOne()).toBe("a-1");
    expect(await takeOne()).toBe("c-0");
  });

  it("finds jobs whose time has come, in the turn of their key", async () => {
    const { create, take } = await keyedLane();
    for (let job = 0; job < 3; job += 1) await create(`late-${job}`, { group_key: "b", run_at: at(1_000) });
    for (let job = 0; job < 4; job += 1) await create(`a-${job}`, { group_key: "a" });
    expect(await take(2, T0)).toEqual(["a-0", "a-1"]);
    expect(await take(9, T0 + 1_000)).toEqual(["late-0", "a-2", "late-1", "a-3", "late-2"]);
  });

  it("begins jobs without a key in their turn, without a limit", async () => {
    const { create, take } = await keyedLane({ concurrency: 1 });
    for (let job = 0; job < 2; job += 1) await create(`old-${job}`);
    for (let job = 0; job < 2; job += 1) await create(`a-${job}`, { group_key: "a" });
    expect(await take(9)).toEqual(["a-0", "old-0", "old-1"]);
  });

  it("begins a job without a key behind many of a key that has no room, once these have begun", async () => {
    const { create, take, claim, end } = await keyedLane({ concurrency: 1, slots: 2 });
    for (let job = 0; job < 20; job += 1)
      await create(`a-${String(job).padStart(2, "0")}`, { group_key: "a" });
    await create("old", { created_at: at(5) });
    const order: string[] = [];
    for (let ids = await take(2, T0 + 10); ids.length > 0; ids = await take(2, T0 + 10)) {
      for (const id of ids) {
        order.push(id);
        await claim(id);
        await end(id);
      }
    }
    expect(order).toHaveLength(21);
    expect(order).toContain("old");
  });

  it("gives jobs without a key their turn among more keys than it reads at once", async () => {
    const { create, takeOne, claim, end, lane } = await keyedLane({ slots: 2 });
    await create("0-old");
    for (const key of ["a", "b", "c", "d"])
      for (let job = 0; job < 2; job += 1) await create(`${key}-${job}`, { group_key: key });
    const order: (string | undefined)[] = [];
    for (let job = 0; job < 6; job += 1) {
      const id = await takeOne();
      order.push(id);
      await claim(id ?? "");
      await end(id ?? "");
      lane.changed();
    }
    expect(order).toEqual(["a-0", "b-0", "c-0", "d-0", "0-old", "a-1"]);
  });

  it("does not begin jobs before their time after the clock was set back", async () => {
    const { create, take, claim, end } = await keyedLane({ slots: 1 });
    await create("later", { group_key: "a", created_at: at(5_000) });
    await create("now", { group_key: "b" });
    expect(await take(1, T0)).toEqual(["now"]);
    await claim("now");
    await end("now");
    expect(await take(1, T0)).toEqual([]);
    expect(await take(1, T0 + 5_000)).toEqual(["later"]);
  });

  it("marks only jobs that are due, as many as it is told, those first that were due first", async () => {
    const { create, commands, repo } = await keyedLane();
    for (const ms of [3_000, 1_000, 2_000, 9_000])
      await create(`at-${ms}`, { group_key: "a", run_at: at(ms) });
    await create("other", { workflow_id: "other.v1", group_key: "a", run_at: at(1_000) });
    await create("without", { run_at: at(1_000) });
    const mark = (limit: number) =>
      commands.enqueue({ type: "job.markDue", workflow_id: "work.v1", at: at(5_000), limit });
    const marked = async () =>
      (await repo.listJobs()).items.filter(({ updated_at }) => updated_at !== at(0)).map(({ id }) => id);
    await mark(2);
    expect(await marked()).toEqual(["at-1000", "at-2000"]);
    expect(await repo.plugins.hasDueJobs("work.v1", at(5_000))).toBe(true);
    await mark(9);
    expect(await marked()).toEqual(["at-1000", "at-2000", "at-3000"]);
    expect(await repo.plugins.hasDueJobs("work.v1", at(5_000))).toBe(false);
  });

  it("does not pass jobs that wait for their time, nor keys that have begun all of theirs", async () => {
    const { create, take, searches } = await keyedLane();
    for (let job = 0; job < 200; job += 1)
      await create(`sleeping-${job}`, { group_key: `sleeping-${job}`, run_at: at(1_000_000) });
    for (const key of ["a", "z"])
      for (let job = 0; job < 10; job += 1) await create(`${key}-${job}`, { group_key: key });
    expect(await take(20)).toHaveLength(20);
    expect(searches()).toBeLessThan(20);
  });

  it("reads again after a job came while it searched among thousands of keys", async () => {
    const { lane, create, clock } = await keyedLane({
      permit: (key) => (key === "z" ? "now" : { notBefore: T0 + 9_000 }),
    });
    await Promise.all(
      Array.from({ length: 1_100 }, (_, key) =>
        create(`j${key}`, { group_key: `k${String(key).padStart(4, "0")}` }),
      ),
    );
    let created: Promise<unknown> = Promise.resolve();
    setImmediate(() => {
      created = create("late", { group_key: "z" });
      lane.changed();
    });
    await lane.read({ now: clock.now(), count: 1 });
    await created;
    expect(lane.isStale(clock.now()) || lane.first?.id === "late").toBe(true);
  });

  it("takes nothing to be empty when a job came during each of its searches", async () => {
    const { lane, create, clock } = await keyedLane({ permit: () => ({ notBefore: T0 + 9_000 }) });
    await Promise.all(
      Array.from({ length: 1_100 }, (_, key) =>
        create(`j${key}`, { group_key: `k${String(key).padStart(4, "0")}` }),
      ),
    );
    let isReading = true;
    const change = (): void => {
      lane.changed();
      if (isReading) setImmediate(change);
    };
    setImmediate(change);
    await lane.read({ now: clock.now(), count: 1 });
    isReading = false;
    expect(lane.first).toBeUndefined();
    expect(lane.isStale(clock.now())).toBe(true);
    // The next round is to come when the first key may go on.
    expect(lane.dueAt).toBe(T0 + 9_000);
  });

  it("always begins the first job of the next key that has room, at the highest priority that has one", async () => {
    const key = fc.constantFrom("a", "b", "c", "d");
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constant("create" as const), key, priority: fc.constantFrom(0, 0, 1) }),
      },
      { weight: 5, arbitrary: fc.record({ do: fc.constant("take" as const) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("claim" as const), which: fc.nat(9) }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constant("end" as const), which: fc.nat(9) }) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 20, maxLength: 80 }),
        fc.constantFrom(undefined, 1, 2),
        fc.constantFrom(2, 5, 100),
        async (steps, concurrency, slots) => {
          const lane = await keyedLane({ slots, ...(concurrency === undefined ? {} : { concurrency }) });
          interface Known {
            readonly id: string;
            readonly key: string;
            readonly priority: number;
          }
          const queued: Known[] = [];
          const begun: Known[] = [];
          const claimed: Known[] = [];
          const last = new Map<number, string>();
          const used = (one: string) => [...begun, ...claimed].filter((job) => job.key === one).length;
          const expected = (): Known | undefined => {
            const open = queued.filter((job) => used(job.key) < (concurrency ?? 1_000));
            const priority = Math.max(...open.map((job) => job.priority));
            const from = last.get(priority) ?? "";
            const ofPriority = open.filter((job) => job.priority === priority);
            const keys = [...new Set(ofPriority.map((job) => job.key))].sort();
            const turn = keys.find((one) => one > from) ?? keys[0];
            return ofPriority.find((job) => job.key === turn);
          };
          let number = 0;
          for (const one of steps) {
            if (one.do === "create") {
              number += 1;
              const id = `j${String(number).padStart(3, "0")}`;
              queued.push({ id, key: one.key, priority: one.priority });
              await lane.create(id, {
                priority: one.priority,
                group_key: one.key,
              });
              lane.lane.changed();
            } else if (one.do === "take") {
              if (lane.slots.free <= 0) continue;
              const job = expected();
              expect(await lane.takeOne()).toBe(job?.id);
              if (job === undefined) continue;
              last.set(job.priority, job.key);
              queued.splice(queued.indexOf(job), 1);
              begun.push(job);
            } else if (one.do === "claim") {
              const [job] = begun.splice(one.which % Math.max(1, begun.length), 1);
              if (job === undefined) continue;
              await lane.claim(job.id);
              claimed.push(job);
            } else {
              const [job] = claimed.splice(one.which % Math.max(1, claimed.length), 1);
              if (job !== undefined) await lane.end(job.id);
            }
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});
