import type { LanguageModel } from "../ai-sdk/from-model.ts";
import type { ProviderType } from "./built-in.ts";

/** Everything that a provider package is told; nothing is left for it to take from the environment. */
export interface ProviderSettings {
  readonly name: string;
  readonly baseURL: string;
  readonly apiKey: string | undefined;
  readonly fetch: typeof globalThis.fetch;
}

/** Loads the package for a kind of service and gives its models by name. */
export async function loadModels(
  type: ProviderType,
  { name, baseURL, apiKey = "", fetch }: ProviderSettings,
): Promise<(model: string) => LanguageModel> {
  switch (type) {
    case "openai": {
      const { createOpenAI } = await import("@ai-sdk/openai");
      return createOpenAI({ baseURL, apiKey, fetch });
    }
    case "anthropic": {
      const { createAnthropic } = await import("@ai-sdk/anthropic");
      return createAnthropic({ baseURL, apiKey, fetch });
    }
    case "google": {
      const { createGoogle } = await import("@ai-sdk/google");
      return createGoogle({ baseURL, apiKey, fetch });
    }
    case "ollama":
    case "openai-compatible": {
      const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
      const key = apiKey === "" ? {} : { apiKey };
      return createOpenAICompatible({ name, baseURL, ...key, fetch, includeUsage: true });
    }
    default:
      return type satisfies never;
  }
}
