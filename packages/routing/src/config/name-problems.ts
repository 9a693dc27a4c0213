import { didYouMean } from "../nearest.ts";
import type { Problem } from "./problem.ts";
import type { HarnessRoutingConfig, LLMRoutingConfig, ProfileWithOptions } from "./schema.ts";

/** Profiles and candidates that do not exist. */
export function* nameProblems(
  path: readonly PropertyKey[],
  section: LLMRoutingConfig | HarnessRoutingConfig | undefined,
  known: readonly string[],
): Iterable<Problem> {
  if (section === undefined) return;
  const { default_profile, profiles, fallback = [] } = section;
  const providers = "providers" in section ? Object.entries(section.providers ?? {}) : [];
  const costs = new Set(
    providers.filter(([, { usd_per_million_tokens: cost }]) => cost !== undefined).map(([id]) => id),
  );
  const names = Object.keys(profiles);
  if (default_profile !== undefined && !names.includes(default_profile)) {
    yield {
      path: [...path, "default_profile"],
      text: `there is no profile "${default_profile}".${didYouMean(default_profile, names)}`,
    };
  }
  for (const [name, profile] of Object.entries(profiles)) {
    const at = [...path, "profiles", name, ...(Array.isArray(profile) ? [] : ["candidates"])];
    yield* unknownCandidates(at, Array.isArray(profile) ? profile : profile.candidates, known);
    if (!Array.isArray(profile)) yield* profileProblems([...path, "profiles", name], profile, known, costs);
  }
  yield* unknownCandidates([...path, "fallback"], fallback, known, names);
}

/** Options of a profile that would have no effect, or whose candidates do not exist. */
function* profileProblems(
  path: readonly PropertyKey[],
  profile: ProfileWithOptions,
  known: readonly string[],
  costs: ReadonlySet<string>,
): Iterable<Problem> {
  const { candidates, order, weights } = profile;
  for (const key of ["context_window_fallback", "content_filter_fallback"] as const) {
    yield* unknownCandidates([...path, key], profile[key] ?? [], known);
  }
  for (const id of Object.keys(weights ?? {})) {
    if (candidates.includes(id)) continue;
    const text = `"${id}" is not among the profile's candidates.${didYouMean(id, candidates)}`;
    yield { path: [...path, "weights", id], text };
  }
  if (weights !== undefined && order !== undefined && order !== "listed") {
    yield {
      path: [...path, "weights"],
      text: `cannot be combined with "order": "${order}". Remove one of the two.`,
    };
  }
  if (order === "cost" && !candidates.some((id) => costs.has(id))) {
    const text =
      'no candidate of the profile has a cost. Set "usd_per_million_tokens" under llm.providers for at least one of them.';
    yield { path: [...path, "order"], text };
  }
}

function* unknownCandidates(
  path: readonly PropertyKey[],
  candidates: readonly string[],
  known: readonly string[],
  profiles: readonly string[] = [],
): Iterable<Problem> {
  for (const [index, candidate] of candidates.entries()) {
    if (known.includes(candidate)) continue;
    const text = profiles.includes(candidate)
      ? `"${candidate}" is a profile; "fallback" lists candidates.`
      : `there is no candidate "${candidate}".${didYouMean(candidate, known)}`;
    yield { path: [...path, index], text };
  }
}
