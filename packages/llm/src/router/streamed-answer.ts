import type { LanguageModelV4, LanguageModelV4StreamPart, LanguageModelV4Usage } from "@ai-sdk/provider";
import { completeEnd } from "../ai-sdk/ending.ts";
import { isContent } from "../ai-sdk/model-content.ts";
import { evidenceIn, type ModelEvidence, withEvidence } from "../ai-sdk/model-evidence.ts";
import type { LLMUsage } from "../contract/runtime.ts";

type FinishPart = Extract<LanguageModelV4StreamPart, { type: "finish" }>;

/** What is known of an answer that arrives in parts. */
export interface StreamedAnswer {
  /** The text so far. */
  readonly text: string;
  /** True once the model has said that the answer ends. The parts from there on are kept until the call has ended. */
  readonly isEnding: boolean;
  /** Takes a part in. */
  note(part: LanguageModelV4StreamPart): void;
  /** Returns what the answer cost once no part comes any more. Throws an `LLMError` unless the answer is complete. */
  complete(): LLMUsage | undefined;
  /** The last parts, with the evidence. An answer that broke off gets an end of its own. */
  lastParts(evidence: ModelEvidence): readonly LanguageModelV4StreamPart[];
}

/** Starts to take in the answer of a model. */
export function createStreamedAnswer(model: Pick<LanguageModelV4, "provider" | "modelId">): StreamedAnswer {
  const kept: LanguageModelV4StreamPart[] = [];
  let text = "";
  let hasContent = false;
  let modelId = model.modelId;
  let finish: FinishPart | undefined;

  return {
    get text() {
      return text;
    },
    get isEnding() {
      return finish !== undefined;
    },
    note(part) {
      hasContent ||= isContent(part);
      if (part.type === "text-delta") text += part.delta;
      else if (part.type === "response-metadata") modelId = part.modelId ?? modelId;
      else if (part.type === "finish") finish = part;
      if (finish !== undefined && part !== finish) kept.push(part);
    },
    complete: () =>
      completeEnd(
        { provider: provider(), model: modelId, text, end: finish },
        { hasContent, mayCallTools: true },
      ).usage,
    lastParts: (evidence) => [
      {
        ...(finish ?? brokenOff),
        providerMetadata: withEvidence(finish?.providerMetadata, {
          provider: provider(),
          model: modelId,
          ...evidence,
        }),
      },
      ...kept,
    ],
  };

  /** A runtime that carries text says itself who has answered. */
  function provider(): string {
    return evidenceIn(finish?.providerMetadata).provider ?? model.provider;
  }
}

const unknownUsage: LanguageModelV4Usage = {
  inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: undefined, text: undefined, reasoning: undefined },
};

const brokenOff: FinishPart = {
  type: "finish",
  finishReason: { unified: "error", raw: undefined },
  usage: unknownUsage,
};
