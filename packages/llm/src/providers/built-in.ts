import type { BuiltInModel, ProviderConfig } from "@atlas/routing";

/** A kind of model service that can be configured. */
export type ProviderType = NonNullable<ProviderConfig["type"]>;

/** The defaults of one kind of service. */
export interface ProviderDefaults {
  readonly packageName: string;
  readonly baseUrl?: string;
  readonly keyName?: string;
}

/** The defaults of every kind of service, with the AI SDK package that speaks its protocol. */
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
  // Ollama also speaks the protocol of OpenAI: docs/decisions/0019-ollama.md
  ollama: { packageName: "@ai-sdk/openai-compatible", baseUrl: "http://127.0.0.1:11434/v1" },
  "openai-compatible": { packageName: "@ai-sdk/openai-compatible" },
};

/** A configuration that says what kind of service it is for. */
type TypedProviderConfig = ProviderConfig & { readonly type: ProviderType };

/**
 * What each built-in name stands for. An entry of that name in `llm.providers` overrides it. The type demands an entry for
 * every name that the routing file accepts; the mock is not a service.
 */
export const builtInProviders: Readonly<Record<Exclude<BuiltInModel, "mock">, TypedProviderConfig>> = {
  openai: { type: "openai", model: "gpt-5.6" },
  "openai-mini": { type: "openai", model: "gpt-5.4-mini" },
  "anthropic-sonnet": { type: "anthropic", model: "claude-sonnet-5-5" },
  "anthropic-haiku": { type: "anthropic", model: "claude-haiku-5-5" },
  google: { type: "google", model: "gemini-flash-latest" },
  ollama: { type: "ollama" },
};

const byName: ReadonlyMap<string, TypedProviderConfig> = new Map(Object.entries(builtInProviders));

/** What a name stands for, if it is built in. */
export function builtInProvider(name: string): TypedProviderConfig | undefined {
  return byName.get(name);
}
