import type { RejectionReason } from "./attempt.ts";
import type { CandidateFailure } from "./failover.ts";

/** What a profile does when a candidate rejects the request itself. */
export interface RejectionFallbacks {
  /** Whether the next candidate is asked after any rejection. */
  readonly failsOver: boolean;
  /** The candidates that are asked after a rejection for that reason. */
  readonly targets: Readonly<Partial<Record<RejectionReason, readonly string[] | undefined>>>;
}

/** Whether another candidate is asked after a rejection. */
export function failsOverAfter(
  failure: Pick<CandidateFailure, "kind" | "rejectedFor">,
  fallbacks: RejectionFallbacks,
): boolean {
  return (
    fallbacks.failsOver ||
    failure.rejectedFor === "unsupported" ||
    fallbackAfter(failure, fallbacks) !== undefined
  );
}

/** The candidates that a profile names for a failure, or `undefined` if it names none. */
export function fallbackAfter(
  { kind, rejectedFor }: Pick<CandidateFailure, "kind" | "rejectedFor">,
  { targets }: RejectionFallbacks,
): readonly string[] | undefined {
  return kind !== "rejected" || rejectedFor === undefined ? undefined : targets[rejectedFor];
}
