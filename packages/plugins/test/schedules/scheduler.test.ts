import { type Clock, CoreError, type NewJob, silentLogger } from "@atlas/core";
import { createFakeClock, type FakeClock } from "@atlas/testing/clock";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import type { Schedule, WorkflowPlugin } from "../../src/index.ts";
import { createScheduler, type Scheduled, scheduleOfWorkflow } from "../../src/runtime.ts";
import { openStore } from "../support/open-store.ts";

type Opened = Awaited<ReturnType<typeof openStore>>;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) await new Promise(setImmediate);
}

/** Lets so much time pass, with a look at the clock every half minute as schedules have. */
async function pass(clock: FakeClock, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 30_000) {
    clock.advance(Math.min(left, 30_000));
    await settle();
  }
}

async function starting(
  scheduled: (opened: Opened) => readonly Scheduled[],
  options: {
    readonly clock: Clock;
    readonly opened?: Opened;
    readonly commands?: (commands: Opened["commands"]) => Opened["commands"];
    readonly random?: () => number;
  },
) {
  const opened = options.opened ?? (await openStore({ clock: options.clock }));
  const scheduler = createScheduler({
    clock: options.clock,
    log: silentLogger,
    repo: opened.repo,
    commands: options.commands?.(opened.commands) ?? opened.commands,
    scheduled: scheduled(opened),
    ...(options.random === undefined ? {} : { random: options.random }),
  });
  onTestFinished(() => scheduler.stop());
  await scheduler.start();
  await settle();
  const jobs = async () => (await opened.repo.listJobs({ limit: 500 })).items;
  const end = async () => {
    for (const { id, status } of await jobs()) {
      if (status !== "queued") continue;
      await opened.commands.enqueue({ type: "job.updateStatus", id, status: "running" });
      await opened.commands.enqueue({ type: "job.updateStatus", id, status: "succeeded" });
    }
  };
  return { ...opened, opened, scheduler, jobs, end };
}

const workflow = (
  schedule: Schedule & { readonly input?: NewJob["input"] },
  more: Partial<WorkflowPlugin> = {},
) => ({ id: "work.v1", run: async () => undefined, ...more, schedule }) as WorkflowPlugin;

const ofWorkflow =
  (schedule: Parameters<typeof workflow>[0]) =>
  ({ repo }: Opened) =>
    scheduleOfWorkflow(workflow(schedule), repo);

describe("the schedule of a workflow", () => {
  it.each([
    ["an interval", { everyMs: MINUTE }, 1],
    ["an interval", { everyMs: MINUTE }, 5],
    ["an interval", { everyMs: MINUTE }, 23],
    ["a calendar", { cron: "* * * * *" }, 1],
    ["a calendar", { cron: "* * * * *" }, 5],
    ["a calendar", { cron: "* * * * *" }, 23],
  ] as const)("with %s (%j) goes on when the clock is set back by %i h", async (_, schedule, hours) => {
    const clock = createFakeClock("2026-01-05T12:00:30.000Z");
    const { jobs } = await starting(ofWorkflow({ ...schedule, overlap: "queue" }), { clock });
    await pass(clock, 10 * MINUTE);
    const before = (await jobs()).length;
    clock.setWallClock(clock.now() - hours * HOUR);
    await pass(clock, 10 * MINUTE);
    expect((await jobs()).length - before).toBeGreaterThanOrEqual(9);
    expect((await jobs()).length - before).toBeLessThanOrEqual(11);
  });

  it("goes on when the clock was set back while the gateway was stopped", async () => {
    const clock = createFakeClock("2026-01-05T12:00:30.000Z");
    const daily = ofWorkflow({ everyMs: HOUR });
    const { opened, scheduler, jobs, end } = await starting(daily, { clock });
    await scheduler.stop();
    await end();
    clock.setWallClock(clock.now() - 20 * HOUR);
    await starting(daily, { clock, opened });
    await pass(clock, HOUR + MINUTE);
    expect(await jobs()).toHaveLength(2);
  });

  it("with an input that the workflow does not take is refused at the start", async () => {
    const clock = createFakeClock();
    const input = z.object({ topic: z.string() });
    const wrong = workflow({ everyMs: MINUTE, input: { topic: 1 } }, { input });
    const missing = workflow({ everyMs: MINUTE }, { input });
    for (const one of [wrong, missing])
      await expect(starting(({ repo }) => scheduleOfWorkflow(one, repo), { clock })).rejects.toMatchObject({
        code: "ATLAS_PLUGINS_INPUT_INVALID",
        details: { workflow_id: "work.v1", path: "topic" },
      });
  });

  it("leaves out runs while its last job is under way, and goes on after it, again and again", async () => {
    const clock = createFakeClock();
    const { jobs, end } = await starting(ofWorkflow({ everyMs: MINUTE }), { clock });
    for (let round = 1; round <= 3; round += 1) {
      await pass(clock, 5 * MINUTE);
      expect(await jobs()).toHaveLength(round);
      await end();
      await pass(clock, MINUTE);
      expect(await jobs()).toHaveLength(round + 1);
    }
  });

  it("makes one job of several missed runs with overlap skip, and one of each with overlap queue", async () => {
    for (const [overlap, expected] of [
      ["skip", 1],
      ["queue", 5],
    ] as const) {
      const clock = createFakeClock();
      const schedule = ofWorkflow({ everyMs: HOUR, onMissed: "all", overlap });
      const { opened, scheduler, jobs, end } = await starting(schedule, { clock });
      await scheduler.stop();
      await end();
      clock.advance(5 * HOUR);
      await starting(schedule, { clock, opened });
      expect((await jobs()).filter(({ status }) => status === "queued")).toHaveLength(expected);
    }
  });

  it("and its job are one unit: a run whose job was refused is not lost, and one that was made is not repeated", async () => {
    const clock = createFakeClock();
    let isRefusing = true;
    const refusing = (commands: Opened["commands"]): Opened["commands"] => ({
      enqueue: (command, envelope) =>
        isRefusing && command.type === "job.create"
          ? Promise.reject(new Error("not now"))
          : commands.enqueue(command, envelope),
      enqueueAll: (unit, envelope) =>
        isRefusing && unit.some(({ type }) => type === "job.create")
          ? Promise.reject(new Error("not now"))
          : commands.enqueueAll(unit, envelope),
    });
    const { jobs, repo } = await starting(ofWorkflow({ everyMs: HOUR }), { clock, commands: refusing });
    const due = "2026-01-01T00:00:00.000Z";
    expect(await repo.plugins.getSchedule("workflow", "work.v1")).toMatchObject({ next_at: due, runs: 0 });
    isRefusing = false;
    await pass(clock, MINUTE);
    expect(await jobs()).toHaveLength(1);
    expect((await repo.plugins.getSchedule("workflow", "work.v1"))?.next_at).not.toBe(due);
  });

  it("makes no second job when a commit is said to have failed and was one after all", async () => {
    const clock = createFakeClock();
    let failures = 0;
    const failing = (commands: Opened["commands"]): Opened["commands"] => ({
      ...commands,
      async enqueueAll(unit, envelope) {
        const receipts = await commands.enqueueAll(unit, envelope);
        if (failures > 0 || !unit.some(({ type }) => type === "job.create")) return receipts;
        failures += 1;
        throw new CoreError("ATLAS_CORE_STORAGE_FAILED", { sqlite: "", outcome: "unknown" }, "Who knows.");
      },
    });
    const { jobs } = await starting(ofWorkflow({ everyMs: HOUR, overlap: "queue" }), {
      clock,
      commands: failing,
    });
    await pass(clock, 2 * MINUTE);
    expect(failures).toBe(1);
    expect(await jobs()).toHaveLength(1);
    await pass(clock, HOUR);
    expect(await jobs()).toHaveLength(2);
  });

  it("puts each run off by its jitter, and makes none less for that", async () => {
    const clock = createFakeClock("2026-01-05T12:00:30.000Z");
    const schedule = ofWorkflow({ cron: "0 * * * *", jitterMs: 10 * MINUTE, overlap: "queue" });
    const { scheduler, jobs } = await starting(schedule, { clock, random: () => 0.5 });
    await pass(clock, 30 * MINUTE + 30_000);
    expect(await jobs()).toHaveLength(0);
    for (const expected of ["13:05", "14:05", "15:05"]) {
      const nextAt = new Date(scheduler.nextAt("workflow", "work.v1") ?? 0).toISOString();
      expect(nextAt).toBe(`2026-01-05T${expected}:00.000Z`);
      await pass(clock, HOUR);
    }
    const times = (await jobs()).map(({ created_at }) => created_at);
    expect(times).toEqual([13, 14, 15].map((hour) => `2026-01-05T${hour}:05:00.000Z`));
  });
});

describe("a run that takes longer than the interval", () => {
  it.each([
    ["skip", 2],
    ["queue", 4],
  ] as const)("with overlap %s is followed by the runs that it asks for", async (overlap, expected) => {
    const clock = createFakeClock();
    let runs = 0;
    const slow: Scheduled = {
      kind: "source",
      id: "slow",
      schedule: { everyMs: MINUTE, overlap, onMissed: "all" },
      async fire() {
        runs += 1;
        if (runs === 1) clock.advance(3 * MINUTE);
        return {};
      },
    };
    await starting(() => [slow], { clock });
    await pass(clock, MINUTE - 1_000);
    if (overlap === "skip") expect(runs).toBe(1);
    await pass(clock, 1_000);
    expect(runs).toBeGreaterThanOrEqual(expected);
    expect(runs).toBeLessThanOrEqual(expected + 1);
  });
});
