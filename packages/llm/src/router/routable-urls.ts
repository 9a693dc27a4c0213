import type { Candidate, LLMRoutingConfig, RoutePlan } from "@atlas/routing";
import { commonUrls, type SupportedUrls } from "../ai-sdk/supported-urls.ts";
import { isTextOnly } from "../ai-sdk/to-model.ts";
import type { LLMRuntime, ModelOptions } from "../contract/runtime.ts";

/**
 * Finds the URLs that every candidate of a profile reads itself. Candidates that cannot be asked at all do not count, nor do
 * those that carry text only, because they get no request with a file. The first call for a profile loads the packages of its
 * candidates.
 */
export function routableUrls({
  config,
  candidates,
  unfitForText,
  explainRoute,
}: {
  readonly config: LLMRoutingConfig | undefined;
  readonly candidates: ReadonlyMap<string, Candidate<LLMRuntime>>;
  readonly unfitForText: ((candidate: string) => string | undefined) | undefined;
  readonly explainRoute: (profile?: string) => RoutePlan;
}): (options: ModelOptions) => Promise<SupportedUrls> {
  const known = new Map<string | undefined, Promise<SupportedUrls>>();

  return ({ profile, fallback, model }) => {
    if (fallback !== undefined || model !== undefined) return find(profile, fallback, model);
    // The AI SDK asks before every call.
    const before = known.get(profile);
    if (before !== undefined) return before;
    const found = find(profile);
    known.set(profile, found);
    // An unknown profile is not remembered.
    found.catch(() => known.delete(profile));
    return found;
  };

  async function find(
    profile: string | undefined,
    fallback: readonly string[] = [],
    model?: string,
  ): Promise<SupportedUrls> {
    const plan = explainRoute(profile);
    const names = new Set([
      ...plan.candidates.map(({ candidate }) => candidate),
      ...fallback,
      ...rejectionTargets(plan.profile),
    ]);
    const asked = [...names].filter((name) => unfitForText?.(name) === undefined);
    const all = await Promise.all(asked.map((name) => urlsOf(candidates.get(name), model)));
    return commonUrls(all.filter((urls) => urls !== undefined));
  }

  function rejectionTargets(name: string): readonly string[] {
    const profile = config?.profiles[name];
    if (profile === undefined || !("candidates" in profile)) return [];
    return [...(profile.context_window_fallback ?? []), ...(profile.content_filter_fallback ?? [])];
  }
}

async function urlsOf(
  candidate: Candidate<LLMRuntime> | undefined,
  name: string | undefined,
): Promise<SupportedUrls | undefined> {
  try {
    if (candidate === undefined || candidate.unavailable?.() !== undefined) return undefined;
    const model = candidate.runtime.languageModel?.(name === undefined ? {} : { model: name });
    return model === undefined || isTextOnly(model) ? undefined : await model.supportedUrls;
  } catch {
    // Its calls will say what is wrong with it.
    return {};
  }
}
