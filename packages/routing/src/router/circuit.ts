import type { FailureKind } from "./attempt.ts";
import { addedTo, emptyWindow, isMostlyFailing, type OutcomeWindow } from "./outcome-window.ts";
import type { RoutingPolicy } from "./policy.ts";

/**
 * The circuit breaker of one candidate, kept from call to call. Closed: calls may ask the candidate. Open: calls skip it
 * until a given time. Half open: that time has come, and one call probes the candidate while the others still skip it.
 */
export interface Circuit {
  /** The number of failures since the last answer. */
  readonly failures: number;
  /** How often the circuit has opened since the last answer after a cool-down. Each time doubles the cool-down. */
  readonly openings: number;
  /** The outcomes of the last while. */
  readonly recent: OutcomeWindow;
  readonly open?: {
    readonly why: OpenedBy;
    /** Monotonic milliseconds. */
    readonly until: number;
    /** A call is probing the candidate now. */
    readonly probing: boolean;
  };
}

/** What opened a circuit. `failing_often`: most recent attempts failed, but not in a row. */
type OpenedBy = "failing" | "failing_often" | "rate_limited" | "misconfigured";

/** Whether a call may ask the candidate now; if not, why, and for how long it may not. */
export type CircuitState =
  | { readonly state: "closed" }
  | { readonly state: "half_open" }
  | {
      readonly state: "open";
      readonly why: Exclude<OpenedBy, "failing_often"> | "probed";
      readonly reason: string;
      /** Absent while another call probes the candidate: the end of the probe decides. */
      readonly waitMs?: number;
    };

/** The circuit of a candidate without failures. */
export const closedCircuit: Circuit = { failures: 0, openings: 0, recent: emptyWindow };

const words = {
  failing_often: "most of its recent attempts failed",
  rate_limited: "it is rate limited",
  misconfigured: "it refused its key, model name or address",
} as const;

const closed: CircuitState = { state: "closed" };

/** Returns what a circuit allows at `now` (monotonic milliseconds). */
export function circuitState({ failures, open }: Circuit, now: number): CircuitState {
  if (open === undefined) return closed;
  const { why, until, probing } = open;
  const waitMs = until - now;
  if (waitMs <= 0) {
    // After a rate limit every call may come back, because the candidate itself named the time.
    if (why === "rate_limited") return closed;
    if (!probing) return { state: "half_open" };
  }
  const reason = why === "failing" ? `it failed ${failures} times in a row` : words[why];
  if (waitMs <= 0) return { state: "open", why: "probed", reason: `${reason}; another call is probing it` };
  const skipped = `it is skipped for another ${Math.ceil(waitMs / 1_000)} s`;
  const known = why === "failing_often" ? "failing" : why;
  return { state: "open", why: known, reason: `${reason}; ${skipped}`, waitMs };
}

/** Returns the circuit while one call probes the candidate. */
export function probing({ open, ...circuit }: Circuit): Circuit {
  return open === undefined ? circuit : { ...circuit, open: { ...open, probing: true } };
}

/** What determines the next state of a circuit, besides the outcome of an attempt. */
export interface CircuitUpdate {
  /** When the attempt began, in monotonic milliseconds. */
  readonly startedAt: number;
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
  update: CircuitUpdate,
): Circuit {
  const { now, retryAfterMs, isGivenUp, policy } = update;
  const askedMs = retryAfterMs === undefined ? undefined : Math.min(retryAfterMs, policy.maxRetryAfterMs);
  // Only an attempt that began after the pause speaks for what follows the pause.
  const wasUnderWay = circuit.open !== undefined && update.startedAt < circuit.open.until;
  switch (outcome) {
    case "answered":
      return wasUnderWay
        ? circuit
        : {
            ...closedCircuit,
            recent:
              circuit.open === undefined
                ? addedTo(circuit.recent, { now, failed: false, policy })
                : emptyWindow,
          };
    // The outcome says nothing about the candidate. If it was the probe, another call may probe.
    case "rejected":
    case "aborted":
      return circuit.open === undefined || wasUnderWay
        ? circuit
        : { ...circuit, open: { ...circuit.open, probing: false } };
    case "rate_limited":
      // A call that retries soon anyway does not close the candidate to the others, unless it was the one that probed.
      if (askedMs === undefined && !isGivenUp && circuit.open === undefined) {
        return { ...circuit, failures: circuit.failures + 1 };
      }
      return opened(circuit, "rate_limited", { ...update, pauseMs: askedMs, wasUnderWay });
    case "misconfigured":
      return opened(circuit, "misconfigured", { ...update, pauseMs: policy.misconfiguredMs, wasUnderWay });
    case "unavailable":
    case "bad_response":
    case "truncated":
    case "timed_out":
    case "failed": {
      const recent = addedTo(circuit.recent, { now, failed: true, policy });
      const next = { ...circuit, recent };
      const isInARow = circuit.open !== undefined || circuit.failures + 1 >= policy.failuresToOpen;
      if (!isInARow && !isMostlyFailing(recent, policy)) return { ...next, failures: circuit.failures + 1 };
      const why = isInARow ? "failing" : "failing_often";
      return opened(next, why, { ...update, pauseMs: askedMs, wasUnderWay });
    }
    default:
      return outcome satisfies never;
  }
}

/** The cool-down after the circuit has opened `openings` times: it doubles each time, up to a bound. */
export function cooldownMs(openings: number, policy: RoutingPolicy): number {
  const most = Math.max(policy.cooldownMs, policy.maxCooldownMs);
  return Math.min(most, policy.cooldownMs * 2 ** Math.max(0, openings - 1));
}

/** Opens a circuit. A pause that is already set may grow, but is never shortened. */
function opened(
  circuit: Circuit,
  why: OpenedBy,
  {
    now,
    pauseMs,
    wasUnderWay,
    policy,
  }: CircuitUpdate & { readonly pauseMs: number | undefined; readonly wasUnderWay: boolean },
): Circuit {
  const { open: before, ...rest } = circuit;
  const failures = circuit.failures + 1;
  const isSuspect = why === "failing" || why === "failing_often";
  if (before !== undefined && wasUnderWay) {
    // The attempt began before the pause, so it tells of the same outage: it neither lets the cool-down grow nor ends a probe.
    const until = now + (pauseMs ?? 0);
    const open = until <= Math.max(before.until, now) ? before : { why, until, probing: false };
    return { ...rest, failures, open };
  }
  const openings = circuit.openings + 1;
  const ownMs = isSuspect || pauseMs === undefined ? cooldownMs(openings, policy) : 0;
  const pause = Math.max(ownMs, pauseMs ?? 0);
  // A cool-down of 0 switches the circuit breaker off.
  if (pause === 0) return { ...rest, failures };
  return { ...rest, failures, openings, open: { why, until: now + pause, probing: false } };
}
