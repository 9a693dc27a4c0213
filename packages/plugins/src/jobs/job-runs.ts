import type { Job, Logger, ReadOnlyRepo } from "@atlas/core";
import { NO_CONTEXT } from "../calling/call-context.ts";
import { detailsOfFailure } from "../calling/failure.ts";
import { observed } from "../calling/observer.ts";
import { PluginError, stopping } from "../contract/errors.ts";
import type { Work, WorkEnd } from "../contract/observe.ts";
import type { WorkflowPlugin } from "../contract/workflow.ts";
import type { PluginsModule } from "../module/plugins-module.ts";
import { type AttemptParts, type JobAttempt, type JobAttemptEnd, startAttempt } from "./attempt.ts";
import type { Claims } from "./claims.ts";
import type { ClaimsAhead } from "./claims-ahead.ts";
import { endByDeadline } from "./deadline.ts";
import type { JobMoves } from "./job-moves.ts";
import type { AttemptOutcome, NextJobState } from "./job-state.ts";
import type { Quarantine } from "./quarantine.ts";
import { reportAttempt } from "./report-attempt.ts";
import type { RunRecorder } from "./run-figures.ts";
import type { RunPace } from "./run-pace.ts";
import type { Slots } from "./slots.ts";

/** The runs of jobs that are under way, each from its claim to its report. */
export interface JobRuns {
  /** Claims the job and runs it. It takes a slot before it returns; if none is free, the job waits for one once it is claimed. */
  begin(job: Job, workflow: WorkflowPlugin): void;
  has(jobId: string): boolean;
  /** The workflow of a job that is under way. */
  workflowIdOf(jobId: string): string | undefined;
  /** Ends the attempt at a job that was cancelled. False when there is none. */
  cancel(jobId: string): boolean;
  /**
   * Begins no more attempts, and resolves when every run has ended. After `graceMs`, attempts are aborted and their jobs queued again,
   * and a second later it resolves even if that could not be stored. Returns the same promise each time.
   */
  stop(graceMs: number): Promise<void>;
}

/** A run from its claim to its report. */
interface JobRun {
  job: Job;
  readonly workflow: WorkflowPlugin;
  attempt?: JobAttempt;
  isCancelled: boolean;
}

const CANCEL_GRACE_MS = 5_000;
/** How long the last reports may take. A job whose report is not stored counts as one that crashed. */
const REPORT_MS = 1_000;

/** The runs of one runner. */
export function createJobRuns(options: {
  readonly parts: AttemptParts;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly moves: Pick<JobMoves, "succeed">;
  readonly log: Logger;
  readonly slots: Slots;
  readonly ahead: ClaimsAhead;
  readonly pace: Pick<RunPace, "ran">;
  /** True when no attempt at the workflow is to begin, though its job is claimed. */
  readonly isHeldBack: (workflow: WorkflowPlugin) => boolean;
  readonly recorder: RunRecorder;
  readonly quarantine: Pick<Quarantine, "begun" | "ended">;
  readonly claims: () => Pick<Claims, "claim" | "changed" | "due" | "hide">;
  readonly decide: (job: Job & { readonly uncounted: number }, outcome: AttemptOutcome) => NextJobState;
  /** Called once a job is parked: its waits are stored. */
  readonly onParked: (jobId: string) => void;
  /** Called at the end of each run, when its job can be claimed again if it is queued. */
  readonly onFree: () => void;
}): JobRuns {
  const {
    parts,
    repo,
    moves,
    log,
    slots,
    ahead,
    pace,
    isHeldBack,
    recorder,
    quarantine,
    claims,
    decide,
    onParked,
    onFree,
  } = options;
  const { commands, progress } = parts;
  const { clock } = parts.host;
  const runs = new Map<string, JobRun>();
  const giveUp = new AbortController();
  let isStopping = false;
  let stopped: Promise<void> | undefined;
  let onEmpty: (() => void) | undefined;

  return {
    begin: (job, workflow) => void run({ job, workflow, isCancelled: false }),
    has: (jobId) => runs.has(jobId),
    workflowIdOf: (jobId) => runs.get(jobId)?.workflow.id,
    cancel(jobId) {
      const begun = runs.get(jobId);
      if (begun !== undefined) cancelRun(begun);
      return begun !== undefined;
    },
    stop(graceMs) {
      stopped ??= end(graceMs);
      return stopped;
    },
  };

  async function end(graceMs: number): Promise<void> {
    isStopping = true;
    ahead.stop();
    if (runs.size === 0) return;
    const ended = Promise.withResolvers<void>();
    onEmpty = ended.resolve;
    const cancelAbort = clock.after(graceMs, () => {
      for (const { attempt } of runs.values()) attempt?.abort(stopping(), 0);
    });
    const cancelReports = clock.after(graceMs + REPORT_MS, () => {
      giveUp.abort(stopping());
      ended.resolve();
    });
    await ended.promise;
    cancelAbort();
    cancelReports();
  }

  function cancelRun(begun: JobRun): void {
    begun.isCancelled = true;
    const { id } = begun.job;
    const reason = new PluginError("ATLAS_PLUGINS_CANCELLED", { id }, `The job "${id}" was cancelled.`);
    begun.attempt?.abort(reason, CANCEL_GRACE_MS);
  }

  async function run(begun: JobRun): Promise<void> {
    const { job, workflow } = begun;
    runs.set(job.id, begun);
    const isAhead = slots.room(workflow) <= 0;
    if (isAhead) ahead.add(job);
    let free = isAhead ? () => undefined : slots.take(workflow, job.group_key);
    let record = isAhead ? () => undefined : beginRecord(begun);
    let ended:
      | { readonly outcome: JobAttemptEnd["outcome"]; readonly next: NextJobState | undefined }
      | undefined;
    quarantine.begun(job.id);
    let queued: { readonly run_at: string; readonly show: () => void } | undefined;
    let isClaimed = false;
    try {
      isClaimed = await claims().claim(job);
      if (!isClaimed) return;
      let isGivenBack = isStopping;
      if (isAhead) {
        const slot = await ahead.turn(job, workflow);
        free = slot ?? free;
        isGivenBack = slot === undefined || isStopping || isHeldBack(workflow);
        if (!isGivenBack) record = beginRecord(begun);
      }
      const claimed = await readClaimed(job);
      if (claimed !== undefined) begun.job = claimed.job;
      const uncounted = claimed?.uncounted ?? 0;
      const end =
        isGivenBack || isStopping || claimed === undefined ? notBegun(job) : await attempt(begun, uncounted);
      progress.end(job.id);
      const { outcome, park } = end;
      const counted = { ...job, uncounted: end.isRestarted === true ? job.attempt - 1 : uncounted };
      const next =
        outcome.status === "cancelled"
          ? undefined
          : isGivenBack && isAhead
            ? keepsPlace(job)
            : decide(counted, outcome);
      ended = { outcome, next };
      if (next?.status === "queued") queued = { run_at: next.run_at, show: claims().hide(job) };
      // Before the report: the round that this wakes then claims within the same commit.
      free();
      const report = { commands, moves, clock, log, signal: giveUp.signal };
      if ((await reportAttempt(report, job, end, next)) && park !== undefined) onParked(job.id);
    } catch (error) {
      // The job may still be queued.
      claims().changed(workflow.id);
      log.error({ error, job_id: job.id }, "A job could not be run, or its result could not be stored.");
    } finally {
      runs.delete(job.id);
      ahead.remove(job.id);
      // Somebody moved it, perhaps back to the queue. Only now is it looked at again.
      if (!isClaimed) claims().changed(workflow.id);
      record(ended);
      if (quarantine.ended(job.id)) claims().changed();
      free();
      if (queued !== undefined) {
        queued.show();
        // Only now can it be claimed.
        claims().due(queued.run_at, workflow.id);
      }
      onFree();
      if (runs.size === 0) onEmpty?.();
    }
  }

  function beginRecord({ job, workflow }: JobRun): ReturnType<RunRecorder["begin"]> {
    const waitMs = job.attempt === 1 ? clock.now() - Date.parse(job.run_at) : undefined;
    return recorder.begin({ workflow_id: workflow.id, waitMs });
  }

  /**
   * What is known only after the claim: how many runs are not counted, and the input of a delayed job, which can get another one until it
   * begins. Nothing when it cannot be read; then the job goes back to the queue, because nobody else would look at a job that is `running`.
   */
  async function readClaimed(
    job: Job,
  ): Promise<{ readonly job: Job; readonly uncounted: number } | undefined> {
    try {
      if (job.attempt > 1) return { job, uncounted: (await repo.plugins.getJobRun(job.id))?.uncounted ?? 0 };
      if (job.run_at === job.created_at) return { job, uncounted: 0 };
      const { input } = (await repo.getJob(job.id)) ?? job;
      return { job: { ...job, input }, uncounted: 0 };
    } catch (error) {
      log.error({ error, job_id: job.id }, "A job that was claimed could not be read, and is queued again.");
      return undefined;
    }
  }

  async function attempt(begun: JobRun, uncounted: number): Promise<JobAttemptEnd> {
    const { job, workflow } = begun;
    // It was cancelled while the claim was on its way, or while it waited for its slot.
    if (begun.isCancelled) return { outcome: { status: "cancelled" }, kept: false };
    const beganAt = clock.monotonic();
    const end = await observed(parts.host, () => workOf(job), run, endOf);
    pace.ran(workflow.id, clock.monotonic() - beganAt);
    if (end.outcome.status === "failed")
      log.warn(
        { job_id: job.id, attempt: job.attempt, error: end.thrown, ...detailsOfFailure(end.thrown) },
        `An attempt at the job "${job.id}" failed.`,
      );
    return end;

    async function run(traceparent?: string): Promise<JobAttemptEnd> {
      const started = startAttempt(parts, { job, workflow, uncounted, traceparent });
      begun.attempt = started;
      const stopTimer = endByDeadline(clock, { job, workflow, attempt: started });
      const ended = await started.ended;
      stopTimer();
      return ended;
    }
  }
}

function workOf({ id, workflow_id, attempt, context = NO_CONTEXT }: Job): Work {
  return { kind: "job", job_id: id, workflow_id, attempt, context };
}

function endOf({ outcome: { status }, thrown }: JobAttemptEnd): WorkEnd {
  // Of an attempt of an earlier process; none that was observed ends so.
  return {
    status: status === "orphaned" ? "interrupted" : status,
    ...(thrown === undefined ? {} : { error: thrown }),
  };
}

/** The runner stopped while the claim was on its way. */
function notBegun({ attempt }: Job): JobAttemptEnd {
  return { outcome: { status: "interrupted" }, kept: false, isUnbegun: attempt === 1 };
}

/** It waited for its slot and never ran, so it goes on where it stood in the queue. */
function keepsPlace({ run_at }: Job): NextJobState {
  return { status: "queued", run_at };
}
