import type { Clock } from "../clock.ts";
import type { Attempt, Route, SkippedCandidate } from "./attempt.ts";
import type { CandidateFailure } from "./failover.ts";

/** Collects the evidence of one call while it runs. */
export interface Evidence {
  readonly startedAt: number;
  skip(candidate: string, reason: string): void;
  answer(attempt: AttemptTimes): void;
  fail(attempt: AttemptTimes, failure: CandidateFailure): void;
  /** Everything so far; `candidate` is the one that answered. */
  route(candidate?: string): Route;
}

/** Which candidate an attempt asked, how long it waited, and how long it took. */
type AttemptTimes = Pick<Attempt, "candidate" | "waitedMs" | "durationMs">;

/** Starts the evidence of a call. */
export function createEvidence(profile: string, clock: Clock): Evidence {
  const startedAt = clock.monotonic();
  const attempts: Attempt[] = [];
  const skipped: SkippedCandidate[] = [];

  return {
    startedAt,
    skip: (candidate, reason) => skipped.push({ candidate, reason }),
    answer: (attempt) => attempts.push({ ...attempt, outcome: "answered" }),
    fail: (attempt, { kind, ...said }) => attempts.push({ ...attempt, outcome: kind, ...said }),
    route: (candidate) => ({
      profile,
      ...(candidate === undefined ? {} : { candidate }),
      attempts,
      skipped,
      durationMs: Math.round(clock.monotonic() - startedAt),
    }),
  };
}
