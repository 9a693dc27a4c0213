import type { OrderedCandidate, Profile } from "../config/profile.ts";
import type { Member } from "./candidate.ts";
import { latencyAt } from "./latency.ts";

/**
 * Puts the candidates of a profile into the order that the profile asks for. Those of the default profile and of `fallback`
 * stay behind them, as they are. `random` returns a number 0 ≤ x < 1.
 */
export function inOrder(
  candidates: readonly OrderedCandidate[],
  call: {
    readonly profile: Profile | undefined;
    readonly members: ReadonlyMap<string, Pick<Member<unknown>, "candidate" | "latency">>;
    readonly now: number;
    readonly random: () => number;
  },
): readonly OrderedCandidate[] {
  const { profile, members, now, random } = call;
  if (profile === undefined || !("candidates" in profile)) return candidates;
  const { order = "listed", weights } = profile;
  const rankOf = rankFor();
  if (rankOf === undefined) return candidates;
  const own = candidates.filter(({ from }) => from === "profile");
  const ranked = own.map((entry) => ({ entry, rank: rankOf(entry.candidate) }));
  ranked.sort((left, right) => left.rank - right.rank);
  return [...ranked.map(({ entry }) => entry), ...candidates.filter(({ from }) => from !== "profile")];

  /** The lowest rank is asked first; equal ranks keep the listed order. */
  function rankFor(): ((candidate: string) => number) | undefined {
    if (weights !== undefined) {
      // Drawing by weight without replacement: the k-th place goes to the k-th shortest of these exponential waits.
      return (candidate) => {
        const weight = (Object.hasOwn(weights, candidate) ? weights[candidate] : undefined) ?? 1;
        return weight === 0 ? LAST : -Math.log(1 - random()) / weight;
      };
    }
    if (order === "cost") return (candidate) => members.get(candidate)?.candidate.cost ?? LAST;
    // A candidate without observations comes first, or it would never be observed.
    if (order === "latency") return (candidate) => latencyAt(members.get(candidate)?.latency, now) ?? -1;
    return undefined;
  }
}

const LAST = Number.MAX_VALUE;
