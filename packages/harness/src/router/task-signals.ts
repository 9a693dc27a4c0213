import type { HarnessResult, HarnessTask } from "../contract/runtime.ts";

/** The tasks that are under way, so that they can be ended together. */
export interface TaskSignals {
  /** Runs a task with a signal that its caller's signal and `stop` abort. Rejects with an `AbortError` after `stop`. */
  run(
    task: HarnessTask,
    work: (task: HarnessTask, signal: AbortSignal) => Promise<HarnessResult>,
  ): Promise<HarnessResult>;
  /** Aborts all tasks, and resolves when they have ended. */
  stop(): Promise<void>;
}

/** Creates a list of tasks that is empty. */
export function createTaskSignals(): TaskSignals {
  const running = new Map<Promise<unknown>, AbortController>();
  let stopReason: DOMException | undefined;

  return {
    async run(task, work) {
      if (stopReason !== undefined) throw stopReason;
      const controller = new AbortController();
      const { signal } = controller;
      const given = signalOf(task);
      const follow = (): void => controller.abort(given?.reason);
      if (given?.aborted === true) follow();
      else given?.addEventListener("abort", follow, { once: true });
      const ended = work(task, signal);
      const settled = ended.then(
        () => undefined,
        () => undefined,
      );
      running.set(settled, controller);
      try {
        return await ended;
      } catch (error) {
        // Whatever the agent said when it was ended, the caller gets the reason of the end.
        signal.throwIfAborted();
        throw error;
      } finally {
        running.delete(settled);
        given?.removeEventListener("abort", follow);
      }
    },
    async stop() {
      stopReason ??= new DOMException("The runtime of coding agents was stopped.", "AbortError");
      for (const controller of running.values()) controller.abort(stopReason);
      await Promise.all(running.keys());
    },
  };
}

/** A task is checked later, so it can still be anything. */
function signalOf(task: HarnessTask): AbortSignal | undefined {
  const signal: unknown = (task as Partial<HarnessTask> | undefined)?.signal;
  return signal instanceof AbortSignal ? signal : undefined;
}
