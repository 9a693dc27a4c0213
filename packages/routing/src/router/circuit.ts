import type { FailureKind } from "./attempt.ts";
import type { RoutingPolicy } from "./policy.ts";

/**
 * The circuit breaker of one candidate, kept from call to call. Closed: calls may ask the candidate. Open: calls skip it
 * until a given time. Half open: that time has come, and one call probes the candidate while the others still skip it.
 */
export interface Circuit {
  /** The number of failures since the last answer. */
  readonly failures: number;
  readonly open?: {
    readonly why: "failing" | "rate_limited" | "misconfigured";
    /** Monotonic milliseconds. */
    readonly until: number;
    /** A call is probing the candidate now. */
    readonly probing: boolean;
  };
}

/** Whether a call may ask the candidate now; if not, for how long it may not. */
export type CircuitState =
  | { readonly state: "closed" }
  | { readonly state: "half_open" }
  | {
      readonly state: "open";
      readonly reason: string;
      readonly waitMs: number;
      readonly worthWaiting: boolean;
    };

/** The circuit of a candidate without failures. */
export const closedCircuit: Circuit = { failures: 0 };

/** Returns what a circuit allows at `now` (monotonic milliseconds). */
export function circuitState({ failures, open }: Circuit, now: number): CircuitState {
  if (open === undefined) return { state: "closed" };
  const waitMs = Math.max(0, open.until - now);
  // After a rate limit every call may come back, because the candidate itself named the time.
  if (waitMs === 0 && open.why === "rate_limited") return { state: "closed" };
  if (waitMs === 0 && !open.probing) return { state: "half_open" };
  const until =
    waitMs === 0 ? "another call is probing it" : `it is skipped for another ${inSeconds(waitMs)}`;
  const reason = {
    failing: `it failed ${failures} times in a row`,
    rate_limited: "it is rate limited",
    misconfigured: "it refused its key, model name or address",
  }[open.why];
  return { state: "open", reason: `${reason}; ${until}`, waitMs, worthWaiting: open.why === "rate_limited" };
}

/** Returns the circuit while one call probes the candidate. */
export function probing({ failures, open }: Circuit): Circuit {
  return open === undefined ? { failures } : { failures, open: { ...open, probing: true } };
}

/** What determines the next state of a circuit, besides the outcome of an attempt. */
export interface CircuitUpdate {
  /** Monotonic milliseconds. */
  readonly now: number;
  readonly retryAfterMs?: number;
  /** The call makes no further attempt at this candidate. */
  readonly isGivenUp: boolean;
  readonly policy: RoutingPolicy;
}

/** Returns the circuit after an attempt. It is a pure function. */
export function circuitAfter(
  circuit: Circuit,
  outcome: "answered" | FailureKind,
  { now, retryAfterMs, isGivenUp, policy }: CircuitUpdate,
): Circuit {
  const askedMs = retryAfterMs === undefined ? undefined : Math.min(retryAfterMs, policy.maxRetryAfterMs);
  switch (outcome) {
    case "answered":
      // The answer to a call that began before the rate limit does not end the pause.
      return circuit.open?.why === "rate_limited" && now < circuit.open.until
        ? { failures: 0, open: circuit.open }
        : closedCircuit;
    // The outcome says nothing about the candidate. If it was a probe, another call may probe.
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
