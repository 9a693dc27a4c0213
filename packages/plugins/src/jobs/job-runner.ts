import {
  type Command,
  type CommandSink,
  type CommittedBatch,
  isCoreError,
  isoTime,
  type Job,
  type ReadOnlyRepo,
} from "@atlas/core";
import { createLoop, type Loop } from "@atlas/core/internal";
import type { HarnessRuntime } from "@atlas/harness";
import type { LLM } from "@atlas/llm";
import type { PluginHost } from "../contract/context.ts";
import { PluginError, stopping } from "../contract/errors.ts";
import type { PluginRegistry } from "../contract/registry.ts";
import type { WorkflowPlugin } from "../contract/workflow.ts";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";
import { type Attempt, type AttemptEnd, type AttemptLLM, startAttempt } from "./attempt.ts";
import { type AttemptOutcome, type NextJobState, nextJobState } from "./job-state.ts";
import { createProgress, type Progress } from "./progress.ts";
import { createReadyJobs } from "./ready-jobs.ts";
import { createWaits } from "./waits.ts";

/** Claims ready jobs, runs their workflows and reports what became of them. */
export interface JobRunner {
  /** Returns to the queue what an earlier process left running, and begins to claim. */
  start(): Promise<void>;
  /** Looks for ready jobs soon. Call it after each commit, with what was committed. */
  wake(batch?: CommittedBatch): void;
  /** How far running jobs are. */
  readonly progress: Pick<Progress, "of" | "listen">;
  /** Attempts that run now. */
  readonly running: number;
  /** Claims nothing more, and waits for the running attempts; after `graceMs` they are aborted and returned to the queue. */
  stop(graceMs: number): Promise<void>;
}

const POLL_MS = 5_000;
const REPORT_RETRY_MS = 1_000;
const CANCEL_GRACE_MS = 5_000;
const DEFAULT_CONCURRENCY = 10;
const ACTOR = { actor: "runner" };

/** A job whose attempt is claimed, runs, or is being reported. */
interface Busy {
  readonly job: Job;
  readonly workflow: WorkflowPlugin;
  attempt?: Attempt;
  cancelled: boolean;
}

/** A runner of the registered workflows. One process owns the database, so a running job is always one of ours. */
export function createJobRunner(options: {
  readonly host: PluginHost;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly registry: PluginRegistry;
  /** What `ctx.llm` is, for all attempts or made for each. */
  readonly llm: LLM | ((job: Job) => AttemptLLM | Promise<AttemptLLM>);
  readonly harness?: HarnessRuntime;
  /** Attempts that run at the same time. Default: 10. */
  readonly concurrency?: number;
  /** A number 0 ≤ x < 1 for the pause before a retry. Default: `Math.random`. */
  readonly random?: () => number;
}): JobRunner {
  const { host, repo, commands, registry, llm, harness, concurrency = DEFAULT_CONCURRENCY } = options;
  const { clock, log } = host;
  const random = options.random ?? Math.random;
  const busy = new Map<string, Busy>();
  /** Attempts that hold a slot, by workflow; a job that is only being reported holds none. */
  const active = new Map<string, number>();
  /** Claimed, but still queued for whoever reads the database. */
  let claiming = 0;
  let slots = 0;
  /** Jobs that were created because of an event, and how many led to it. Not kept over a restart. */
  const depths = new Map<string, number>();
  let lastSeq = 0;
  /** The next time at which a delayed job is due, as far as known. */
  let nextDueAt = 0;
  // What an earlier process left running must be told apart from what this one claims.
  let isStarted = false;
  let isStopping = false;
  let allReported: (() => void) | undefined;

  const progress = createProgress({ commands, clock, log });
  const waits = createWaits({ repo, commands, clock, log });
  const parts = { host, repo, commands, registry, llm, harness, progress };
  const readyJobs = createReadyJobs({ repo, isTaken: (id) => busy.has(id) });
  const loop: Loop = createLoop({
    tick: claimReady,
    clock,
    idleMs: POLL_MS,
    onError: (error) => log.error({ error }, "Looking for ready jobs failed; it will be tried again."),
  });

  return {
    async start() {
      lastSeq = Math.max(lastSeq, await repo.plugins.lastEventSeq());
      await commands.enqueue({ type: "plugins.job.forget" }, ACTOR);
      await requeueOrphans();
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
      return slots;
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

  /** Hears of a commit; true when there may be something to claim. */
  function hear(batch: CommittedBatch): boolean {
    let ready = false;
    for (const { type, aggregate_id = "", depth, seq, payload } of batch.events) {
      lastSeq = seq;
      if (type === "job.created" || type === "job.requeued") {
        ready = true;
        readyJobs.changed();
        if (depth > 0) depths.set(aggregate_id, depth);
        const { run_at } = payload;
        if (typeof run_at === "string") nextDueAt = Math.min(nextDueAt, Date.parse(run_at));
      } else if (type === "job.cancelled") {
        readyJobs.changed();
        const job = busy.get(aggregate_id);
        if (job !== undefined) cancelBusy(job);
        depths.delete(aggregate_id);
      } else if (type === "job.started") {
        // The host may move a job, too.
        if (!busy.has(aggregate_id)) readyJobs.changed();
      } else if (type === "job.succeeded" || type === "job.failed") {
        depths.delete(aggregate_id);
      }
    }
    waits.committed(batch);
    return ready;
  }

  function cancelBusy(job: Busy): void {
    job.cancelled = true;
    const { id } = job.job;
    job.attempt?.abort(
      new PluginError("ATLAS_PLUGINS_CANCELLED", { id }, `Job "${id}" was cancelled.`),
      CANCEL_GRACE_MS,
    );
  }

  async function requeueOrphans(): Promise<void> {
    let jobs = 0;
    let cursor: string | undefined;
    do {
      const page = await repo.listJobs({ status: "running", ...(cursor === undefined ? {} : { cursor }) });
      await Promise.all(page.items.map(requeueOrphan));
      jobs += page.items.length;
      cursor = page.cursor;
    } while (cursor !== undefined);
    if (jobs > 0)
      log.warn({ jobs }, "Jobs that an earlier process left running are queued again, or failed.");
  }

  async function requeueOrphan(job: Job): Promise<void> {
    const { id, attempt } = job;
    const run = await repo.plugins.getJobRun(id);
    const recoveries = run?.recovered_attempt === attempt - 1 ? run.recoveries : 0;
    const next = decide(job, { status: "orphaned", recoveries });
    await commands.enqueueAll(
      [
        { type: "plugins.job.recover", job_id: id, attempt },
        { type: "job.updateStatus", id, attempt, ...next },
      ],
      ACTOR,
    );
  }

  /** One round: takes ready jobs for every free slot. Returns when the next delayed job is due. */
  async function claimReady(): Promise<number | undefined> {
    const now = clock.now();
    while (slots < concurrency) {
      const limit = concurrency - slots;
      const ready = await readyJobs.take({ workflow_ids: openWorkflows(), limit, taken: claiming, now });
      const skipped = claimAll(ready);
      // What was passed over comes first when its workflow takes jobs again.
      if (skipped) readyJobs.changed();
      // All that is ready was seen, or nothing of it was in the way of anything else.
      if (ready.length < limit || !skipped) break;
    }
    if (slots >= concurrency) return undefined;
    if (nextDueAt <= now) {
      const next = await repo.plugins.nextJobAt(isoTime(now));
      nextDueAt = next === undefined ? Number.POSITIVE_INFINITY : Date.parse(next);
    }
    // The poll is a backstop also against a wall clock that was set.
    return Math.min(POLL_MS, Math.max(1, nextDueAt - now));
  }

  function openWorkflows(): readonly string[] {
    const open: string[] = [];
    for (const { id, concurrency: most } of registry.workflows.values())
      if (most === undefined || (active.get(id) ?? 0) < most) open.push(id);
    return open;
  }

  /** Claims what fits. True when a job was passed over because its workflow had become full. */
  function claimAll(ready: readonly Job[]): boolean {
    let skipped = false;
    for (const job of ready) {
      if (slots >= concurrency) return false;
      if (busy.has(job.id)) continue;
      const workflow = registry.workflow(job.workflow_id);
      if ((active.get(workflow.id) ?? 0) >= (workflow.concurrency ?? Number.POSITIVE_INFINITY)) {
        skipped = true;
        continue;
      }
      void runJob({ job: { ...job, attempt: job.attempt + 1 }, workflow, cancelled: false });
    }
    return skipped;
  }

  async function runJob(claimed: Busy): Promise<void> {
    const { job, workflow } = claimed;
    busy.set(job.id, claimed);
    slots += 1;
    active.set(workflow.id, (active.get(workflow.id) ?? 0) + 1);
    let isFree = false;
    const free = (): void => {
      if (isFree) return;
      isFree = true;
      slots -= 1;
      active.set(workflow.id, (active.get(workflow.id) ?? 1) - 1);
      // Before anything is sent: the round that this asks for then claims within the same commit.
      loop.wake();
    };
    try {
      if (!(await claim(job))) return;
      const uncounted = job.attempt === 1 ? 0 : ((await repo.plugins.getJobRun(job.id))?.uncounted ?? 0);
      const end = await run(claimed, uncounted);
      progress.end(job.id);
      free();
      if (await report({ ...job, uncounted }, end)) loop.wake();
    } catch (error) {
      // It may still be queued.
      readyJobs.changed();
      log.error({ error, job: job.id }, "A job could not be run or reported.");
    } finally {
      busy.delete(job.id);
      free();
      if (busy.size === 0) allReported?.();
    }
  }

  /** False when the job was cancelled, or moved otherwise, between the look and the claim. */
  async function claim({ id, attempt }: Job): Promise<boolean> {
    claiming += 1;
    try {
      await commands.enqueue({ type: "job.updateStatus", id, status: "running", attempt }, ACTOR);
      return true;
    } catch (error) {
      if (isCoreError(error, "ATLAS_CORE_JOB_CONFLICT")) return false;
      throw error;
    } finally {
      claiming -= 1;
    }
  }

  async function run(claimed: Busy, uncounted: number): Promise<AttemptEnd> {
    const { job, workflow } = claimed;
    const depth = depths.get(job.id) ?? 0;
    claimed.attempt = startAttempt(parts, { job, workflow, uncounted, depth, begunAt: lastSeq });
    // Cancelled while the claim was on its way.
    if (claimed.cancelled) cancelBusy(claimed);
    const end = await claimed.attempt.ended;
    if (end.outcome.status === "failed") {
      const { id, attempt } = job;
      log.warn({ job: id, attempt, error: end.thrown }, `An attempt at job "${id}" failed.`);
    }
    return end;
  }

  function decide(job: Job & { readonly uncounted?: number }, outcome: AttemptOutcome): NextJobState {
    const policy = registry.workflows.get(job.workflow_id)?.retry ?? {};
    return nextJobState(job, outcome, policy, { now: clock.now(), random: random() });
  }

  /** True when the job is in the queue again. */
  async function report(
    job: Job & { readonly uncounted: number },
    { outcome, wait, kept }: AttemptEnd,
  ): Promise<boolean> {
    const { id, attempt } = job;
    const unit: (Command | PluginsCommand)[] = [];
    if (wait !== undefined) unit.push({ type: "plugins.job.wait", ...wait });
    if (outcome.status === "interrupted") unit.push({ type: "plugins.job.uncount", job_id: id });
    // A dead letter keeps its steps: it may be redriven.
    const isDone = outcome.status === "succeeded" || outcome.status === "cancelled";
    if (isDone && (kept || attempt > 1)) unit.push({ type: "plugins.job.forget", job_id: id });
    if (outcome.status !== "cancelled") {
      const next = decide(job, outcome);
      unit.push({ type: "job.updateStatus", id, attempt, ...next });
      if (next.status === "queued") nextDueAt = Math.min(nextDueAt, Date.parse(next.run_at));
    }
    if (unit.length === 0 || !(await send(unit))) return false;
    if (wait !== undefined)
      waits
        .add(wait)
        .catch((error: unknown) => log.error({ error, job: id }, "A wait could not be taken up."));
    return outcome.status !== "succeeded";
  }

  /** Sends until the storage takes it: what is not reported would stay `running`. False when the job was moved meanwhile. */
  async function send(unit: readonly (Command | PluginsCommand)[]): Promise<boolean> {
    for (;;) {
      try {
        const [only] = unit;
        await (unit.length === 1 && only !== undefined
          ? commands.enqueue(only, ACTOR)
          : commands.enqueueAll(unit, ACTOR));
        return true;
      } catch (error) {
        if (isCoreError(error, "ATLAS_CORE_JOB_CONFLICT")) return false;
        if (!isCoreError(error) || !error.retryable || isStopping) throw error;
        log.warn({ error }, "A job could not be reported; it will be tried again.");
        await new Promise<void>((resolve) => void clock.after(REPORT_RETRY_MS, resolve));
      }
    }
  }
}
