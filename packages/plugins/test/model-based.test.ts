import {
  type Clock,
  type Command,
  CoreError,
  createStore,
  type Job,
  type Store,
  silentLogger,
} from "@atlas/core";
import { createMockLLM } from "@atlas/llm/mock";
import fc from "fast-check";
import { expect, it } from "vitest";
import { pluginsModule } from "../src/index.ts";
import {
  createJobRunner,
  createPluginRegistry,
  type JobRunner,
  type PluginRegistry,
  type PluginsCommand,
} from "../src/runtime.ts";

/** What one run of the workflow does; after the last, every run ends well. */
type Act = "succeeds" | "fails" | "hangs" | "sleeps";

/** What must be true of a job in the end, as far as it was said what is done to it. */
interface ModelJob {
  readonly acts: readonly Act[];
  readonly maxAttempts: number;
  cancelled: boolean;
}

interface Model {
  readonly jobs: Map<string, ModelJob>;
  crashes: number;
}

/** The system: one store for all its life, and a runner that may "crash" and be followed by another. */
interface Real {
  readonly store: Store<typeof pluginsModule>;
  readonly time: ReturnType<typeof createTime>;
  readonly runs: Map<string, number>;
  readonly alive: Map<string, number>;
  readonly acts: Map<string, readonly Act[]>;
  readonly ends: Set<() => void>;
  overlaps: number;
  generation: Generation;
}

/** A runner that shares nothing with the one before but the store. */
interface Generation {
  readonly number: number;
  readonly runner: JobRunner;
  /** As a crash does: from one moment to the next, nothing of this runner reaches the store. */
  cut(): void;
}

/** Time as a machine has it: the monotonic clock goes on, the wall clock may be set. */
function createTime() {
  let elapsed = 0;
  let wall = Date.parse("2026-01-01T00:00:00.000Z");
  let timers: { readonly dueAt: number; readonly callback: () => void }[] = [];
  const clock: Clock = {
    now: () => wall,
    monotonic: () => elapsed,
    after(delayMs, callback) {
      const timer = { dueAt: elapsed + delayMs, callback };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
  };
  return {
    clock,
    advance(byMs: number) {
      elapsed += byMs;
      wall += byMs;
      const due = timers.filter(({ dueAt }) => dueAt <= elapsed);
      timers = timers.filter(({ dueAt }) => dueAt > elapsed);
      for (const { callback } of due) callback();
    },
    setWall(byMs: number) {
      wall += byMs;
    },
  };
}

function startGeneration(real: Omit<Real, "generation">, number: number): Generation {
  const { store, time } = real;
  let isCut = false;
  const gone = () => Promise.reject(new CoreError("ATLAS_CORE_STOPPED", {}, "The process is gone."));
  const commands: Store<typeof pluginsModule>["commands"] = {
    enqueue: (command: Command | PluginsCommand, envelope) =>
      isCut ? gone() : store.commands.enqueue(command, envelope),
    enqueueAll: (list: readonly (Command | PluginsCommand)[], envelope) =>
      isCut ? gone() : store.commands.enqueueAll(list, envelope),
  };
  const runner = createJobRunner({
    host: { clock: time.clock, log: silentLogger },
    repo: store.repo,
    commands,
    registry: registryOf(real, number),
    llm: createMockLLM(),
    concurrency: 3,
    random: () => 0.5,
  });
  const unsubscribe = store.onCommitted((batch) => {
    if (!isCut) runner.wake(batch);
  });
  return {
    number,
    runner,
    cut() {
      isCut = true;
      unsubscribe();
      void runner.stop(0);
    },
  };
}

function registryOf(real: Omit<Real, "generation">, generation: number): PluginRegistry {
  const registry = createPluginRegistry();
  registry.registerWorkflow({
    id: "model.v1",
    timeoutMs: 600_000,
    async run(ctx, _input, id) {
      const run = real.runs.get(id) ?? 0;
      real.runs.set(id, run + 1);
      // Two runs of one job at the same time, within one process, would be two effects.
      if (real.alive.get(id) === generation) real.overlaps += 1;
      real.alive.set(id, generation);
      try {
        const act = real.acts.get(id)?.[run] ?? "succeeds";
        if (act === "fails") throw new Error("no");
        if (act === "sleeps") await ctx.sleep("a minute", 60_000);
        if (act === "hangs") {
          await new Promise<void>((resolve) => {
            real.ends.add(resolve);
            ctx.signal.addEventListener("abort", () => resolve());
          });
        }
        await ctx.emitArtifact({ type: "effect" });
      } finally {
        if (real.alive.get(id) === generation) real.alive.delete(id);
      }
    },
  });
  return registry;
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 12; turn += 1) await new Promise(setImmediate);
}

type JobsCommand = fc.AsyncCommand<Model, Real>;

class Create implements JobsCommand {
  readonly acts: readonly Act[];
  readonly maxAttempts: number;
  constructor(acts: readonly Act[], maxAttempts: number) {
    this.acts = acts;
    this.maxAttempts = maxAttempts;
  }
  check = () => true;
  async run(model: Model, { store, acts }: Real) {
    const id = `j${model.jobs.size}`;
    const { maxAttempts } = this;
    model.jobs.set(id, { acts: this.acts, maxAttempts, cancelled: false });
    acts.set(id, this.acts);
    await store.commands.enqueue({
      type: "job.create",
      job: { id, workflow_id: "model.v1", max_attempts: maxAttempts },
    });
    await settle();
  }
  toString = () => `create([${this.acts.join(", ")}], ${this.maxAttempts})`;
}

class Advance implements JobsCommand {
  readonly byMs: number;
  constructor(byMs: number) {
    this.byMs = byMs;
  }
  check = () => true;
  async run(_model: Model, { time }: Real) {
    time.advance(this.byMs);
    await settle();
  }
  toString = () => `advance(${this.byMs})`;
}

class SetWall implements JobsCommand {
  readonly byMs: number;
  constructor(byMs: number) {
    this.byMs = byMs;
  }
  check = () => true;
  async run(_model: Model, { time }: Real) {
    time.setWall(this.byMs);
    await settle();
  }
  toString = () => `setWall(${this.byMs})`;
}

class Crash implements JobsCommand {
  check = () => true;
  async run(model: Model, real: Real) {
    model.crashes += 1;
    real.generation.cut();
    real.generation = startGeneration(real, real.generation.number + 1);
    await real.generation.runner.start();
    await settle();
  }
  toString = () => "crash()";
}

class Cancel implements JobsCommand {
  readonly which: number;
  constructor(which: number) {
    this.which = which;
  }
  check = (model: Readonly<Model>) => model.jobs.size > 0;
  async run(model: Model, { store }: Real) {
    const id = `j${this.which % model.jobs.size}`;
    const job = model.jobs.get(id);
    const sent = store.commands.enqueue({ type: "job.updateStatus", id, status: "cancelled" });
    if (job !== undefined)
      await sent.then(
        () => {
          job.cancelled = true;
        },
        () => undefined,
      );
    await settle();
  }
  toString = () => `cancel(${this.which})`;
}

class Release implements JobsCommand {
  check = () => true;
  async run(_model: Model, { ends }: Real) {
    for (const end of ends) end();
    ends.clear();
    await settle();
  }
  toString = () => "release()";
}

const act = fc.constantFrom<Act>("succeeds", "fails", "hangs", "sleeps");
const day = 86_400_000;
const commands = fc.commands(
  [
    fc.tuple(fc.array(act, { maxLength: 4 }), fc.integer({ min: 1, max: 3 })).map((of) => new Create(...of)),
    fc.tuple(fc.array(act, { maxLength: 4 }), fc.integer({ min: 1, max: 3 })).map((of) => new Create(...of)),
    fc.constantFrom(1, 500, 5_000, 61_000, 700_000).map((byMs) => new Advance(byMs)),
    fc.constantFrom(-day, -1_000, 1_000, 365 * day).map((byMs) => new SetWall(byMs)),
    fc.constant(new Crash()),
    fc.nat(20).map((which) => new Cancel(which)),
    fc.constant(new Release()),
  ],
  { maxCommands: 25 },
);

/** Lets everything end: no job may need more than this. */
async function quiesce(real: Real): Promise<readonly Job[]> {
  for (let round = 0; round < 400; round += 1) {
    for (const end of real.ends) end();
    real.ends.clear();
    real.time.advance(30_000);
    // A clock that was set back a day, or a job that slept when it was a year ahead.
    if (round % 50 === 49) real.time.setWall(day);
    if (round % 200 === 199) real.time.setWall(366 * day);
    await settle();
    const { items } = await real.store.repo.listJobs({ limit: 1_000 });
    if (items.every(({ status }) => status !== "queued" && status !== "running")) return items;
  }
  return (await real.store.repo.listJobs({ limit: 1_000 })).items;
}

async function verify(model: Model, real: Real): Promise<void> {
  const jobs = await quiesce(real);
  expect(real.overlaps).toBe(0);
  // None lost.
  expect(jobs.map(({ id }) => id).sort()).toEqual([...model.jobs.keys()].sort());
  const events = (await real.store.repo.listDomainEvents({ limit: 1_000 })).items;
  for (const job of jobs) {
    const { cancelled, acts, maxAttempts } = model.jobs.get(job.id) as ModelJob;
    // None stuck.
    expect(["succeeded", "failed", "cancelled"]).toContain(job.status);
    const of = (type: string) =>
      events.filter((event) => event.type === type && event.aggregate_id === job.id);
    // None effective twice: one end, and each attempt begun once.
    expect(of("job.succeeded").length + of("job.failed").length + of("job.cancelled").length).toBe(1);
    expect(of("job.started")).toHaveLength(job.attempt);
    expect(of("artifact.created").length).toBeLessThanOrEqual(1);
    expect(job.status === "cancelled").toBe(cancelled);
    if (job.status === "succeeded")
      expect(await real.store.repo.getArtifact(`${job.id}:artifact:1`)).toBeDefined();
    if (job.status === "failed" && job.error?.["code"] === "ATLAS_PLUGINS_CRASH_LOOP")
      expect(model.crashes).toBeGreaterThanOrEqual(3);
    else if (job.status === "failed") {
      const failures = acts.filter((one) => one === "fails" || one === "hangs").length;
      expect(failures).toBeGreaterThanOrEqual(maxAttempts);
    }
  }
}

it("loses no job, makes none effective twice and leaves none stuck, whatever happens to it", async () => {
  await fc.assert(
    fc.asyncProperty(commands, async (sequence) => {
      const time = createTime();
      const store = await createStore({
        log: silentLogger,
        database: ":memory:",
        modules: [pluginsModule],
        clock: time.clock,
      });
      try {
        const base = {
          store,
          time,
          runs: new Map<string, number>(),
          alive: new Map<string, number>(),
          acts: new Map<string, readonly Act[]>(),
          ends: new Set<() => void>(),
          overlaps: 0,
        };
        const real: Real = Object.assign(base, { generation: startGeneration(base, 1) });
        await real.generation.runner.start();
        const model: Model = { jobs: new Map(), crashes: 0 };
        await fc.asyncModelRun(() => ({ model, real }), sequence);
        await verify(model, real);
        // And its journal tells the same story, byte for byte.
        expect(await store.verify()).toMatchObject({ status: "verified" });
        real.generation.cut();
        await settle();
      } finally {
        await store.stop();
      }
    }),
    { numRuns: 25, interruptAfterTimeLimit: 60_000 },
  );
}, 120_000);
