import { join } from "node:path";
import { type Clock, createStore, isoTime, silentLogger } from "@atlas/core";
import { pluginsModule } from "@atlas/plugins";
import { createApiScheduler, createPluginRegistry } from "@atlas/plugins/runtime";
import { createBenchFolder } from "./folder.ts";
import { createLine, type Report } from "./line.ts";
import { measure, percentile } from "./measure.ts";

const ROUNDS = 5;
const SLICES = 3;
const SCHEDULES = 10_000;
const DUE = 100;
const UNIT = 500;
/** So each of 100 ticks an hour has other schedules that are due. */
const EVERY_MS = 3_600_000;
const START = Date.parse("2026-01-01T00:00:00.000Z");

/** What 10,000 schedules that were made at run time cost at the start and at each tick, against as many as are due. */
export async function benchSchedules(report: Report): Promise<void> {
  using folder = createBenchFolder();
  const many = await openLane(join(folder.path, "many.db"), SCHEDULES);
  const few = await openLane(join(folder.path, "few.db"), DUE);
  try {
    const start = await measure(
      { many: { slice: async () => [await many.start()] }, few: { slice: async () => [await few.start()] } },
      { rounds: ROUNDS, slices: SLICES },
    );
    const tick = await measure(
      { many: { slice: async () => [await many.tick()] }, few: { slice: async () => [await few.tick()] } },
      { rounds: ROUNDS, slices: SLICES },
    );
    for (const { metric, rounds } of [
      { metric: "start, 10,000 schedules, none due", rounds: start },
      { metric: `a tick with ${DUE} due of 10,000`, rounds: tick },
    ])
      report(
        createLine({
          bench: "schedules",
          metric,
          unit: "ms",
          ours: percentile(rounds.many, 50),
          reference: `itself, with ${DUE} in all`,
          referenceValues: percentile(rounds.few, 50),
          durability: "FULL",
        }),
      );
  } finally {
    await many.close();
    await few.close();
  }
}

/** A database with so many schedules, of which `DUE` become due at each step of the clock. */
async function openLane(path: string, count: number) {
  const clock = createSteppedClock();
  const registry = createPluginRegistry();
  registry.registerWorkflow({ id: "noop.v1", run: async () => undefined });
  const store = await createStore({ database: path, modules: [pluginsModule], clock, log: silentLogger });
  const { commands, repo } = store;
  const stepMs = (EVERY_MS * DUE) / count;
  for (let first = 0; first < count; first += UNIT)
    await commands.enqueueAll(
      Array.from({ length: Math.min(UNIT, count - first) }, (_, index) => ({
        type: "plugins.schedule.upsert",
        id: `s${first + index}`,
        workflow_id: "noop.v1",
        schedule: { everyMs: EVERY_MS, onMissed: "once", overlap: "queue", jitterMs: 0 },
        input: {},
        revision: "r",
        next_at: isoTime(START + (1 + Math.floor((first + index) / DUE)) * stepMs),
      })),
    );
  const open = () =>
    createApiScheduler({ clock, log: silentLogger, repo, commands, registry, newId: store.newId });
  let scheduler = open();

  return {
    /** How long the start takes, until the scheduler waits for the next time. */
    async start(): Promise<number> {
      await scheduler.stop();
      scheduler = open();
      const startedAt = performance.now();
      const idle = clock.idle();
      await scheduler.start();
      await idle;
      return performance.now() - startedAt;
    },
    /** How long it takes to create the jobs that are due next. */
    async tick(): Promise<number> {
      const startedAt = performance.now();
      const idle = clock.idle();
      clock.step(stepMs);
      scheduler.changed("");
      await idle;
      return performance.now() - startedAt;
    },
    async close() {
      await scheduler.stop();
      await store.stop();
    },
  };
}

/** A clock that moves when it is told to. It says when somebody waits for it: the round before is over then. */
function createSteppedClock(): Clock & { step(ms: number): void; idle(): Promise<void> } {
  let now = START;
  let waiters: (() => void)[] = [];
  return {
    now: () => now,
    monotonic: () => now - START,
    after() {
      for (const resolve of waiters.splice(0)) resolve();
      return () => undefined;
    },
    step(ms) {
      now += ms;
    },
    idle() {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiters = [...waiters, resolve];
      return promise;
    },
  };
}
