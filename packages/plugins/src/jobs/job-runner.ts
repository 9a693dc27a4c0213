import type { Command, CommandSink, CommittedBatch, Job, ReadOnlyRepo } from "@atlas/core";
import { createLoop, type Loop } from "@atlas/core/internal";
import type { HarnessRuntime } from "@atlas/harness";
import type { LLM } from "@atlas/llm";
import type { PluginHost } from "../calling/plugin-host.ts";
import { PluginError, stopping } from "../contract/errors.ts";
import type { PluginRegistry } from "../contract/registry.ts";
import type { WorkflowPlugin } from "../contract/workflow.ts";
import type { PausedAt } from "../flow/pauses.ts";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";
import { type AttemptLLM, type JobAttempt, type JobAttemptEnd, startAttempt } from "./attempt.ts";
import { createClaims } from "./claims.ts";
import { endByDeadline } from "./deadline.ts";
import { type AttemptOutcome, type NextJobState, nextJobState } from "./job-state.ts";
import { createProgress, type Progress } from "./progress.ts";
import { recoverOrphans } from "./recover-orphans.ts";
import { reportAttempt } from "./report-attempt.ts";
import { createSlots } from "./slots.ts";
import { createWaits } from "./waits/waits.ts";

/** Claims ready jobs, runs their workflows and stores the results. */
export interface JobRunner {
  /** Returns to the queue what an earlier process left running, and begins to claim jobs. */
  start(): Promise<void>;
  /** Looks for ready jobs soon. Call it after each commit, with the committed batch. */
  wake(batch?: CommittedBatch): void;
  /** The progress of running jobs. */
  readonly progress: Pick<Progress, "of" | "listen">;
  /** Attempts that run now. */
  readonly running: number;
  /** Claims no more jobs and waits for the running attempts. After `graceMs` it aborts them and returns their jobs to the queue. */
  stop(graceMs: number): Promise<void>;
}

const IDLE_MS = 5_000;
const CANCEL_GRACE_MS = 5_000;
const DEFAULT_CONCURRENCY = 10;

/** A job whose attempt is claimed, runs, or is being reported. */
interface BusyJob {
  readonly job: Job;
  readonly workflow: WorkflowPlugin;
  attempt?: JobAttempt;
  isCancelled: boolean;
}

/** A runner of the registered workflows. */
export function createJobRunner(options: {
  readonly host: PluginHost;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly registry: PluginRegistry;
  /** What `ctx.llm` is: one for all attempts, or a function that makes one for each. */
  readonly llm: LLM | ((job: Job) => AttemptLLM | Promise<AttemptLLM>);
  readonly harness?: HarnessRuntime;
  /**
   * Attempts that run at the same time. Default: 10. Raise it for workflows that mostly wait for models; they share one thread, so it
   * does not help those that compute.
   */
  readonly concurrency?: number;
  /** A random number 0 ≤ x < 1 for the jitter of retries. Default: `Math.random`. */
  readonly random?: () => number;
  /** Says which workflows are paused. Call `wake` after one was resumed. Default: none is. */
  readonly pausedAt?: PausedAt;
}): JobRunner {
  const { host, repo, commands, registry, llm, harness, random = Math.random, pausedAt } = options;
  const { clock, log } = host;
  const busy = new Map<string, BusyJob>();
  // Until recovery has ended, a running job is an orphan.
  let isStarted = false;
  let isStopping = false;
  let allReported: (() => void) | undefined;

  const progress = createProgress({ commands, clock, log });
  const waits = createWaits({ repo, commands, clock, log });
  const slots = createSlots({
    concurrency: options.concurrency ?? DEFAULT_CONCURRENCY,
    onFree: () => loop.wake(),
    isPaused: (id) => pausedAt?.("workflow", id) !== undefined,
  });
  const claims = createClaims({
    repo,
    commands,
    clock,
    registry,
    slots,
    isBusy: (id) => busy.has(id),
    begin: (job, workflow) => void runJob({ job, workflow, isCancelled: false }),
  });
  const loop: Loop = createLoop({
    tick: claims.round,
    clock,
    idleMs: IDLE_MS,
    onError: (error) => log.error({ error }, "Looking for ready jobs failed and will be retried."),
  });

  return {
    async start() {
      await commands.enqueue({ type: "plugins.job.forget" }, { actor: "runner" });
      await recoverOrphans({ repo, commands, log, decide });
      await waits.load();
      isStarted = true;
      loop.wake();
    },
    wake(batch) {
      const mayBeReady = batch === undefined || hear(batch);
      if (mayBeReady && isStarted) loop.wake();
    },
    progress,
    get running() {
      return slots.used;
    },
    async stop(graceMs) {
      isStopping = true;
      waits.stop();
      await loop.stop();
      const cancel = clock.after(graceMs, () => {
        for (const { attempt } of busy.values()) attempt?.abort(stopping(), 0);
      });
      if (busy.size > 0) {
        await new Promise<void>((resolve) => {
          allReported = resolve;
        });
      }
      cancel();
    },
  };

  /** Takes note of a commit. True when there may be a job to claim. */
  function hear(batch: CommittedBatch): boolean {
    let isReady = false;
    for (const { type, aggregate_id = "", payload } of batch.events) {
      if (type === "job.created" || type === "job.requeued") {
        isReady = true;
        claims.changed();
        const { run_at } = payload;
        if (typeof run_at === "string") claims.due(run_at);
      } else if (type === "job.cancelled") {
        claims.changed();
        const job = busy.get(aggregate_id);
        if (job !== undefined) cancelBusy(job);
      } else if (type === "job.started") {
        // The host may have moved a job itself.
        if (!busy.has(aggregate_id)) claims.changed();
      }
    }
    waits.committed(batch);
    return isReady;
  }

  function cancelBusy(job: BusyJob): void {
    job.isCancelled = true;
    const { id } = job.job;
    const reason = new PluginError("ATLAS_PLUGINS_CANCELLED", { id }, `The job "${id}" was cancelled.`);
    job.attempt?.abort(reason, CANCEL_GRACE_MS);
  }

  async function runJob(begun: BusyJob): Promise<void> {
    const { job, workflow } = begun;
    busy.set(job.id, begun);
    const free = slots.take(workflow);
    try {
      if (!(await claims.claim(job))) return;
      const uncounted = job.attempt === 1 ? 0 : ((await repo.plugins.getJobRun(job.id))?.uncounted ?? 0);
      const end = await run(begun, uncounted);
      progress.end(job.id);
      // Before the report: the round that this wakes then claims within the same commit.
      free();
      await report({ ...job, uncounted }, end);
    } catch (error) {
      // The job may still be queued.
      claims.changed();
      log.error({ error, job: job.id }, "A job could not be run, or its result could not be stored.");
    } finally {
      busy.delete(job.id);
      free();
      if (busy.size === 0) allReported?.();
    }
  }

  async function run(begun: BusyJob, uncounted: number): Promise<JobAttemptEnd> {
    const { job, workflow } = begun;
    const { id, attempt } = job;
    const parts = { host, repo, commands, registry, llm, harness, progress, random };
    begun.attempt = startAttempt(parts, { job, workflow, uncounted });
    // It was cancelled while the claim was on its way.
    if (begun.isCancelled) cancelBusy(begun);
    const stopTimer = endByDeadline(clock, { job, workflow, attempt: begun.attempt });
    const end = await begun.attempt.ended;
    stopTimer();
    if (end.outcome.status === "failed")
      log.warn({ job: id, attempt, error: end.thrown }, `An attempt at the job "${id}" failed.`);
    return end;
  }

  async function report(job: Job & { readonly uncounted: number }, end: JobAttemptEnd): Promise<void> {
    const { outcome, park } = end;
    const next = outcome.status === "cancelled" ? undefined : decide(job, outcome);
    if (next?.status === "queued") claims.due(next.run_at);
    const options = { commands, clock, log, isStopping: () => isStopping };
    if (!(await reportAttempt(options, job, end, next))) return;
    if (park !== undefined)
      waits
        .parked(job.id)
        .catch((error: unknown) => log.error({ error, job: job.id }, "A wait could not be taken up."));
    if (next?.status === "queued") loop.wake();
  }

  function decide(job: Job & { readonly uncounted?: number }, outcome: AttemptOutcome): NextJobState {
    const policy = registry.workflows.get(job.workflow_id)?.retry ?? {};
    return nextJobState(job, outcome, policy, { now: clock.now(), random: random() });
  }
}
