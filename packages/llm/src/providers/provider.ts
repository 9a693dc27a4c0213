import type { Candidate, Clock, ProviderConfig } from "@atlas/routing";
import { credentialsIn, looksLikeKey } from "@atlas/routing/internal";
import { fromModels, type LanguageModel } from "../ai-sdk/from-model.ts";
import { LLMError } from "../contract/errors.ts";
import type { LLMRuntime } from "../contract/runtime.ts";
import { builtInProvider, type ProviderType, providerDefaults } from "./built-in.ts";
import { limitsOf } from "./candidate-limits.ts";
import { createGuardedFetch } from "./guarded-fetch.ts";
import { loadModels } from "./load-model.ts";
import { PackageMissing, reasonNotInstalled } from "./optional-package.ts";

const MOST_MODELS = 100;

/** What providers take from their host. */
export interface ProviderHost {
  /** Where keys are looked up. The host decides what to pass, such as `process.env`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/**
 * A candidate for one name of the routing file. Its package is loaded at the first call. If the package, the key or the
 * model is missing, the candidate is skipped and gives the reason.
 */
export function createProvider(
  id: string,
  given: ProviderConfig,
  { env, clock, fetch }: ProviderHost,
): Candidate<LLMRuntime> {
  const builtIn = builtInProvider(id);
  const config: ProviderConfig = { ...builtIn, ...given };
  const type: ProviderType = config.type ?? "openai-compatible";
  const { packageName, baseUrl, keyName } = providerDefaults[type];
  const baseURL = config.base_url ?? baseUrl;
  const keyVariable = config.api_key_env ?? keyName;
  const apiKey = keyVariable === undefined ? undefined : env[keyVariable]?.trim();
  const { model, attempt_ms, idle_ms } = config;

  let missing = whatIsMissing();
  const settings = { name: id, baseURL: baseURL ?? "", apiKey, fetch: createGuardedFetch(fetch) };
  let models: ReturnType<typeof loadModels> | undefined;
  // A model is made once: making it costs half a millisecond, because its package builds its schemas anew.
  const made = new Map<string, LanguageModel>();

  const runtime = fromModels(
    async (name = model ?? "") => {
      models ??= load(name);
      const found = made.get(name) ?? (await models)(name);
      if (made.size >= MOST_MODELS) made.clear();
      made.set(name, found);
      return found;
    },
    {
      provider: builtIn === undefined ? id : type,
      modelId: model,
      secrets: apiKey === undefined || apiKey === "" ? [] : [apiKey],
      clock,
      // The router limits the time until the first part, so that there is one limit for it.
      ...(attempt_ms === undefined ? {} : { firstPartMs: attempt_ms }),
      ...(idle_ms === undefined ? {} : { idleMs: idle_ms }),
    },
  );
  return {
    runtime,
    unavailable: () => missing,
    ...(model === undefined ? {} : { model }),
    ...limitsOf(given),
  };

  async function load(name: string): ReturnType<typeof loadModels> {
    try {
      return await loadModels(type, settings);
    } catch (error) {
      models = undefined;
      if (!(error instanceof PackageMissing)) throw error;
      // From now on the candidate is skipped instead of failing.
      missing = error.message;
      const message = `"${id}" cannot be asked: ${error.message}.`;
      throw new LLMError("ATLAS_LLM_MISCONFIGURED", { provider: id, model: name }, message);
    }
  }

  function whatIsMissing(): string | undefined {
    const place = `llm.providers.${id}`;
    // A router over a configuration that nobody has checked must not print a key, either.
    if (keyVariable !== undefined && looksLikeKey(keyVariable)) {
      return `${place}.api_key_env looks like a key: name an environment variable there`;
    }
    const credentials = baseURL === undefined ? undefined : credentialsIn(baseURL);
    if (credentials !== undefined) return `${place}.base_url ${credentials}: remove it, and use api_key_env`;
    if (baseURL === undefined) return `it has no address: set ${place}.base_url`;
    if (model === undefined) return `it has no model: set ${place}.model`;
    if (keyVariable !== undefined && (apiKey === undefined || apiKey === "")) {
      return `the environment variable ${keyVariable} is not set`;
    }
    return reasonNotInstalled(packageName);
  }
}
