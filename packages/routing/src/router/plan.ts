import {
  candidatesOf,
  type OrderedCandidate,
  type Profile,
  type Profiles,
  profileName,
} from "../config/profile.ts";
import type { Member } from "./candidate.ts";
import { latencyAt } from "./latency.ts";
import { inOrder } from "./order.ts";
import { standingOf } from "./standing.ts";

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
  /** How fast the candidate began to answer lately, where the profile goes by it and it is known. */
  readonly latencyMs?: number;
}

/**
 * Plans a call that would start at `now` (monotonic milliseconds). A profile with weights is planned in the order of its
 * weights, because each call draws its own order. Throws `ATLAS_ROUTING_PROFILE_UNKNOWN`.
 */
export function planRoute<Runtime>(
  config: Profiles,
  members: ReadonlyMap<string, Member<Runtime>>,
  call: {
    readonly profile: string | undefined;
    readonly unfit: ((candidate: string) => string | undefined) | undefined;
    readonly now: number;
  },
): RoutePlan {
  const { now, unfit } = call;
  const profile = profileName(config, call.profile);
  const byLatency = isByLatency(config.profiles[profile]);
  const ordered = inOrder(candidatesOf(config, profile), {
    profile: config.profiles[profile],
    members,
    now,
    // The most probable order.
    random: () => 0.5,
  });
  return {
    profile,
    candidates: ordered.map((entry) => {
      const member = members.get(entry.candidate);
      const { candidate } = entry;
      const standing = standingOf(member, {
        now,
        notBefore: 0,
        tokens: 0,
        hasPlace: false,
        candidate,
        unfit,
      });
      const model = member?.candidate.model;
      const latencyMs = byLatency ? latencyAt(member?.latency, now) : undefined;
      const planned = {
        ...entry,
        ...(model === undefined ? {} : { model }),
        ...(latencyMs === undefined ? {} : { latencyMs: Math.round(latencyMs) }),
      };
      return standing.state === "ready"
        ? { ...planned, state: "ready" }
        : { ...planned, state: "skipped", reason: standing.reason };
    }),
  };
}

function isByLatency(profile: Profile | undefined): boolean {
  return profile !== undefined && "candidates" in profile && profile.order === "latency";
}
