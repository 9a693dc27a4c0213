import type {
  JSONObject,
  LanguageModelV4,
  LanguageModelV4GenerateResult,
  SharedV4ProviderMetadata,
} from "@ai-sdk/provider";
import type { Route } from "@atlas/routing";
import type { LLMResult } from "../contract/runtime.ts";
import { usageOf } from "./ending.ts";

/** What Atlas says about an answer to the AI SDK, as `providerMetadata.atlas`. The text is in the answer itself. */
export type ModelEvidence = Partial<
  Pick<LLMResult, "provider" | "model" | "degraded" | "replayed" | "cached" | "route" | "instructions">
>;

/** Adds evidence to what the provider says itself, which stays. */
export function withEvidence(
  metadata: SharedV4ProviderMetadata | undefined,
  { provider, model, degraded, replayed, route, instructions }: ModelEvidence,
): SharedV4ProviderMetadata {
  const said = {
    ...metadata?.["atlas"],
    ...(route?.candidate === undefined ? {} : { candidate: route.candidate }),
    ...(provider === undefined ? {} : { provider }),
    ...(model === undefined ? {} : { model }),
    ...(degraded === undefined ? {} : { degraded }),
    ...(replayed === undefined ? {} : { replayed }),
    ...(route === undefined ? {} : { route: isJson(route) ? route : JSON.parse(JSON.stringify(route)) }),
    ...(instructions === undefined ? {} : { instructions }),
  };
  // Sound: evidence is plain data, and nobody changes what is read-only in it.
  return { ...metadata, atlas: said as JSONObject };
}

/** Tells whether the numbers that a service named are numbers of JSON. */
function isJson({ attempts }: Route): boolean {
  return attempts.every(({ retryAfterMs = 0, status = 0 }) => Number.isFinite(retryAfterMs + status));
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
