import { builtInCandidates, type ModelServices } from "./model-services.ts";

/** A name that `llm` profiles can always use, whether or not its package and key are there. */
export type BuiltInModel =
  | { [Type in keyof ModelServices]: keyof ModelServices[Type]["candidates"] }[keyof ModelServices]
  | "mock";

/** All of them. */
// Sound: the names are those of the table that the type is made from.
export const builtInModels = [...builtInCandidates.keys(), "mock"] as readonly BuiltInModel[];

/** The names that `harness` profiles can always use, whether or not their program is there. */
export const builtInHarnesses = [
  "codex-cli",
  "claude-code",
  "gemini-cli",
  "opencode",
  "copilot-cli",
  "noop",
] as const;
