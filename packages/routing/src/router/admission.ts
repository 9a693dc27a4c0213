import type { CircuitState } from "./circuit.ts";

/** Whether a call may ask a candidate now, and if not, what it would have to wait for. */
export type Standing =
  | { readonly state: "ready" }
  /** It cannot be asked at all. */
  | { readonly state: "missing"; readonly reason: string }
  /** It can be asked after a pause, or, without `waitMs`, after an event of unknown time. */
  | {
      readonly state: "waiting";
      readonly why: Extract<CircuitState, { state: "open" }>["why"] | "full" | "backoff" | "quota";
      readonly reason: string;
      readonly waitMs?: number;
    };

/** One of the candidates that a call may still ask, in order. */
export interface Contender {
  readonly standing: Standing;
  readonly isStandIn: boolean;
}

/** What a call does next. Indexes are those of the contenders. */
export type Step =
  | { readonly step: "ask"; readonly index: number }
  | {
      readonly step: "wait";
      /** The candidates of which one may become ready. */
      readonly for: readonly number[];
      /** At most this long; absent if only an event can end the wait. */
      readonly waitMs?: number;
      /** Another candidate is ready, so the wait costs patience. */
      readonly isPatience: boolean;
    }
  | { readonly step: "end" };

/**
 * Decides whom a call asks next, or for whom it waits. It is a pure function.
 *
 * The first ready candidate is asked, and a full one before it is passed over. For a candidate before it that named the time
 * of its pause, the call waits as far as its patience lasts. If none is ready, the call waits for the first that may become
 * ready within the deadline, rather than ask a stand-in. It waits for an open circuit only where no other candidate has
 * failed it yet and no stand-in is ready, because such a candidate may well fail again.
 */
export function nextStep(
  contenders: readonly Contender[],
  call: {
    /** The time until the deadline. */
    readonly remainingMs: number;
    /** The time that the call may still wait while another candidate is ready. */
    readonly patienceMs: number;
    /** A candidate was given up in this call. */
    readonly hasFailed: boolean;
  },
): Step {
  const { remainingMs, patienceMs, hasFailed } = call;
  const hopes: number[] = [];
  let shortestMs: number | undefined;
  for (const [index, { standing, isStandIn }] of contenders.entries()) {
    if (standing.state === "missing") continue;
    if (standing.state === "ready") {
      if (isStandIn && hopes.length > 0) continue;
      return { step: "ask", index };
    }
    if (!mayAnswer(standing)) continue;
    const { waitMs } = standing;
    if (isNamed(standing) && waitMs !== undefined && waitMs <= patienceMs && isRealReadyAfter(index)) {
      return { step: "wait", for: [index], waitMs, isPatience: true };
    }
    hopes.push(index);
    if (waitMs !== undefined) shortestMs = Math.min(waitMs, shortestMs ?? waitMs);
  }
  if (hopes.length === 0) return { step: "end" };
  const wait = { step: "wait", for: hopes, isPatience: false } as const;
  return shortestMs === undefined ? wait : { ...wait, waitMs: shortestMs };

  function mayAnswer(standing: Extract<Standing, { state: "waiting" }>): boolean {
    if (standing.why === "misconfigured") return false;
    const isUncertain = standing.why === "failing" || standing.why === "probed";
    if (isUncertain && (hasFailed || isStandInReady())) return false;
    return standing.waitMs === undefined || standing.waitMs < remainingMs;
  }

  function isStandInReady(): boolean {
    return contenders.some((one) => one.isStandIn && one.standing.state === "ready");
  }

  function isRealReadyAfter(index: number): boolean {
    return contenders.some((one, at) => at > index && !one.isStandIn && one.standing.state === "ready");
  }
}

/** The time of the pause is known for certain: the candidate named it, or the router did. */
function isNamed({ why }: Extract<Standing, { state: "waiting" }>): boolean {
  return why === "rate_limited" || why === "backoff" || why === "quota";
}
