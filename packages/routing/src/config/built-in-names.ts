/** The names that `llm` profiles can always use, whether or not their package and key are there. */
export const builtInModels = [
  "openai",
  "openai-mini",
  "anthropic-sonnet",
  "anthropic-haiku",
  "google",
  "ollama",
  "mock",
] as const;

/** One of {@link builtInModels}. */
export type BuiltInModel = (typeof builtInModels)[number];

/** The names that `harness` profiles can always use, whether or not their program is there. */
export const builtInHarnesses = [
  "codex-cli",
  "claude-code",
  "gemini-cli",
  "opencode",
  "copilot-cli",
  "noop",
] as const;
