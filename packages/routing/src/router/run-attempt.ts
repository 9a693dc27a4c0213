import type { Clock } from "../clock.ts";
import type { AroundAttempt } from "./around.ts";
import type { AttemptUsage } from "./attempt.ts";
import type { CandidateFailure } from "./failover.ts";
import type { Limits } from "./limits.ts";

/** What the function that asks a candidate is given. */
export interface AttemptContext {
  readonly candidate: string;
  /** Aborted when the caller gives up, when the deadline passes, and when the attempt takes too long to begin to answer. */
  readonly signal: AbortSignal;
  /**
   * Tells the router that a part of the answer has reached the caller. From then on a failure ends the call, no other
   * candidate is asked, and only the deadline limits the time.
   */
  commit(): void;
  /**
   * Notes what the attempt has used, for the evidence. The last call counts. Call it also for an attempt that then fails; a
   * `usage` of the failure itself is noted anyway.
   */
  used(usage: Readonly<Record<string, number | undefined>>): void;
}

/** Asks one candidate once. */
export type AskCandidate<Runtime, Answer> = (runtime: Runtime, context: AttemptContext) => Promise<Answer>;

/** How one attempt ended. */
export type AttemptResult<Answer> =
  | {
      readonly status: "answered";
      readonly answer: Answer;
      readonly usage: AttemptUsage | undefined;
      /** When a part of the answer reached the caller, in monotonic milliseconds; absent if it came as a whole. */
      readonly beganAt: number | undefined;
    }
  | {
      readonly status: "failed";
      readonly usage: AttemptUsage | undefined;
      readonly failure: CandidateFailure;
      /** What was thrown. */
      readonly error: unknown;
      readonly isCommitted: boolean;
      /** The deadline of the call or its share of it ended the attempt, so the time-out does not speak against the candidate. */
      readonly isHurried: boolean;
    };

/** Runs one attempt within the limits of its call. It never rejects. */
export async function runAttempt<Runtime, Answer>(options: {
  readonly candidate: string;
  readonly model: string | undefined;
  readonly runtime: Runtime;
  readonly around: AroundAttempt<Runtime> | undefined;
  readonly ask: AskCandidate<Runtime, Answer>;
  readonly classify: (error: unknown, candidate: string) => CandidateFailure;
  readonly limits: Limits;
  /** When the attempt begins, in monotonic milliseconds. */
  readonly startedAt: number;
  /** Time for the attempt until it begins to answer, and the time that the candidate would get without a deadline. */
  readonly timeMs: number;
  readonly fullTimeMs: number;
  readonly abandonMs: number;
  readonly clock: Clock;
}): Promise<AttemptResult<Answer>> {
  const { candidate, model, runtime, around, ask, classify, limits, clock } = options;
  const { startedAt, timeMs, fullTimeMs, abandonMs } = options;
  let beganAt: number | undefined;
  let usage: AttemptUsage | undefined;
  const bounds = limits.forAttempt(timeMs);
  const commit = (): void => {
    beganAt ??= clock.monotonic();
    bounds.untimed();
  };
  try {
    const context = { candidate, signal: bounds.signal, commit, used };
    const answer = await bounds.settled(() => ask(wrapped(), context), abandonMs);
    return { status: "answered", answer, usage, beganAt };
  } catch (error) {
    const { usage: charged, ...said } = read(error);
    if (charged !== undefined) used(charged);
    const failure = limits.over?.failure ?? bounds.timeout ?? said;
    const isCommitted = beganAt !== undefined;
    return { status: "failed", failure, error, isCommitted, isHurried: isHurried(isCommitted), usage };
  } finally {
    bounds.end();
  }

  /** A reader may also have been the slow one, once the answer had begun. */
  function isHurried(isCommitted: boolean): boolean {
    if (limits.over?.why === "deadline") return isCommitted || clock.monotonic() - startedAt < fullTimeMs;
    return bounds.timeout !== undefined && timeMs < fullTimeMs;
  }

  function wrapped(): Runtime {
    return around === undefined
      ? runtime
      : around(runtime, { candidate, ...(model === undefined ? {} : { model }) });
  }

  function used(given: Readonly<Record<string, number | undefined>>): void {
    usage = usageOf(given) ?? usage;
  }

  /** Anything can be thrown, even a value whose fields throw when they are read. */
  function read(error: unknown): CandidateFailure {
    try {
      const { retryAfterMs, ...said } = classify(error, candidate);
      // A pause of NaN would never end.
      const isTime = retryAfterMs !== undefined && retryAfterMs >= 0;
      return isTime ? { ...said, retryAfterMs } : said;
    } catch {
      return { kind: "failed", message: `"${candidate}" failed with an error that cannot be read.` };
    }
  }
}

/** The amounts that are finite and not negative: a service can report anything, and the evidence must be storable. */
function usageOf(given: Readonly<Record<string, number | undefined>>): AttemptUsage | undefined {
  const amounts: Record<string, number> = {};
  let isEmpty = true;
  for (const name of Object.keys(given)) {
    const amount = given[name];
    if (amount === undefined || !Number.isFinite(amount) || amount < 0) continue;
    amounts[name] = amount;
    isEmpty = false;
  }
  return isEmpty ? undefined : amounts;
}
