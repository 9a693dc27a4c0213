import { findPackageJSON } from "node:module";
import type { Candidate, Clock, ProviderConfig } from "@atlas/routing";
import { fromModels, type LanguageModel } from "../ai-sdk/from-model.ts";
import type { LLMRuntime } from "../contract/runtime.ts";
import { builtInProviders, type ProviderType, providerDefaults } from "./built-in.ts";
import { createGuardedFetch } from "./guarded-fetch.ts";
import { loadModels } from "./load-model.ts";

const MOST_MODELS = 100;

/** What providers are made with. */
export interface ProviderHost {
  /** Where keys are looked up. A host passes what it wants to be known, such as `process.env`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/**
 * A candidate for one name of the routing file. Its package is loaded at its first call; when the package, the key or the
 * model is missing, the candidate says so and is not asked.
 */
export function createProvider(
  id: string,
  given: ProviderConfig,
  { env, clock, fetch }: ProviderHost,
): Candidate<LLMRuntime> {
  const config: ProviderConfig = { ...builtInProviders[id], ...given };
  const type: ProviderType = config.type ?? "openai-compatible";
  const { packageName, baseUrl, keyName } = providerDefaults[type];
  const baseURL = config.base_url ?? baseUrl;
  const keyVariable = config.api_key_env ?? keyName;
  const apiKey = keyVariable === undefined ? undefined : env[keyVariable]?.trim();
  const { model, concurrency } = config;

  const missing = whatIsMissing();
  const settings = { name: id, baseURL: baseURL ?? "", apiKey, fetch: createGuardedFetch(fetch) };
  let models: ReturnType<typeof loadModels> | undefined;
  // Making a model costs half a millisecond, because its package builds its schemas anew: each is made once.
  const made = new Map<string, LanguageModel>();

  const runtime = fromModels(
    async (name = model ?? "") => {
      models ??= loadModels(type, settings);
      const found = made.get(name) ?? (await models)(name);
      if (made.size >= MOST_MODELS) made.clear();
      made.set(name, found);
      return found;
    },
    {
      provider: id in builtInProviders ? type : id,
      secrets: apiKey === undefined || apiKey === "" ? [] : [apiKey],
      clock,
    },
  );
  return {
    runtime,
    unavailable: () => missing,
    ...(concurrency === undefined ? {} : { concurrency }),
  };

  function whatIsMissing(): string | undefined {
    const place = `llm.providers.${id}`;
    if (baseURL === undefined) return `no address is configured: set ${place}.base_url`;
    if (model === undefined) return `no model is chosen: set ${place}.model`;
    if (keyVariable !== undefined && (apiKey === undefined || apiKey === "")) {
      return `the environment variable ${keyVariable} is not set`;
    }
    if (!isInstalled(packageName)) return `its package is not installed: npm install ${packageName}`;
    return undefined;
  }
}

function isInstalled(packageName: string): boolean {
  try {
    return findPackageJSON(packageName, import.meta.url) !== undefined;
  } catch {
    return false;
  }
}
