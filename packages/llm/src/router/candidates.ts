import type { Candidate, Clock, LLMRoutingConfig } from "@atlas/routing";
import type { LLMRuntime } from "../contract/runtime.ts";
import { createMockLLM } from "../mock/mock.ts";
import { builtInProviders } from "../providers/built-in.ts";
import { limitsOf } from "../providers/candidate-limits.ts";
import { createProvider } from "../providers/provider.ts";

/** The name of the candidate that stands in for models. */
export const MOCK = "mock";

/** Where the candidates of a router come from. */
export interface CandidateSources {
  readonly config?: LLMRoutingConfig | undefined;
  readonly providers?: Readonly<Record<string, LLMRuntime>> | undefined;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly fetch?: typeof globalThis.fetch;
}

/** Every candidate that a profile can name: the mock, the built-in and configured services, and the runtimes of the host. */
export function candidatesFor(
  { config, providers = {}, env = {}, fetch }: CandidateSources,
  clock: Clock,
): ReadonlyMap<string, Candidate<LLMRuntime>> {
  const configured = config?.providers ?? {};
  const names = [...Object.keys(builtInProviders), ...Object.keys(configured)];
  return new Map([
    [MOCK, { runtime: createMockLLM(), isStandIn: true }],
    ...names.map((id) => [id, createProvider(id, configured[id] ?? {}, { env, clock, fetch })] as const),
    ...Object.entries(providers).map(
      ([id, runtime]) =>
        [id, { runtime, isStandIn: id === MOCK, ...limitsOf(configured[id] ?? {}) }] as const,
    ),
  ]);
}
