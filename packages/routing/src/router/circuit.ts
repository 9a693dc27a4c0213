import type { FailureKind } from "./attempt.ts";
import type { RoutingPolicy } from "./policy.ts";

/**
 * What is remembered of one candidate from call to call. Closed: it is asked. Open: it is left alone until a time. Half
 * open: that time has come, and one call may probe it while the others keep away.
 */
export interface Circuit {
  /** Failures since the last answer. */
  readonly failures: number;
  readonly open?: {
    readonly why: "failing" | "rate_limited" | "misconfigured";
    /** Monotonic milliseconds. */
    readonly until: number;
    /** A call is probing right now. */
    readonly probing: boolean;
  };
}

/** Whether a candidate may be asked now; `wait` says how long it is still left alone. */
export type CircuitState =
  | { readonly state: "closed" }
  | { readonly state: "half_open" }
  | {
      readonly state: "open";
      readonly reason: string;
      readonly waitMs: number;
      readonly worthWaiting: boolean;
    };

/** A circuit of which nothing bad is known. */
export const closedCircuit: Circuit = { failures: 0 };

/** What a circuit allows at `now`. */
export function circuitState({ failures, open }: Circuit, now: number): CircuitState {
  if (open === undefined) return { state: "closed" };
  const waitMs = Math.max(0, open.until - now);
  // After a rate limit everybody may come back: the candidate itself said when.
  if (waitMs === 0 && open.why === "rate_limited") return { state: "closed" };
  if (waitMs === 0 && !open.probing) return { state: "half_open" };
  const until = waitMs === 0 ? "another call is trying it" : `left alone for ${inSeconds(waitMs)} more`;
  const reason = {
    failing: `failed ${failures} times in a row`,
    rate_limited: "asked to be called less often",
    misconfigured: "refused its key, name or address",
  }[open.why];
  return { state: "open", reason: `${reason}; ${until}`, waitMs, worthWaiting: open.why === "rate_limited" };
}

/** The circuit while one call probes it. */
export function probing({ failures, open }: Circuit): Circuit {
  return open === undefined ? { failures } : { failures, open: { ...open, probing: true } };
}

/** What decides how a circuit goes on, besides the outcome. */
export interface CircuitUpdate {
  /** Monotonic milliseconds. */
  readonly now: number;
  readonly retryAfterMs?: number;
  /** The call tries this candidate no more. */
  readonly isGivenUp: boolean;
  readonly policy: RoutingPolicy;
}

/** The circuit after an attempt. The same circuit and outcome always give the same circuit. */
export function circuitAfter(
  circuit: Circuit,
  outcome: "answered" | FailureKind,
  { now, retryAfterMs, isGivenUp, policy }: CircuitUpdate,
): Circuit {
  const askedMs = retryAfterMs === undefined ? undefined : Math.min(retryAfterMs, policy.maxRetryAfterMs);
  switch (outcome) {
    case "answered":
      // A call that was under way when the candidate asked for a pause does not end the pause.
      return circuit.open?.why === "rate_limited" && now < circuit.open.until
        ? { failures: 0, open: circuit.open }
        : closedCircuit;
    // Says nothing about the candidate; a probe that ended so leaves the place to the next.
    case "rejected":
    case "aborted":
      return circuit.open === undefined
        ? circuit
        : { failures: circuit.failures, open: { ...circuit.open, probing: false } };
    case "rate_limited":
      if (askedMs === undefined && !isGivenUp) return { failures: circuit.failures + 1 };
      return opened(circuit, "rate_limited", now + (askedMs ?? policy.cooldownMs));
    case "misconfigured":
      return opened(circuit, "misconfigured", now + policy.misconfiguredMs);
    case "unavailable":
    case "bad_response":
    case "truncated":
    case "timed_out":
    case "failed": {
      const failures = circuit.failures + 1;
      if (failures < policy.failuresToOpen) return { failures };
      return opened(circuit, "failing", now + Math.max(askedMs ?? 0, policy.cooldownMs));
    }
    default:
      return outcome satisfies never;
  }
}

function opened({ failures }: Circuit, why: NonNullable<Circuit["open"]>["why"], until: number): Circuit {
  return { failures: failures + 1, open: { why, until, probing: false } };
}

function inSeconds(ms: number): string {
  return `${Math.ceil(ms / 1_000)} s`;
}
