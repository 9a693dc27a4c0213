import { type Clock, type Command, type CommandSink, isCoreError, type Job, type Logger } from "@atlas/core";
import { createBackoff } from "@atlas/core/internal";
import { readFailure } from "../calling/failure.ts";
import type { PluginsCommand } from "../module/plugins-module.ts";
import type { JobAttemptEnd } from "./attempt.ts";
import type { JobMoves } from "./job-moves.ts";
import type { NextJobState } from "./job-state.ts";

const ACTOR = { actor: "runner" };

/**
 * Stores how an attempt ended, and the job's next state; `next` is absent for a job that was cancelled meanwhile. While the store
 * cannot write, it is sent again and again, since the job would otherwise stay `running`; for the same reason, a job whose report is
 * refused has failed. Resolves with false when there was nothing to store, or when somebody else has moved the job.
 */
export async function reportAttempt(
  options: {
    readonly commands: CommandSink<Command | PluginsCommand>;
    /** Stores the end of a job that left nothing else. */
    readonly moves: Pick<JobMoves, "succeed">;
    readonly clock: Clock;
    readonly log: Logger;
    /** Aborted when nothing is to be sent again any more. */
    readonly signal: AbortSignal;
  },
  job: Pick<Job, "id" | "attempt">,
  { outcome, park, kept, result, log: lines, stale = [], isUnbegun = false }: JobAttemptEnd,
  next: NextJobState | undefined,
): Promise<boolean> {
  const { commands, moves, clock, log, signal } = options;
  const { id, attempt } = job;
  let unit: (Command | PluginsCommand)[] = [];
  for (const wait of park?.waits ?? []) unit.push({ type: "plugins.wait.open", ...wait });
  // Neither is an attempt that failed.
  if (outcome.status === "interrupted" || park !== undefined)
    unit.push({ type: "plugins.job.uncount", job_id: id });
  if (isUnbegun) unit.push({ type: "plugins.job.version", job_id: id, version: 0 });
  if (lines !== undefined) unit.push(lines);
  if (result !== undefined) unit.push({ type: "plugins.job.result", job_id: id, result });
  for (const artifact of stale) unit.push({ type: "artifact.delete", id: artifact, job_id: id });
  // A job that failed or was cancelled keeps its steps, because it may be redriven.
  if (outcome.status === "succeeded" && (kept || attempt > 1))
    unit.push({ type: "plugins.job.forget", job_id: id });
  // Core queues a cancelled job again, too: somebody may have cancelled it while this report was on its way.
  if (next !== undefined) unit.push({ type: "job.updateStatus", id, attempt, from: "running", ...next });
  if (unit.length === 0) return false;

  const backoff = createBackoff();
  for (let isFailed = false; ; ) {
    try {
      const [only] = unit;
      if (unit.length > 1 || only === undefined) await commands.enqueueAll(unit, ACTOR);
      else if (next?.status === "succeeded" && !isFailed) await moves.succeed(job);
      else await commands.enqueue(only, ACTOR);
      return !isFailed;
    } catch (error) {
      if (isCoreError(error, "ATLAS_CORE_JOB_CONFLICT")) return false;
      if (isCoreError(error, "ATLAS_CORE_STOPPED")) throw error;
      if (isCoreError(error) && error.retryable) {
        if (signal.aborted) throw error;
        if (backoff.failures === 0)
          log.warn(
            { error, job_id: id },
            "The result of an attempt could not be stored and will be sent again.",
          );
        await pause(backoff.failed(), { clock, signal });
      } else if (isFailed || next === undefined) {
        throw error;
      } else {
        // It will never be stored: a limit of the store, a module or a hook of the host says no.
        log.error({ error, job_id: id }, "The result of an attempt was refused, and its job has failed.");
        isFailed = true;
        unit = [{ type: "job.updateStatus", id, attempt, status: "failed", error: readFailure(error).error }];
      }
    }
  }
}

/** Ends early, without an error, when the signal is aborted. */
function pause(
  ms: number,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, resolve);
    signal.addEventListener(
      "abort",
      () => {
        cancel();
        resolve();
      },
      { once: true },
    );
  });
}
