import type { Clock } from "../clock.ts";
import type { Attempt, Route, SkippedCandidate } from "./attempt.ts";
import type { CandidateFailure } from "./failover.ts";

/** Collects the evidence of one call while it runs. */
export interface Evidence {
  readonly startedAt: number;
  /** Notes why a candidate was passed over. The last reason counts, and none once the candidate is asked. */
  skip(candidate: string, reason: string): void;
  answer(attempt: AttemptTimes): void;
  fail(attempt: AttemptTimes, failure: CandidateFailure): void;
  /** Everything so far; `candidate` is the one that answered. */
  route(candidate?: string): Route;
}

/** Which candidate an attempt asked, how long it waited, how long it took, and what it used. */
type AttemptTimes = Pick<Attempt, "candidate" | "waitedMs" | "durationMs" | "usage">;

/** Starts the evidence of a call. */
export function createEvidence(profile: string, clock: Clock): Evidence {
  const startedAt = clock.monotonic();
  const attempts: Attempt[] = [];
  let skipped: Map<string, string> | undefined;

  return {
    startedAt,
    skip(candidate, reason) {
      skipped ??= new Map();
      skipped.set(candidate, reason);
    },
    answer: (attempt) => add({ ...attempt, outcome: "answered" }),
    fail: (attempt, { kind, ...said }) => add({ ...attempt, outcome: kind, ...said }),
    route: (candidate) => ({
      profile,
      ...(candidate === undefined ? {} : { candidate }),
      attempts,
      skipped: [...(skipped ?? [])].map(([candidate, reason]): SkippedCandidate => ({ candidate, reason })),
      durationMs: Math.round(clock.monotonic() - startedAt),
    }),
  };
  function add(attempt: Attempt): void {
    skipped?.delete(attempt.candidate);
    attempts.push(attempt);
  }
}
