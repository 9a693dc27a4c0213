import type { Clock } from "../clock.ts";
import type { CandidateFailure } from "./failover.ts";

/** The time limits of one call: its deadline and its caller's signal. */
export interface Limits {
  /** Why the call is over, once it is. */
  readonly over: CallOver | undefined;
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

/** Why a call is over before it has an answer. */
interface CallOver {
  readonly why: "aborted" | "deadline";
  readonly failure: CandidateFailure;
  /** What the signal of a running attempt is aborted with. */
  readonly reason: unknown;
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

/** An object whose maker sets what is read-only to everybody else. */
type Settable<Whole, Key extends keyof Whole> = Omit<Whole, Key> & { -readonly [Name in Key]: Whole[Name] };

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
  // Plain functions, because a signal for the call beside that of the attempt would cost more than the rest of the limits.
  const listeners = new Set<() => void>();
  const finish = (end: CallOver): void => {
    limits.over ??= end;
    for (const listener of [...listeners]) listener();
  };
  const giveUp = (): void => {
    const failure = { kind: "aborted", message: "The caller gave up." } as const;
    finish({ why: "aborted", failure, reason: given?.reason });
  };
  const cancelDeadline = clock.after(deadlineMs, () => {
    const message = `The call got no answer within its deadline of ${Math.round(deadlineMs)} ms.`;
    finish({ why: "deadline", failure: { kind: "timed_out", message }, reason: timeoutError(message) });
  });
  // Fields rather than getters: V8 makes a hidden class for every object literal with a getter, and whatever the getter can
  // see stays in memory until a full garbage collection.
  const limits: Settable<Limits, "over"> = {
    over: undefined,
    deadlineAt,
    async wait(delayMs, subscribe) {
      if (limits.over !== undefined) return;
      const { promise, resolve: wake } = Promise.withResolvers<void>();
      const cancel = delayMs === undefined ? undefined : clock.after(delayMs, wake);
      listeners.add(wake);
      const unsubscribe = subscribe(wake);
      try {
        await promise;
      } finally {
        cancel?.();
        listeners.delete(wake);
        unsubscribe();
      }
    },
    forAttempt: (attemptMs) => createAttemptLimits({ clock, attemptMs, listeners, call: limits }),
    end() {
      cancelDeadline();
      given?.removeEventListener("abort", giveUp);
    },
  };
  if (given?.aborted === true) giveUp();
  else given?.addEventListener("abort", giveUp, { once: true });
  return limits;
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

function createAttemptLimits(options: {
  readonly clock: Clock;
  readonly attemptMs: number;
  /** Called when the call is over. */
  readonly listeners: Set<() => void>;
  readonly call: Pick<Limits, "over">;
}): AttemptLimits {
  const { clock, attemptMs, listeners, call } = options;
  const controller = new AbortController();
  const { signal } = controller;
  let abandon = (): void => undefined;
  let cancelAbandon = (): void => undefined;

  const abort = (reason: unknown): void => {
    // The deadline can pass while the attempt is still given the time to end by itself.
    if (signal.aborted) return;
    controller.abort(reason);
    abandon();
  };
  const follow = (): void => abort(call.over?.reason);
  if (call.over === undefined) listeners.add(follow);
  else follow();
  const untimed = clock.after(attemptMs, () => {
    const message = `No answer began within ${attemptMs} ms.`;
    limits.timeout = { kind: "timed_out", message };
    abort(timeoutError(message));
  });

  const limits: Settable<AttemptLimits, "timeout"> = {
    signal,
    timeout: undefined,
    untimed,
    settled: (work, abandonMs) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        abandon = () => {
          if (abandonMs === 0) reject(signal.reason);
          else cancelAbandon = clock.after(abandonMs, () => reject(signal.reason));
        };
        started(work).then(resolve, reject);
      }),
    end() {
      untimed();
      cancelAbandon();
      listeners.delete(follow);
    },
  };
  return limits;
}

/** Work that throws at once fails like work that throws later. */
async function started<Answer>(work: () => Promise<Answer>): Promise<Answer> {
  return work();
}

function timeoutError(message: string): DOMException {
  return new DOMException(message, "TimeoutError");
}
