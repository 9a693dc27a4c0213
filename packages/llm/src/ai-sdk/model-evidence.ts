import type {
  JSONObject,
  LanguageModelV4,
  LanguageModelV4GenerateResult,
  SharedV4ProviderMetadata,
} from "@ai-sdk/provider";
import type { LLMResult } from "../contract/runtime.ts";
import { usageOf } from "./ending.ts";

/** What Atlas says about an answer to the AI SDK, as `providerMetadata.atlas`. The text is in the answer itself. */
export type ModelEvidence = Partial<
  Pick<LLMResult, "provider" | "model" | "degraded" | "replayed" | "route" | "instructions">
>;

/** Adds evidence to what the provider says itself, which stays. */
export function withEvidence(
  metadata: SharedV4ProviderMetadata | undefined,
  evidence: ModelEvidence,
): SharedV4ProviderMetadata {
  const { route, instructions, ...said } = evidence;
  return {
    ...metadata,
    atlas: {
      ...metadata?.["atlas"],
      ...plain({ ...(route?.candidate === undefined ? {} : { candidate: route.candidate }), ...said }),
      ...(route === undefined ? {} : { route: plain(route) }),
      ...(instructions === undefined ? {} : { instructions: instructions.map(plain) }),
    },
  };
}

/** Reads the evidence that a model of Atlas has given. */
export function evidenceIn(metadata: SharedV4ProviderMetadata | undefined): ModelEvidence {
  // Sound: only `withEvidence` writes under this name, and everything in it is optional.
  return (metadata?.["atlas"] ?? {}) as ModelEvidence;
}

/**
 * The end of an answer, as the result of a runtime without its text. `model` is the one that was asked; a model of a router says
 * itself who has answered.
 */
export function answerOf(
  { usage: given, providerMetadata }: Pick<LanguageModelV4GenerateResult, "usage" | "providerMetadata">,
  { provider, modelId }: Pick<LanguageModelV4, "provider" | "modelId">,
): Omit<LLMResult, "text"> {
  const usage = usageOf(given);
  return {
    provider,
    model: modelId,
    ...evidenceIn(providerMetadata),
    ...(usage === undefined ? {} : { usage }),
  };
}

/** Plain data: an attempt can hold a number that JSON does not have. */
function plain(value: object): JSONObject {
  return JSON.parse(JSON.stringify(value));
}
