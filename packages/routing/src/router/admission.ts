import type { Clock } from "../clock.ts";
import type { Member } from "./candidate.ts";
import { circuitState, probing } from "./circuit.ts";
import type { Limits } from "./limits.ts";
import { reasonMissing } from "./plan.ts";
import type { RoutingPolicy } from "./policy.ts";

/** Whether a call may ask a candidate. */
export type Admission<Runtime> =
  | { readonly status: "admitted"; readonly member: Member<Runtime>; readonly giveBack: () => void }
  | { readonly status: "skipped"; readonly reason: string }
  /** The call ended while it waited. */
  | { readonly status: "over" };

/**
 * Waits until a call may ask a candidate: for its circuit where that is worth it, then for a free place. A candidate that
 * is unavailable, or whose circuit stays open for too long, is skipped.
 */
export async function admit<Runtime>(
  member: Member<Runtime> | undefined,
  call: {
    readonly limits: Limits;
    /** True while a candidate after this one could answer sooner. */
    readonly hasNext: () => boolean;
    readonly policy: RoutingPolicy;
    readonly clock: Clock;
  },
): Promise<Admission<Runtime>> {
  const { limits, hasNext, policy, clock } = call;
  for (;;) {
    const missing = reasonMissing(member);
    if (member === undefined || missing !== undefined) return { status: "skipped", reason: missing ?? "" };
    const state = circuitState(member.circuit, clock.monotonic());
    if (state.state === "open") {
      const isWorthIt = state.worthWaiting && (state.waitMs <= policy.patienceMs || !hasNext());
      if (isWorthIt && state.waitMs < limits.remainingMs() && (await limits.pause(state.waitMs))) continue;
      return { status: "skipped", reason: state.reason };
    }
    const giveBack = await member.places.take(limits.signal).catch(() => undefined);
    if (giveBack === undefined) {
      return limits.over?.why === "deadline"
        ? { status: "skipped", reason: "all its places were taken until the deadline" }
        : { status: "over" };
    }
    // Other calls may have changed the circuit while this one waited for a place.
    if (circuitState(member.circuit, clock.monotonic()).state !== state.state) {
      giveBack();
      continue;
    }
    if (state.state === "half_open") member.circuit = probing(member.circuit);
    return { status: "admitted", member, giveBack };
  }
}
