import { candidatesOf, type OrderedCandidate, type Profiles, profileName } from "../config/profile.ts";
import type { Member } from "./candidate.ts";
import { circuitState } from "./circuit.ts";

/** The candidates of a profile in the order in which a router would ask them now. */
export interface RoutePlan {
  readonly profile: string;
  readonly candidates: readonly PlannedCandidate[];
}

/** One candidate of a plan. A `skipped` candidate has a `reason`. */
export interface PlannedCandidate extends OrderedCandidate {
  readonly state: "ready" | "skipped";
  readonly reason?: string;
  /** The model that the candidate asks unless a call names another, where it is known. */
  readonly model?: string;
}

/** Plans a call that would start at `now` (monotonic milliseconds). Throws `ATLAS_ROUTING_PROFILE_UNKNOWN`. */
export function planRoute<Runtime>(
  config: Profiles,
  members: ReadonlyMap<string, Member<Runtime>>,
  call: { readonly profile: string | undefined; readonly now: number },
): RoutePlan {
  const profile = profileName(config, call.profile);
  return {
    profile,
    candidates: candidatesOf(config, profile).map((entry) => {
      const member = members.get(entry.candidate);
      const reason = reasonToSkip(member, call.now);
      const model = member?.candidate.model;
      const planned = { ...entry, ...(model === undefined ? {} : { model }) };
      return reason === undefined ? { ...planned, state: "ready" } : { ...planned, state: "skipped", reason };
    }),
  };
}

/** Why a candidate cannot be asked at `now`, or `undefined` when it can. */
function reasonToSkip<Runtime>(member: Member<Runtime> | undefined, now: number): string | undefined {
  const missing = reasonMissing(member);
  if (missing !== undefined || member === undefined) return missing;
  const state = circuitState(member.circuit, now);
  return state.state === "open" ? state.reason : undefined;
}

/** Why a candidate cannot be asked, whatever its history is. */
export function reasonMissing<Runtime>(member: Member<Runtime> | undefined): string | undefined {
  if (member === undefined) return "there is no such candidate";
  try {
    return member.candidate.unavailable?.();
  } catch {
    // The candidate's own code: what it throws must not fail a call that others can answer, nor be shown.
    return "its `unavailable` threw an error";
  }
}

/** True for a candidate that is ready and real, so that a call need not wait for the one before it. */
export function isWorthHurrying<Runtime>(member: Member<Runtime> | undefined, now: number): boolean {
  return member?.candidate.isStandIn !== true && reasonToSkip(member, now) === undefined;
}
