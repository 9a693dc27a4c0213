import { type Clock, type Command, type CommandSink, isCoreError, type Job, type Logger } from "@atlas/core";
import { readFailure } from "../calling/failure.ts";
import type { PluginsCommand } from "../module/plugins-module.ts";
import type { JobAttemptEnd } from "./attempt.ts";
import type { NextJobState } from "./job-state.ts";

const RETRY_MS = 1_000;
const ACTOR = { actor: "runner" };

/**
 * Stores how an attempt ended, and the job's next state; `next` is absent for a job that was cancelled meanwhile. While the store
 * cannot write, it is sent again and again, since the job would otherwise stay `running`. Resolves with false when there was nothing
 * to store, or when somebody else has moved the job.
 */
export async function reportAttempt(
  options: {
    readonly commands: CommandSink<Command | PluginsCommand>;
    readonly clock: Clock;
    readonly log: Logger;
    /** True when a failure is not to be retried any more. */
    readonly isStopping: () => boolean;
  },
  job: Pick<Job, "id" | "attempt">,
  { outcome, park, kept, result, stale = [] }: JobAttemptEnd,
  next: NextJobState | undefined,
): Promise<boolean> {
  const { commands, clock, log, isStopping } = options;
  const { id, attempt } = job;
  let unit: (Command | PluginsCommand)[] = [];
  for (const wait of park?.waits ?? []) unit.push({ type: "plugins.wait.open", ...wait });
  // Neither is an attempt that failed.
  if (outcome.status === "interrupted" || park !== undefined)
    unit.push({ type: "plugins.job.uncount", job_id: id });
  if (result !== undefined) unit.push({ type: "plugins.job.result", job_id: id, result });
  for (const artifact of stale) unit.push({ type: "artifact.delete", id: artifact, job_id: id });
  // A job that failed or was cancelled keeps its steps, because it may be redriven.
  if (outcome.status === "succeeded" && (kept || attempt > 1))
    unit.push({ type: "plugins.job.forget", job_id: id });
  if (next !== undefined) unit.push({ type: "job.updateStatus", id, attempt, ...next });
  if (unit.length === 0) return false;

  for (let isFailed = false; ; ) {
    try {
      const [only] = unit;
      await (unit.length === 1 && only !== undefined
        ? commands.enqueue(only, ACTOR)
        : commands.enqueueAll(unit, ACTOR));
      return !isFailed;
    } catch (error) {
      if (isCoreError(error, "ATLAS_CORE_JOB_CONFLICT")) return false;
      const isRetryable = isCoreError(error) && error.retryable;
      if (!isRetryable && park !== undefined && !isFailed) {
        // What the job waits for cannot be stored, and never will be.
        log.error({ error, job: id }, "A wait was refused, and its job has failed.");
        isFailed = true;
        unit = [{ type: "job.updateStatus", id, attempt, status: "failed", error: readFailure(error).error }];
        continue;
      }
      if (!isRetryable || isStopping()) throw error;
      log.warn({ error, job: id }, "The result of an attempt could not be stored and will be sent again.");
      await new Promise<void>((resolve) => void clock.after(RETRY_MS, resolve));
    }
  }
}
