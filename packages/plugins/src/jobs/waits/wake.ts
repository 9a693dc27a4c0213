import {
  type Clock,
  type Command,
  type CommandSink,
  isCoreError,
  type Job,
  type JsonValue,
  type Logger,
} from "@atlas/core";
import type { WaitKind } from "../../contract/wait.ts";
import type { PluginsCommand } from "../../module/plugins-module.ts";

/** The answer that wakes a job. */
export interface Answer {
  readonly kind: WaitKind;
  readonly name: string;
  readonly value: JsonValue;
  readonly by: string;
  readonly signal_id?: string;
}

/**
 * The commands that queue a parked job: all of them apply, or none. The job was ready when it was created, so it goes before newer ones
 * of its priority.
 */
export function wakeCommands(
  { id, attempt, created_at }: Pick<Job, "id" | "attempt" | "created_at">,
  answer?: Answer,
): readonly (Command | PluginsCommand)[] {
  return [
    ...(answer === undefined ? [] : [{ type: "plugins.wait.answer", job_id: id, ...answer } as const]),
    { type: "plugins.wait.wake", job_id: id, attempt },
    { type: "job.updateStatus", id, status: "queued", attempt, run_at: created_at },
  ];
}

const RETRY_MS = 1_000;

/** Wakes parked jobs, and tries again while the store cannot write. */
export interface Waker {
  /** Resolves once the job is queued, or will be tried again. Never rejects. */
  wake(job: Pick<Job, "id" | "attempt" | "created_at">, answer?: Answer): Promise<void>;
  stop(): void;
}

/** The waker of one runner. */
export function createWaker(options: {
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly clock: Clock;
  readonly log: Logger;
}): Waker {
  const { commands, clock, log } = options;
  const retries = new Set<() => void>();
  let isStopped = false;

  return {
    wake,
    stop() {
      isStopped = true;
      for (const cancel of retries) cancel();
      retries.clear();
    },
  };

  async function wake(job: Pick<Job, "id" | "attempt" | "created_at">, answer?: Answer): Promise<void> {
    if (isStopped) return;
    try {
      await commands.enqueueAll(wakeCommands(job, answer), { actor: "runner" });
    } catch (error) {
      // Refused: the job waits there no longer. Anything else is the storage's, and passes.
      if (!isCoreError(error) || !error.retryable || isStopped) return;
      log.warn({ error, job_id: job.id }, "A job that waited could not be queued; it will be tried again.");
      const cancel = clock.after(RETRY_MS, () => {
        retries.delete(cancel);
        void wake(job, answer);
      });
      retries.add(cancel);
    }
  }
}
