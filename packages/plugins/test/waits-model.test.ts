import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, createStore, isCoreError, silentLogger } from "@atlas/core";
import { createMockLLM } from "@atlas/llm/mock";
import { createFakeClock } from "@atlas/testing/clock";
import fc from "fast-check";
import { expect, it } from "vitest";
import { pluginsModule, type WorkflowContext, type WorkflowPlugin } from "../src/index.ts";
import { createJobRunner, createPluginRegistry, createSignal } from "../src/runtime.ts";

const NAMES = ["a", "b", "c"] as const;
type Name = (typeof NAMES)[number];
const TIMEOUT_MS = 1_000;

/** What the code waits for, in this order; an edit of the code is another list. */
type Code = readonly Name[];

/** What must be true of one name: the oracle. */
interface Expected {
  answer?: number;
  isTimedOut?: boolean;
  /** When it was first reached; absent before. */
  deadline?: number;
}

type Life = Awaited<ReturnType<typeof begin>>;

/** A process that has opened the database and runs its jobs. */
async function begin(database: string, clock: Clock, run: WorkflowPlugin["run"]) {
  const store = await createStore({ database, modules: [pluginsModule], clock, log: silentLogger });
  const { repo, commands } = store;
  const registry = createPluginRegistry();
  registry.registerWorkflow({ id: "work.v1", run });
  const runner = createJobRunner({
    host: { clock, log: silentLogger },
    repo,
    commands,
    registry,
    llm: createMockLLM(),
    random: () => 0,
  });
  const unsubscribe = store.onCommitted(runner.wake);
  return {
    store,
    runner,
    signal: createSignal({ repo, commands }),
    async end() {
      unsubscribe();
      await runner.stop(0);
      await store.stop();
    },
  };
}

async function system(folder: string, timed: boolean) {
  const clock = createFakeClock();
  let code: Code = NAMES;
  let lives = 0;
  const seen = new Map<Name, Set<string>>();
  const run = async (ctx: WorkflowContext): Promise<void> => {
    for (const name of code) {
      const got = await ctx.wait<number>(name, timed ? { timeoutMs: TIMEOUT_MS } : {});
      const text = got.status === "received" ? `${got.value}` : "timed_out";
      seen.set(name, (seen.get(name) ?? new Set()).add(text));
    }
  };
  const pathOf = (number: number): string => join(folder, `life-${number}.db`);
  let life: Life = await begin(pathOf(0), clock, run);
  /** Resolves when the job sleeps or is over. */
  const quiet = async (): Promise<void> => {
    for (;;) {
      const { repo } = life.store;
      const job = await repo.getJob("j1");
      const isAsleep = job?.status === "queued" && Date.parse(job.run_at) > clock.now();
      const isOver = job !== undefined && job.status !== "queued" && job.status !== "running";
      const answered = await repo.plugins.listAnsweredJobs();
      if ((isAsleep || isOver) && answered.length === 0 && life.runner.running === 0) return;
      await new Promise(setImmediate);
    }
  };
  await life.store.commands.enqueue({ type: "job.create", job: { id: "j1", workflow_id: "work.v1" } });
  await life.runner.start();
  await quiet();
  return {
    clock,
    advance: clock.advance,
    seen,
    quiet,
    signal: (...args: Parameters<Life["signal"]>) => life.signal(...args),
    get store() {
      return life.store;
    },
    get code() {
      return code;
    },
    edit(next: Code) {
      code = next;
    },
    /** The next process opens what lies on the disk at this moment; what the killed one had in memory is gone. */
    async crash() {
      lives += 1;
      const killed = life;
      for (const suffix of ["", "-wal"]) {
        const file = `${killed.store.path}${suffix}`;
        if (existsSync(file)) copyFileSync(file, `${pathOf(lives)}${suffix}`);
      }
      await killed.end();
      life = await begin(pathOf(lives), clock, run);
      await life.runner.start();
    },
    stop: () => life.end(),
  };
}

type Act =
  | { readonly act: "signal"; readonly name: Name; readonly id: number | undefined; readonly crash: boolean }
  | { readonly act: "advance"; readonly byMs: number; readonly crash: boolean }
  | { readonly act: "crash" }
  | { readonly act: "cancel" }
  | { readonly act: "edit"; readonly code: Code };

const acts: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      act: fc.constant("signal" as const),
      name: fc.constantFrom(...NAMES),
      id: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
      crash: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant("advance" as const),
      byMs: fc.constantFrom(400, 1_000),
      crash: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ act: "crash" as const }) },
  { weight: 1, arbitrary: fc.constant({ act: "cancel" as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      act: fc.constant("edit" as const),
      code: fc.shuffledSubarray([...NAMES], { minLength: 1 }),
    }),
  },
);

it("loses no answer, keeps the first, gives none twice, and leaves no job asleep that can go on", {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(acts, { maxLength: 12 }), fc.boolean(), async (story, timed) => {
      const folder = mkdtempSync(join(tmpdir(), "waits-"));
      const real = await system(folder, timed);
      const model = new Map<Name, Expected>(NAMES.map((name) => [name, {}]));
      const ids = new Map<string, string>();
      // Where the job sleeps. Edited code runs when that is answered or times out, and not before.
      let asleepAt: Name | undefined;
      let isOver = false;
      let number = 0;

      /** The code runs as far as it can. */
      const proceed = (): void => {
        if (isOver) return;
        for (const name of real.code) {
          const wait = model.get(name) ?? {};
          if (wait.answer !== undefined || wait.isTimedOut === true) continue;
          if (timed) wait.deadline ??= real.clock.now() + TIMEOUT_MS;
          if (wait.deadline === undefined || wait.deadline > real.clock.now()) {
            asleepAt = name;
            return;
          }
          wait.isTimedOut = true;
        }
        isOver = true;
      };
      proceed();
      try {
        for (const step of story) {
          if (step.act === "signal") {
            number += 1;
            const wait = model.get(step.name) ?? {};
            const id = step.id === undefined ? undefined : `${step.name}-${step.id}`;
            const isFirst = !isOver && wait.answer === undefined && wait.isTimedOut !== true;
            const result = await real.signal(
              "j1",
              step.name,
              number,
              id === undefined ? {} : { signal_id: id },
            );
            const first = id === undefined ? undefined : ids.get(id);
            if (first !== undefined) expect(result).toBe(first);
            else if (isFirst) expect(["delivered", "buffered"]).toContain(result);
            else expect(result).toBe(wait.answer === undefined ? "closed" : "already_received");
            if (isFirst) {
              wait.answer = number;
              if (id !== undefined) ids.set(id, result);
            }
          } else if (step.act === "advance") {
            real.advance(step.byMs);
          } else if (step.act === "crash") {
            await real.crash();
          } else if (step.act === "cancel") {
            try {
              await real.store.commands.enqueueAll([
                { type: "plugins.wait.drop", job_id: "j1" },
                { type: "job.updateStatus", id: "j1", status: "cancelled" },
              ]);
              expect(isOver).toBe(false);
            } catch (error) {
              if (!isCoreError(error, "ATLAS_CORE_JOB_CONFLICT")) throw error;
              expect(isOver).toBe(true);
            }
            isOver = true;
          } else {
            real.edit(step.code);
          }
          // At once: what follows from the act may be under way.
          if ("crash" in step && step.crash) await real.crash();
          const awaited = model.get(asleepAt ?? "a");
          const isDue = awaited?.deadline !== undefined && awaited.deadline <= real.clock.now();
          if (awaited?.answer !== undefined || isDue) proceed();
          await real.quiet();
          const job = await real.store.repo.getJob("j1");
          expect(job?.status === "queued").toBe(!isOver);
        }
        for (const [name, texts] of real.seen) {
          const { answer, isTimedOut } = model.get(name) ?? {};
          expect([...texts]).toEqual([answer === undefined ? (isTimedOut ? "timed_out" : "?") : `${answer}`]);
        }
        expect(await real.store.verify()).toMatchObject({ status: "verified" });
      } finally {
        await real.stop();
        rmSync(folder, { recursive: true });
      }
    }),
    { numRuns: 40 },
  );
});
