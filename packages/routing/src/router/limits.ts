import type { Clock } from "../clock.ts";
import type { CandidateFailure } from "./failover.ts";

/** The time limits of one call: its deadline and its caller's signal. */
export interface Limits {
  /** Aborted when the call is over. */
  readonly signal: AbortSignal;
  /** Why the call is over, once it is. */
  readonly over: { readonly why: "aborted" | "deadline"; readonly failure: CandidateFailure } | undefined;
  /** Monotonic milliseconds. */
  readonly deadlineAt: number;
  /**
   * Waits until `delayMs` are over, the call is over, or `subscribe` calls back, whichever is first. Without `delayMs` only
   * the latter two end the wait. `subscribe` returns a function that unsubscribes.
   */
  wait(delayMs: number | undefined, subscribe: (wake: () => void) => () => void): Promise<void>;
  /** The limits of one attempt of this call. */
  forAttempt(attemptMs: number): AttemptLimits;
  end(): void;
}

/** The limits of one attempt: those of its call, and its own time limit. */
interface AttemptLimits {
  readonly signal: AbortSignal;
  /** Set once the attempt has run out of time. */
  readonly timeout: CandidateFailure | undefined;
  /** Removes the attempt's own time limit. */
  untimed(): void;
  /** Settles with the work. After an abort the work has `abandonMs` to end by itself before the promise rejects. */
  settled<Answer>(work: () => Promise<Answer>, abandonMs: number): Promise<Answer>;
  end(): void;
}

/** Starts the deadline of one call and follows its caller's signal. */
export function createLimits(options: {
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
  /** When the call began, in monotonic milliseconds. */
  readonly startedAt: number;
  readonly deadlineMs: number;
}): Limits {
  const { clock, signal: given, startedAt, deadlineMs } = options;
  const deadlineAt = startedAt + deadlineMs;
  const controller = new AbortController();
  const { signal } = controller;
  let over: Limits["over"];

  const finish = (why: "aborted" | "deadline", reason: unknown, failure: CandidateFailure): void => {
    over ??= { why, failure };
    controller.abort(reason);
  };
  const giveUp = (): void =>
    finish("aborted", given?.reason, { kind: "aborted", message: "The caller gave up." });
  const message = `The call got no answer within its deadline of ${Math.round(deadlineMs)} ms.`;
  const cancelDeadline = clock.after(deadlineMs, () =>
    finish("deadline", timeoutError(message), { kind: "timed_out", message }),
  );
  if (given?.aborted === true) giveUp();
  else given?.addEventListener("abort", giveUp, { once: true });

  return {
    signal,
    get over() {
      return over;
    },
    deadlineAt,
    async wait(delayMs, subscribe) {
      if (signal.aborted) return;
      const { promise, resolve: wake } = Promise.withResolvers<void>();
      const cancel = delayMs === undefined ? undefined : clock.after(delayMs, wake);
      const onAbort = (): void => wake();
      signal.addEventListener("abort", onAbort, { once: true });
      const unsubscribe = subscribe(wake);
      try {
        await promise;
      } finally {
        cancel?.();
        signal.removeEventListener("abort", onAbort);
        unsubscribe();
      }
    },
    forAttempt: (attemptMs) => createAttemptLimits(clock, signal, attemptMs),
    end() {
      cancelDeadline();
      given?.removeEventListener("abort", giveUp);
    },
  };
}

/**
 * The time that an attempt may take to begin to answer. While another candidate is ready, it is at most half of what is left
 * of the call, so that a short deadline does not switch fail-over off.
 */
export function attemptTimeMs(call: {
  readonly attemptMs: number;
  readonly remainingMs: number;
  readonly isOtherReady: boolean;
}): number {
  const { attemptMs, remainingMs, isOtherReady } = call;
  return isOtherReady ? Math.min(attemptMs, Math.max(1, Math.floor(remainingMs / 2))) : attemptMs;
}

function createAttemptLimits(clock: Clock, call: AbortSignal, attemptMs: number): AttemptLimits {
  const controller = new AbortController();
  const { signal } = controller;
  let timeout: CandidateFailure | undefined;
  let cancelAbandon = (): void => undefined;

  const follow = (): void => controller.abort(call.reason);
  if (call.aborted) follow();
  else call.addEventListener("abort", follow, { once: true });
  const untimed = clock.after(attemptMs, () => {
    const message = `No answer began within ${attemptMs} ms.`;
    timeout = { kind: "timed_out", message };
    controller.abort(timeoutError(message));
  });

  return {
    signal,
    get timeout() {
      return timeout;
    },
    untimed,
    settled: (work, abandonMs) =>
      new Promise((resolve, reject) => {
        const abandon = (): void => {
          if (abandonMs === 0) reject(signal.reason);
          else cancelAbandon = clock.after(abandonMs, () => reject(signal.reason));
        };
        if (signal.aborted) return reject(signal.reason);
        signal.addEventListener("abort", abandon, { once: true });
        started(work).then(resolve, reject);
      }),
    end() {
      untimed();
      cancelAbandon();
      call.removeEventListener("abort", follow);
    },
  };
}

/** Work that throws at once fails like work that throws later. */
async function started<Answer>(work: () => Promise<Answer>): Promise<Answer> {
  return work();
}

function timeoutError(message: string): DOMException {
  return new DOMException(message, "TimeoutError");
}
