import type { CandidateFailure } from "./failover.ts";
import type { Limits } from "./limits.ts";
import type { RoutingPolicy } from "./policy.ts";

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
}

/** Asks one candidate once. */
export type AskCandidate<Runtime, Answer> = (runtime: Runtime, context: AttemptContext) => Promise<Answer>;

/** How one attempt ended. */
export type AttemptResult<Answer> =
  | { readonly status: "answered"; readonly answer: Answer }
  | {
      readonly status: "failed";
      readonly failure: CandidateFailure;
      /** What was thrown. */
      readonly error: unknown;
      readonly isCommitted: boolean;
    };

/** Runs one attempt within the limits of its call. It never rejects. */
export async function runAttempt<Runtime, Answer>(options: {
  readonly candidate: string;
  readonly runtime: Runtime;
  readonly ask: AskCandidate<Runtime, Answer>;
  readonly classify: (error: unknown, candidate: string) => CandidateFailure;
  readonly limits: Limits;
  readonly policy: RoutingPolicy;
}): Promise<AttemptResult<Answer>> {
  const { candidate, runtime, ask, classify, limits, policy } = options;
  let isCommitted = false;
  const bounds = limits.forAttempt(policy.attemptMs);
  const commit = (): void => {
    isCommitted = true;
    bounds.untimed();
  };
  try {
    const context = { candidate, signal: bounds.signal, commit };
    const answer = await bounds.settled(() => ask(runtime, context), policy.abandonMs);
    return { status: "answered", answer };
  } catch (error) {
    const failure = limits.over?.failure ?? bounds.timeout ?? read(error);
    return { status: "failed", failure, error, isCommitted };
  } finally {
    bounds.end();
  }

  /** Anything can be thrown, even a value whose fields throw when they are read. */
  function read(error: unknown): CandidateFailure {
    try {
      return classify(error, candidate);
    } catch {
      return { kind: "failed", message: `"${candidate}" failed with an error that cannot be read.` };
    }
  }
}
