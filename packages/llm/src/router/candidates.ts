import type { Candidate, Clock, LLMRoutingConfig, ProviderConfig } from "@atlas/routing";
import { builtInCandidates, checkOptions } from "@atlas/routing/internal";
import type { LLMRuntime } from "../contract/runtime.ts";
import { createMockLLM } from "../mock/mock.ts";
import { optionOfKind } from "../models/model-kind.ts";
import type { ModelSource } from "../models/model-source.ts";
import { type CandidateModels, sourceOfOwn } from "../models/own-models.ts";
import { limitsOf } from "../providers/candidate-limits.ts";
import { createProvider } from "../providers/provider.ts";

/** The name of the candidate that stands in for models. */
export const MOCK = "mock";

/** Where the candidates of a router come from. */
export interface CandidateSources {
  readonly config?: LLMRoutingConfig | undefined;
  readonly providers?: Readonly<Record<string, LLMRuntime>> | undefined;
  readonly models?: Readonly<Record<string, CandidateModels>> | undefined;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly fetch?: typeof globalThis.fetch;
}

/** The candidates of a router, and what they offer. */
export interface LLMCandidates {
  readonly candidates: ReadonlyMap<string, Candidate<LLMRuntime>>;
  /** What they offer besides text. */
  readonly sources: ReadonlyMap<string, ModelSource>;
  /** Why a candidate is not asked for text; `undefined` where all of them are. */
  readonly unfitForText: ((candidate: string) => string | undefined) | undefined;
}

/** Every candidate that a profile can name: the mock, the built-in and configured services, and what the host brings. */
export function candidatesFor(
  { config, providers = {}, models = {}, env = {}, fetch }: CandidateSources,
  clock: Clock,
): LLMCandidates {
  const configured = config?.providers ?? {};
  const candidates = new Map<string, Candidate<LLMRuntime>>([
    [MOCK, { runtime: createMockLLM(), isStandIn: true }],
  ]);
  const sources = new Map<string, ModelSource>();
  const withoutText = new Map<string, string>();
  for (const id of [...builtInCandidates.keys(), ...Object.keys(configured)]) {
    const provider = createProvider(id, configured[id] ?? {}, { env, clock, fetch });
    candidates.set(id, provider.candidate);
    sources.set(id, provider.models);
    if (provider.noText !== undefined) withoutText.set(id, provider.noText);
  }
  for (const [id, runtime] of Object.entries(providers)) {
    candidates.set(id, { runtime, isStandIn: id === MOCK, ...limitsOf(configured[id] ?? {}) });
    sources.delete(id);
    withoutText.delete(id);
  }
  for (const [id, own] of Object.entries(models)) {
    checkOptions(`createLLMRouter's models: ${JSON.stringify(id)}`, own, Object.keys(optionOfKind));
    const config = configured[id] ?? {};
    const isService = sources.has(id) && (builtInCandidates.has(id) || isAddressed(config));
    sources.set(id, sourceOfOwn(id, own, { config, service: isService ? sources.get(id) : undefined }));
    if (isService || Object.hasOwn(providers, id) || id === MOCK) continue;
    const reason = "it has no model for text: pass a runtime of that name in `providers`";
    candidates.set(id, { runtime: refusing(reason), ...limitsOf(config) });
    withoutText.set(id, reason);
  }
  return {
    candidates,
    sources,
    unfitForText: withoutText.size === 0 ? undefined : (id) => withoutText.get(id),
  };
}

/** An entry for what the host brings has limits, but neither a type nor an address. */
function isAddressed({ type, base_url }: ProviderConfig): boolean {
  return type !== undefined || base_url !== undefined;
}

/** Stands where nobody asks, because the router skips the candidate. */
function refusing(reason: string): LLMRuntime {
  return { generateText: () => Promise.reject(new Error(reason)) };
}
