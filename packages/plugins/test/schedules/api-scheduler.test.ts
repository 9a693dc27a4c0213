import { CoreError, type Logger, silentLogger } from "@atlas/core";
import { createFakeClock, type FakeClock } from "@atlas/testing/clock";
import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import type { ScheduleRequest, WorkflowPlugin } from "../../src/index.ts";
import { createApiScheduler, createPluginRegistry, createSchedules } from "../../src/runtime.ts";
import { openStore } from "../support/open-store.ts";
import { until } from "../support/until.ts";

type Opened = Awaited<ReturnType<typeof openStore>>;
type Commands = Opened["commands"];

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = "2026-01-05T12:00:30.000Z";

/** Schedules around a store that runs no jobs. */
async function schedulesOf(
  clock: FakeClock,
  options: {
    readonly opened?: Opened;
    readonly workflows?: readonly WorkflowPlugin[];
    readonly commands?: (commands: Commands) => Commands;
    readonly random?: () => number;
    readonly log?: Logger;
  } = {},
) {
  const opened = options.opened ?? (await openStore({ clock }));
  const { repo, store } = opened;
  const commands = options.commands?.(opened.commands) ?? opened.commands;
  const registry = createPluginRegistry();
  for (const workflow of options.workflows ?? [{ id: "work.v1", run: async () => undefined }])
    registry.registerWorkflow(workflow);
  const { random = () => 0, log = silentLogger } = options;
  const { newId } = store;
  const scheduler = createApiScheduler({ clock, log, repo, commands, registry, newId, random });
  onTestFinished(() => scheduler.stop());
  const schedules = createSchedules({
    repo,
    commands: opened.commands,
    registry,
    scheduler,
    clock,
    newId,
    random,
  });
  const stateOf = async (id: string) => (await schedules.list()).find((one) => one.id === id);
  return {
    opened,
    scheduler,
    schedules,
    stateOf,
    make: (more: Partial<ScheduleRequest> = {}) =>
      schedules.upsert({ id: "one", workflow_id: "work.v1", everyMs: HOUR, ...more } as ScheduleRequest),
    jobs: async () => (await repo.listJobs({ limit: 500 })).items,
    made: async (runs: number, id = "one") => until(async () => (await stateOf(id))?.runs === runs),
    nextAt: (next_at: string, id = "one") => until(async () => (await stateOf(id))?.next_at === next_at),
    async end() {
      for (const { id, status } of (await repo.listJobs({ limit: 500 })).items) {
        if (status !== "queued") continue;
        await opened.commands.enqueue({ type: "job.updateStatus", id, status: "running" });
        await opened.commands.enqueue({ type: "job.updateStatus", id, status: "succeeded" });
      }
    },
  };
}

/** Commands whose first unit with a job waits until the test lets it go. */
function holding(commands: Commands, refusal?: string) {
  const come = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  let isFirst = true;
  const held: Commands = {
    ...commands,
    async enqueueAll(unit, envelope) {
      if (isFirst && unit.some(({ type }) => type === "job.create")) {
        isFirst = false;
        come.resolve();
        await go.promise;
        if (refusal !== undefined) throw new Error(refusal);
      }
      return commands.enqueueAll(unit, envelope);
    },
  };
  return { held, come: come.promise, go: go.resolve };
}

it("makes no job of a run that was under way when its schedule was removed", async () => {
  const clock = createFakeClock(START);
  const opened = await openStore({ clock });
  const { held, come, go } = holding(opened.commands);
  const { scheduler, schedules, make, made, jobs } = await schedulesOf(clock, {
    opened,
    commands: () => held,
  });
  await make();
  await schedules.upsert({ id: "control", workflow_id: "work.v1", cron: "1 12 * * *" });
  await scheduler.start();
  await come;
  await schedules.remove("one");
  go();
  clock.advance(MINUTE);
  await made(1, "control");
  expect((await jobs()).map(({ id }) => id.split(":")[1])).toEqual(["control"]);
});

it("makes the job of a run that was under way when its schedule was changed with the new input, once", async () => {
  const clock = createFakeClock(START);
  const opened = await openStore({ clock });
  const errors: unknown[] = [];
  const log = { ...silentLogger, error: (fields: unknown) => void errors.push(fields) };
  const { held, come, go } = holding(opened.commands);
  const { scheduler, make, made, jobs } = await schedulesOf(clock, { opened, commands: () => held, log });
  await make({ input: { version: 1 } });
  await scheduler.start();
  await come;
  await make({ input: { version: 2 } });
  go();
  await made(1);
  expect(await jobs()).toMatchObject([{ input: { version: 2 } }]);
  expect(errors).toEqual([]);
});

it("makes no second job when a commit is said to have failed and was one after all", async () => {
  const clock = createFakeClock(START);
  let failures = 0;
  const errors: unknown[] = [];
  const failing = (commands: Commands): Commands => ({
    ...commands,
    async enqueueAll(unit, envelope) {
      const receipts = await commands.enqueueAll(unit, envelope);
      if (failures > 0 || !unit.some(({ type }) => type === "job.create")) return receipts;
      failures += 1;
      throw new CoreError("ATLAS_CORE_STORAGE_FAILED", { sqlite: "", outcome: "unknown" }, "Who knows.");
    },
  });
  const log = { ...silentLogger, error: (fields: unknown) => void errors.push(fields) };
  const { scheduler, make, made, jobs } = await schedulesOf(clock, { commands: failing, log });
  await make({ overlap: "queue" });
  await scheduler.start();
  await made(1);
  await until(() => errors.length === 1);
  clock.advance(MINUTE);
  await make({ id: "control" });
  await made(1, "control");
  expect(await jobs()).toHaveLength(2);
  clock.advance(HOUR);
  await made(2);
});

it("logs trouble of the storage once, however many schedules are due, and makes every job after it", async () => {
  const clock = createFakeClock(START);
  let isFailing = true;
  let tries = 0;
  const errors: unknown[] = [];
  const failing = (commands: Commands): Commands => ({
    ...commands,
    enqueueAll(unit, envelope) {
      if (!isFailing) return commands.enqueueAll(unit, envelope);
      tries += 1;
      throw new CoreError("ATLAS_CORE_STORAGE_FULL", {} as never, "The disk is full.");
    },
  });
  const log = { ...silentLogger, error: (fields: unknown) => void errors.push(fields) };
  const { scheduler, schedules, make, jobs } = await schedulesOf(clock, { commands: failing, log });
  for (let n = 0; n < 30; n += 1) await make({ id: `s${n}` });
  await scheduler.start();
  await until(() => tries >= 20);
  clock.advance(100);
  await until(() => tries >= 40);
  expect(errors).toHaveLength(1);
  expect((await schedules.list()).some(({ problem }) => problem !== undefined)).toBe(false);
  isFailing = false;
  clock.advance(MINUTE);
  await until(async () => (await jobs()).length === 30);
});

it.each([1, 23])("goes on when the clock is set back by %i h while it runs", async (hours) => {
  const clock = createFakeClock(START);
  const { scheduler, schedules, make, nextAt, stateOf } = await schedulesOf(clock);
  await make({ overlap: "queue" });
  await schedules.upsert({ id: "cron", workflow_id: "work.v1", cron: "0 * * * *", overlap: "queue" });
  await scheduler.start();
  await nextAt("2026-01-05T13:00:30.000Z");
  clock.setWallClock(clock.now() - hours * HOUR);
  const now = clock.now();
  clock.advance(30_000);
  await nextAt(new Date(now + HOUR + 30_000).toISOString());
  await nextAt(new Date(Math.ceil((now + 30_001) / HOUR) * HOUR).toISOString(), "cron");
  expect((await stateOf("one"))?.runs).toBe(1);
});

it("goes on when the clock was set back while the gateway was stopped", async () => {
  const clock = createFakeClock(START);
  const first = await schedulesOf(clock);
  await first.make({ overlap: "queue" });
  await first.scheduler.start();
  await first.nextAt("2026-01-05T13:00:30.000Z");
  await first.scheduler.stop();
  clock.setWallClock(clock.now() - 20 * HOUR);
  const second = await schedulesOf(clock, { opened: first.opened });
  await second.scheduler.start();
  await second.nextAt("2026-01-04T17:00:30.000Z");
});

it("keeps a time within the jitter when the clock was not set back", async () => {
  const clock = createFakeClock(START);
  const { scheduler, schedules, nextAt, opened, made } = await schedulesOf(clock, { random: () => 0.5 });
  const jitterMs = 20 * MINUTE;
  await schedules.upsert({ id: "one", workflow_id: "work.v1", cron: "0 * * * *", jitterMs });
  await nextAt("2026-01-05T13:10:00.000Z");
  await schedules.upsert({ id: "now", workflow_id: "work.v1", everyMs: HOUR, jitterMs });
  await nextAt(START, "now");
  await scheduler.start();
  await made(1, "now");
  await nextAt("2026-01-05T13:10:30.000Z", "now");
  expect((await opened.repo.plugins.getApiSchedule("one"))?.next_at).toBe("2026-01-05T13:10:00.000Z");
  clock.advance(70 * MINUTE);
  await made(1);
  await nextAt("2026-01-05T14:10:00.000Z");
});

it("leaves out runs while its last job is under way, also after it was changed, unless overlap is queue", async () => {
  const clock = createFakeClock(START);
  const { scheduler, make, made, nextAt, jobs, end } = await schedulesOf(clock);
  await make();
  await make({ id: "queue", overlap: "queue" });
  await scheduler.start();
  await made(1);
  clock.advance(HOUR);
  await nextAt("2026-01-05T14:00:30.000Z");
  await make({ input: { version: 2 } });
  clock.advance(HOUR);
  await nextAt("2026-01-05T15:00:30.000Z");
  await made(3, "queue");
  expect((await jobs()).filter(({ id }) => id.startsWith("schedule:one:"))).toHaveLength(1);
  await end();
  clock.advance(HOUR);
  await made(2);
});

it("of several missed runs makes one with overlap skip, and each of them with queue, at most 900", async () => {
  const clock = createFakeClock(START);
  const { scheduler, make, made, stateOf } = await schedulesOf(clock);
  const missed = { everyMs: 1_000, onMissed: "all" } as const;
  await make({ ...missed, id: "a", overlap: "queue" });
  await make({ ...missed, id: "b" });
  await make({ ...missed, id: "c", overlap: "queue", onMissed: "once" });
  clock.advance(2_000_000);
  await scheduler.start();
  await made(900, "a");
  expect(await stateOf("a")).toMatchObject({ next_at: "2026-01-05T12:33:51.000Z" });
  expect((await stateOf("b"))?.runs).toBe(1);
  expect((await stateOf("c"))?.runs).toBe(1);
});

it("makes up at once for the times that pass while its job is committed", async () => {
  const clock = createFakeClock(START);
  let isSlow = true;
  const slow = (commands: Commands): Commands => ({
    ...commands,
    async enqueueAll(unit, envelope) {
      const receipts = await commands.enqueueAll(unit, envelope);
      if (isSlow) clock.advance(2 * HOUR);
      isSlow = false;
      return receipts;
    },
  });
  const { scheduler, make, made } = await schedulesOf(clock, { commands: slow });
  await make({ overlap: "queue" });
  await scheduler.start();
  await made(2);
});

it("is not run with an input that a newer schema of its workflow refuses, and says so", async () => {
  const clock = createFakeClock(START);
  const first = await schedulesOf(clock);
  await first.make({ input: { topic: 1 } });
  const input = z.object({ topic: z.string() }).refine(async () => true);
  const second = await schedulesOf(clock, {
    opened: first.opened,
    workflows: [{ id: "work.v1", run: async () => undefined, input }],
  });
  await second.scheduler.start();
  await until(async () => (await second.stateOf("one"))?.problem?.includes('is invalid at "topic"'));
  expect(await second.jobs()).toEqual([]);
  await second.make({ input: { topic: "tides" } });
  await second.made(1);
});

it("counts the next time from the last run with overlap queue, and not from when that was made up for", async () => {
  const clock = createFakeClock(START);
  const { scheduler, make, made, stateOf } = await schedulesOf(clock);
  await make({ overlap: "queue", onMissed: "all" });
  clock.advance(2 * HOUR + 30 * MINUTE);
  await scheduler.start();
  await made(3);
  expect((await stateOf("one"))?.next_at).toBe("2026-01-05T15:00:30.000Z");
});

it("takes up a change at once though the run under way before it fails after it", async () => {
  const clock = createFakeClock(START);
  const opened = await openStore({ clock });
  const { held, come, go } = holding(opened.commands, "The quota is used up.");
  const { scheduler, make, made, stateOf } = await schedulesOf(clock, { opened, commands: () => held });
  await make();
  await scheduler.start();
  await come;
  await make({ input: { version: 2 } });
  go();
  await made(1);
  expect(await stateOf("one")).not.toHaveProperty("problem");
});

it("is held up by no stored schedule that cannot be read", async () => {
  const clock = createFakeClock(START);
  const { opened, scheduler, make, made, stateOf, schedules } = await schedulesOf(clock);
  const broken = { id: "broken", workflow_id: "work.v1", schedule: { cron: "nonsense" }, input: {} };
  await opened.commands.enqueue({
    type: "plugins.schedule.upsert",
    ...broken,
    revision: "r1",
    next_at: "2026-01-05T12:00:00.000Z",
  });
  await make();
  await scheduler.start();
  await made(1);
  expect(await stateOf("broken")).toMatchObject({
    problem: expect.stringContaining("not a cron expression"),
  });
  await schedules.upsert({ id: "broken", workflow_id: "work.v1", everyMs: HOUR });
  await made(1, "broken");
});

it("runs what came due while it looked", async () => {
  const clock = createFakeClock(START);
  const { scheduler, schedules, make, made, stateOf } = await schedulesOf(clock, {
    commands: (commands) => ({
      ...commands,
      async enqueueAll(unit, envelope) {
        const receipts = await commands.enqueueAll(unit, envelope);
        if (JSON.stringify(unit).includes("schedule:one:")) clock.setWallClock(clock.now() + 40_000);
        return receipts;
      },
    }),
  });
  await schedules.upsert({ id: "next", workflow_id: "work.v1", cron: "1 12 * * *" });
  await make();
  await scheduler.start();
  await made(1, "next");
  expect((await stateOf("one"))?.runs).toBe(1);
});

it("runs nothing more once it was stopped", async () => {
  const clock = createFakeClock(START);
  const { scheduler, make, made, jobs } = await schedulesOf(clock);
  await make({ overlap: "queue" });
  await scheduler.start();
  await made(1);
  await scheduler.stop();
  expect(clock.timers).toBe(0);
  await make({ id: "late" });
  expect(clock.timers).toBe(0);
  expect(await jobs()).toHaveLength(1);
});

it("notes in the journal who made, changed and removed a schedule, and why", async () => {
  const opened = await openStore({ clock: createFakeClock(START) });
  const seen: unknown[] = [];
  const { schedules } = await schedulesOf(createFakeClock(START), {
    opened: {
      ...opened,
      commands: {
        ...opened.commands,
        enqueue(command, envelope) {
          seen.push([command.type, envelope]);
          return opened.commands.enqueue(command, envelope);
        },
      },
    },
  });
  const request = { id: "a", workflow_id: "work.v1", everyMs: HOUR };
  const context = { correlation_id: "request-1" };
  await schedules.upsert(request, { actor: "user:ada", context });
  await schedules.upsert({ ...request, everyMs: 2 * HOUR });
  await schedules.remove("a", { context });
  expect(seen).toEqual([
    ["plugins.schedule.upsert", { actor: "user:ada", context }],
    ["plugins.schedule.upsert", { actor: "host" }],
    ["plugins.schedule.remove", { actor: "host", context }],
  ]);
});
