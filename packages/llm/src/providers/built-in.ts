import type { ProviderConfig } from "@atlas/routing";

/** The kinds of service that can be configured. */
export type ProviderType = NonNullable<ProviderConfig["type"]>;

/** Everything about a service that its configuration leaves open. */
export interface ProviderDefaults {
  readonly packageName: string;
  readonly baseUrl?: string;
  readonly keyName?: string;
}

/** The kinds of service, with the package of the AI SDK that speaks to each. */
export const providerDefaults: Readonly<Record<ProviderType, ProviderDefaults>> = {
  openai: {
    packageName: "@ai-sdk/openai",
    baseUrl: "https://api.openai.com/v1",
    keyName: "OPENAI_API_KEY",
  },
  anthropic: {
    packageName: "@ai-sdk/anthropic",
    baseUrl: "https://api.anthropic.com/v1",
    keyName: "ANTHROPIC_API_KEY",
  },
  google: {
    packageName: "@ai-sdk/google",
    baseUrl: "https://generativelanguage.googleapis.com/v1beta",
    keyName: "GOOGLE_GENERATIVE_AI_API_KEY",
  },
  // Ollama speaks the protocol of OpenAI too: docs/decisions/0022-ollama.md
  ollama: { packageName: "@ai-sdk/openai-compatible", baseUrl: "http://127.0.0.1:11434/v1" },
  "openai-compatible": { packageName: "@ai-sdk/openai-compatible" },
};

/** What each built-in name stands for; an entry of that name in `llm.providers` changes it. */
export const builtInProviders: Readonly<Record<string, ProviderConfig & { readonly type: ProviderType }>> = {
  openai: { type: "openai", model: "gpt-5.6" },
  "openai-mini": { type: "openai", model: "gpt-5.4-mini" },
  "anthropic-sonnet": { type: "anthropic", model: "claude-sonnet-5-5" },
  "anthropic-haiku": { type: "anthropic", model: "claude-haiku-5-5" },
  google: { type: "google", model: "gemini-flash-latest" },
  ollama: { type: "ollama" },
};
