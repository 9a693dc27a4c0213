import {
  type Command,
  type CommandSink,
  createLoop,
  isCoreError,
  isoTime,
  type Job,
  type Loop,
  type ReadOnlyRepo,
} from "@atlas/core";
import type { HarnessRuntime } from "@atlas/harness";
import type { LLMRuntime } from "@atlas/llm";
import { handled, type PluginHost, trackCommands } from "./context.ts";
import { readFailure } from "./failure.ts";
import { interruptible } from "./interruptible.ts";
import { type AttemptOutcome, nextJobState } from "./job-state.ts";
import type { PluginRegistry } from "./registry.ts";
import type { WorkflowContext } from "./workflow.ts";

/** Claims ready jobs, runs their workflows and reports what became of them. */
export interface JobRunner {
  /** Returns to the queue what an earlier process left running, and begins to claim. */
  start(): Promise<void>;
  /** Looks for ready jobs soon. Called after each commit. */
  wake(): void;
  /** Claims nothing more, and waits for the running attempts; after `graceMs` they are aborted and returned to the queue. */
  stop(graceMs: number): Promise<void>;
}

const POLL_MS = 5_000;
const DEFAULT_CONCURRENCY = 10;

/** A runner of the registered workflows. One process owns the database, so a running job is always one of ours. */
export function createJobRunner(options: {
  readonly host: PluginHost;
  readonly repo: ReadOnlyRepo;
  readonly commands: CommandSink<Command>;
  readonly registry: PluginRegistry;
  readonly llm: LLMRuntime;
  readonly harness?: HarnessRuntime;
  /** Attempts that run at the same time. Default: 10. */
  readonly concurrency?: number;
  /** A number 0 ≤ x < 1 for the pause before a retry. Default: `Math.random`. */
  readonly random?: () => number;
}): JobRunner {
  const { host, repo, commands, registry, llm, harness, concurrency = DEFAULT_CONCURRENCY } = options;
  const { clock, log } = host;
  const random = options.random ?? Math.random;
  const running = new Map<string, Promise<void>>();
  const aborting = new AbortController();
  const loop: Loop = createLoop({
    tick: claimReady,
    clock,
    idleMs: POLL_MS,
    onError: (error) => log.error({ error }, "Looking for ready jobs failed; it will be tried again."),
  });

  return {
    async start() {
      await requeueOrphans();
      loop.wake();
    },
    wake: loop.wake,
    async stop(graceMs) {
      await loop.stop();
      const cancel = clock.after(graceMs, () => aborting.abort(new Error("The gateway is stopping.")));
      await Promise.all(running.values());
      cancel();
    },
  };

  async function requeueOrphans(): Promise<void> {
    for (let page = await repo.listJobs({ status: "running" }); page.items.length > 0; ) {
      await Promise.all(
        page.items.map(({ id, attempt }) =>
          commands.enqueue({ type: "job.updateStatus", id, status: "queued", attempt }, { actor: "runner" }),
        ),
      );
      log.warn({ jobs: page.items.length }, "Jobs that an earlier process left running are queued again.");
      page = await repo.listJobs({ status: "running" });
    }
  }

  async function claimReady(): Promise<undefined> {
    const free = concurrency - running.size;
    if (free <= 0) return;
    const ready = await repo.listReadyJobs({
      workflow_ids: [...registry.workflows.keys()],
      now: isoTime(clock.now()),
      limit: concurrency,
    });
    for (const job of ready.filter(({ id }) => !running.has(id)).slice(0, free)) {
      const attempt = runJob({ ...job, attempt: job.attempt + 1 })
        .catch((error: unknown) => log.error({ error, job: job.id }, "A job could not be reported."))
        .finally(() => {
          running.delete(job.id);
          loop.wake();
        });
      running.set(job.id, attempt);
    }
  }

  async function runJob(job: Job): Promise<void> {
    const { id, attempt } = job;
    try {
      await commands.enqueue(
        { type: "job.updateStatus", id, status: "running", attempt },
        { actor: "runner" },
      );
    } catch (error) {
      // Somebody cancelled it between the look and the claim.
      if (isCoreError(error, "ATLAS_CORE_JOB_CONFLICT")) return;
      throw error;
    }
    const outcome = await runAttempt(job);
    if (outcome.status === "failed")
      log.warn({ job: id, attempt, error: outcome.error }, `An attempt at job "${id}" failed.`);
    const next = nextJobState(job, outcome, { now: clock.now(), random: random() });
    await commands.enqueue({ type: "job.updateStatus", id, attempt, ...next }, { actor: "runner" });
  }

  async function runAttempt(job: Job): Promise<AttemptOutcome> {
    const workflow = registry.workflow(job.workflow_id);
    const tracked = trackCommands(commands, {
      actor: `workflow:${job.workflow_id}#${job.id}`,
      cause: { kind: "job", id: job.id, depth: 0 },
    });
    const context = createContext(job, tracked.commands);
    try {
      await interruptible(aborting.signal, async () => {
        await workflow.run(context, job.input, job.id);
        await tracked.settled();
      });
      return { status: "succeeded" };
    } catch (error) {
      const interrupted = aborting.signal.aborted && error === aborting.signal.reason;
      return interrupted ? { status: "interrupted" } : { status: "failed", error: readFailure(error).error };
    } finally {
      tracked.end();
    }
  }

  function createContext(job: Job, sink: CommandSink<Command>): WorkflowContext {
    let artifacts = 0;
    let jobs = 0;
    const context: Omit<
      WorkflowContext,
      "step" | "sleepUntil" | "waitForEvent" | "waitForJobs" | "progress"
    > = {
      ...host,
      services: host.services ?? {},
      attempt: job.attempt,
      repo,
      commands: sink,
      signal: aborting.signal,
      llm,
      ...(harness === undefined ? {} : { harness }),
      emitArtifact(artifact) {
        artifacts += 1;
        const id = artifact.id ?? `${job.id}:artifact:${artifacts}`;
        return idOnceSent(
          id,
          sink.enqueue({ type: "artifact.create", artifact: { job_id: job.id, ...artifact, id } }),
        );
      },
      spawnJob(child) {
        jobs += 1;
        const id = child.id ?? `${job.id}:job:${jobs}`;
        return idOnceSent(id, sink.enqueue({ type: "job.create", job: { parent_id: job.id, ...child, id } }));
      },
      findArtifacts: repo.findArtifacts,
    };
    return context as WorkflowContext;
  }
}

/** The id of what was sent, once it is committed. A plugin need not await it: the attempt waits and knows of a refusal. */
function idOnceSent(id: string, sent: Promise<unknown>): Promise<{ readonly id: string }> {
  return handled(sent.then(() => ({ id })));
}
