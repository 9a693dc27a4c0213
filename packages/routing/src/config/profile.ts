import { RoutingError } from "../errors.ts";
import { didYouMean, nearestName } from "../nearest.ts";

/** Who may be asked, in which order. The same shape serves models and agents. */
export interface Profiles {
  /** Used where a call names none, and after the candidates of any other. Default: the first of `profiles`. */
  readonly default_profile?: string | undefined;
  readonly profiles: Readonly<Record<string, Profile>>;
  /** Candidates (never profiles) that come after all others. Default: none. */
  readonly fallback?: readonly string[] | undefined;
}

/** Candidates, the preferred one first; as an object where more is to be said. */
export type Profile =
  | readonly string[]
  | {
      readonly candidates: readonly string[];
      /** Ask the next candidate also when one refuses the request itself, such as an overlong prompt. Default: false. */
      readonly fail_over_on_rejected?: boolean | undefined;
    };

/** A candidate and what put it on the list. */
export interface OrderedCandidate {
  readonly candidate: string;
  readonly from: "profile" | "default_profile" | "fallback";
}

/** The name of the profile that a call means. Throws `ATLAS_ROUTING_PROFILE_UNKNOWN`. */
export function profileName({ default_profile, profiles }: Profiles, wanted?: string): string {
  const known = Object.keys(profiles);
  const name = wanted ?? default_profile ?? known[0] ?? "default";
  if (wanted === undefined || Object.hasOwn(profiles, wanted)) return name;
  const nearest = nearestName(wanted, known);
  throw new RoutingError(
    "ATLAS_ROUTING_PROFILE_UNKNOWN",
    { profile: wanted, known, ...(nearest === undefined ? {} : { nearest }) },
    `No profile is named "${wanted}".${didYouMean(wanted, known)} Known: ${known.join(", ") || "none"}. Add it under profiles.`,
  );
}

/** Everybody who may be asked: the profile's candidates, the default profile's, then `fallback`, each once. */
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

/** True where a profile lets the next candidate try what one has rejected. */
export function failsOverOnRejected({ profiles }: Profiles, name: string): boolean {
  const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  return profile !== undefined && "candidates" in profile && profile.fail_over_on_rejected === true;
}

function namesOf({ profiles }: Profiles, name: string): readonly string[] {
  const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (profile === undefined) return [];
  return "candidates" in profile ? profile.candidates : profile;
}
