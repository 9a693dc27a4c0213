import type { LanguageModel } from "../ai-sdk/from-model.ts";
import { type ProviderType, providerDefaults } from "./built-in.ts";
import { loadOptional } from "./optional-package.ts";

/** Everything that a provider package needs. It takes nothing from the environment. */
export interface ProviderSettings {
  readonly name: string;
  readonly baseURL: string;
  readonly apiKey: string | undefined;
  readonly fetch: typeof globalThis.fetch;
}

/** Loads the package for a kind of service and returns its models by name. */
export async function loadModels(
  type: ProviderType,
  { name, baseURL, apiKey = "", fetch }: ProviderSettings,
): Promise<(model: string) => LanguageModel> {
  // In each case below, the cast is sound because the table names that package for that kind of service.
  const loaded = await loadOptional(providerDefaults[type].packageName);
  switch (type) {
    case "openai": {
      const { createOpenAI } = loaded as typeof import("@ai-sdk/openai");
      return createOpenAI({ baseURL, apiKey, fetch });
    }
    case "anthropic": {
      const { createAnthropic } = loaded as typeof import("@ai-sdk/anthropic");
      return createAnthropic({ baseURL, apiKey, fetch });
    }
    case "google": {
      const { createGoogle } = loaded as typeof import("@ai-sdk/google");
      return createGoogle({ baseURL, apiKey, fetch });
    }
    case "ollama":
    case "openai-compatible": {
      const { createOpenAICompatible } = loaded as typeof import("@ai-sdk/openai-compatible");
      const key = apiKey === "" ? {} : { apiKey };
      return createOpenAICompatible({ name, baseURL, ...key, fetch, includeUsage: true });
    }
    default:
      return type satisfies never;
  }
}
