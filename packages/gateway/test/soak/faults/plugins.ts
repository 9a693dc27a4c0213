import { setTimeout as pause } from "node:timers/promises";
import type { Random } from "../../../../../test/support/random.ts";
import type { SinkPlugin, WorkflowPlugin } from "../../../src/index.ts";
import { type Evidence, type Kind, SINKS, STEPS } from "./evidence.ts";

/** The plugins of a host, and who of them is at work. */
export interface SoakPlugins {
  readonly workflows: readonly WorkflowPlugin[];
  readonly sinks: readonly SinkPlugin[];
  /** Jobs whose workflow is at work and was not told to end. */
  readonly live: ReadonlySet<string>;
  /** Runs that have begun. */
  readonly begun: number;
}

/** Where a deaf job, and a hanging sink, never comes back from. */
const never = new Promise<never>(() => undefined);
const RETRY = { maxAttempts: 1_000, firstDelayMs: 1, maxDelayMs: 20 };
export const WORK = "work.v1";
/** For jobs that hang: its time limit is short. */
export const DEAF = "deaf.v1";
const CHILD = "child.v1";

/** Workflows with steps, some of which fail, hang or end the process; sinks of which one fails and one hangs. */
export function createSoakPlugins({
  note,
  random,
  hangs,
}: {
  readonly note: (line: Evidence) => void;
  readonly random: Random;
  /** Whether the hanging sink hangs. */
  readonly hangs: boolean;
}): SoakPlugins {
  const live = new Set<string>();
  let begun = 0;

  const run: WorkflowPlugin["run"] = async (ctx, input, id) => {
    const kind = input["kind"] as Kind;
    if (live.has(id)) note({ violation: `Two attempts at "${id}" run at the same time.` });
    live.add(id);
    begun += 1;
    ctx.signal.addEventListener("abort", () => live.delete(id));
    note({ begun: id });
    try {
      for (const step of STEPS) {
        const result = await ctx.step(step, async () => {
          note({ effect: id, step });
          await pause(random.below(4));
          return `${id}:${step}`;
        });
        note({ kept: id, step });
        if (result !== `${id}:${step}`)
          note({ violation: `The step "${step}" of "${id}" gave "${result}".` });
        if (step === "charge") await misbehave(kind);
      }
      await ctx.emitArtifact({ type: "receipt", title: id });
    } finally {
      live.delete(id);
      note({ left: id });
    }

    async function misbehave(as: Kind): Promise<void> {
      if (as === "stumbles" && ctx.attempt === 1) throw new Error("The first attempt always fails.");
      if (as === "slow") await pause(300 + random.below(1_200), undefined, { signal: ctx.signal });
      if (as === "deaf" && ctx.attempt === 1) await never;
      if (as === "poison" || (as === "unsteady" && random.chance(50))) endProcess(id);
      if (as !== "family") return;
      const ids: string[] = [];
      for (const key of ["left", "right"]) {
        const child = await ctx.spawnJob({ workflow_id: CHILD, input: { kind: "child" } }, { key });
        ids.push(child.id);
      }
      await ctx.waitForJobs("children", ids);
    }
  };

  function endProcess(id: string): void {
    note({ poisoned: id });
    const how = random.pick(["abort", "exit", "kill"]);
    if (how === "abort") process.abort();
    if (how === "exit") process.exit(66);
    process.kill(process.pid, "SIGKILL");
  }

  const sink = (id: string, trouble: () => Promise<void>): SinkPlugin => ({
    id,
    on: ["job.succeeded"],
    from: "start",
    timeoutMs: 300,
    retry: { ...RETRY, maxAttempts: 100 },
    async handle({ aggregate_id = "" }) {
      await trouble();
      note({ handled: aggregate_id, sink: id });
    },
  });
  const [steady, flaky, hanging] = SINKS;

  return {
    workflows: [
      { id: WORK, retry: RETRY, run },
      { id: CHILD, retry: RETRY, concurrency: 3, run },
      { id: DEAF, retry: RETRY, timeoutMs: 400, run },
    ],
    sinks: [
      sink(steady, async () => undefined),
      sink(flaky, async () => {
        if (random.chance(20)) throw new Error("Not now.");
      }),
      sink(hanging, async () => {
        if (hangs && random.chance(5)) await never;
      }),
    ],
    live,
    get begun() {
      return begun;
    },
  };
}
