import { RoutingError } from "../errors.ts";
import { didYouMean, nearestName } from "../nearest.ts";
import type { RejectionFallbacks } from "../router/rejection-fallback.ts";

/** Which candidates a router asks, and in which order. Models and agents have the same shape. */
export interface Profiles {
  /** The profile of calls that name none. Its candidates also follow those of any other profile. Default: the first one. */
  readonly default_profile?: string | undefined;
  readonly profiles: Readonly<Record<string, Profile>>;
  /** Candidates (not profiles) that are asked after all others. Default: none. */
  readonly fallback?: readonly string[] | undefined;
}

/** Candidates, the preferred one first. Use the object to set options. */
export type Profile =
  | readonly string[]
  | {
      readonly candidates: readonly string[];
      /**
       * Whether the next candidate is asked when one rejects the request itself, such as a prompt that is too long. It costs
       * further attempts where the request is wrong for every candidate. Default: false.
       */
      readonly fail_over_on_rejected?: boolean | undefined;
      /**
       * Candidates that are asked, in order, when one rejects the request because it is too long for its model: name models
       * with a larger context window. Default: the call fails, or does what `fail_over_on_rejected` says.
       */
      readonly context_window_fallback?: readonly string[] | undefined;
      /** The same for a request or an answer that a content filter stopped. */
      readonly content_filter_fallback?: readonly string[] | undefined;
      /**
       * The order in which the profile's own candidates are asked: as `listed`, the cheapest first (`cost`), or the one that
       * lately began to answer soonest (`latency`). Default: `listed`.
       */
      readonly order?: "listed" | "cost" | "latency" | undefined;
      /**
       * Draws the order for each call, so that candidates come first in proportion to their weights. A candidate without a
       * weight has 1; one with 0 comes last. Default: no drawing.
       */
      readonly weights?: Readonly<Record<string, number>> | undefined;
    };

/** A candidate, and the list that it comes from. */
export interface OrderedCandidate {
  readonly candidate: string;
  readonly from: "profile" | "default_profile" | "fallback";
}

/** Returns the name of the profile that a call uses. Throws `ATLAS_ROUTING_PROFILE_UNKNOWN`. */
export function profileName({ default_profile, profiles }: Profiles, wanted?: string): string {
  const known = Object.keys(profiles);
  const name = wanted ?? default_profile ?? known[0] ?? "default";
  if (wanted === undefined || Object.hasOwn(profiles, wanted)) return name;
  const nearest = nearestName(wanted, known);
  throw new RoutingError(
    "ATLAS_ROUTING_PROFILE_UNKNOWN",
    { profile: wanted, known, ...(nearest === undefined ? {} : { nearest }) },
    `There is no profile "${wanted}".${didYouMean(wanted, known)} Known profiles: ${known.join(", ") || "none"}. Use one of them, or add "${wanted}" under "profiles".`,
  );
}

/** Lists all candidates of a call, each once: those of its profile, those of the default profile, then `fallback`. */
export function candidatesOf(config: Profiles, profile: string): readonly OrderedCandidate[] {
  const seen = new Set<string>();
  const listed = [
    ...namesOf(config, profile).map((candidate) => ({ candidate, from: "profile" as const })),
    ...namesOf(config, profileName(config)).map((candidate) => ({
      candidate,
      from: "default_profile" as const,
    })),
    ...(config.fallback ?? []).map((candidate) => ({ candidate, from: "fallback" as const })),
  ];
  return listed.filter(({ candidate }) => !seen.has(candidate) && seen.add(candidate));
}

const stops: RejectionFallbacks = { failsOver: false, targets: {} };

/** What a profile does after a candidate has rejected the request. */
export function onRejectedOf({ profiles }: Profiles, name: string): RejectionFallbacks {
  const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (profile === undefined || !("candidates" in profile)) return stops;
  return {
    failsOver: profile.fail_over_on_rejected === true,
    targets: {
      context_window: profile.context_window_fallback,
      content_filter: profile.content_filter_fallback,
    },
  };
}

function namesOf({ profiles }: Profiles, name: string): readonly string[] {
  const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (profile === undefined) return [];
  return "candidates" in profile ? profile.candidates : profile;
}
