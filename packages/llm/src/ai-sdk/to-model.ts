import type { LanguageModelV4, LanguageModelV4StreamPart, LanguageModelV4Usage } from "@ai-sdk/provider";
import { streamOf } from "../calling/stream.ts";
import type { LLMResult, LLMRuntime, ModelOptions } from "../contract/runtime.ts";
import { withEvidence } from "./model-evidence.ts";
import { standInWarning } from "./stand-in-warning.ts";
import { textCallOf } from "./text-call.ts";

const textModels = new WeakSet<LanguageModelV4>();

/**
 * Turns a runtime into a model of the AI SDK that carries text. It rejects tools and files with `UnsupportedFunctionalityError`,
 * and warns of settings that a runtime does not have, such as `topP`, `seed` or `providerOptions`. The `model` of a router, of a
 * gateway and of a workflow's context carries everything instead.
 *
 * @example
 * ```ts
 * const model = toModel(createMockLLM(), "quality");
 * assert.equal(`${model.provider}:${model.modelId}`, "atlas:quality");
 * ```
 */
export function toModel(runtime: LLMRuntime, profile?: string): LanguageModelV4 {
  return textModel(runtime, profile === undefined ? {} : { profile });
}

/** The model of a runtime: its own, or one that carries text. */
export function modelOf(runtime: LLMRuntime, options: ModelOptions): LanguageModelV4 {
  return runtime.languageModel?.(options) ?? textModel(runtime, options);
}

/** Tells whether a model carries text only, because its runtime does. */
export function isTextOnly(model: LanguageModelV4): boolean {
  return textModels.has(model);
}

/** A model that carries text, for every call with these options. */
export function textModel(runtime: LLMRuntime, options: ModelOptions): LanguageModelV4 {
  const model: LanguageModelV4 = {
    specificationVersion: "v4",
    provider: "atlas",
    modelId: options.profile ?? "default",
    supportedUrls: {},
    async doGenerate(asked) {
      const { call, warnings } = textCallOf(asked, options);
      const result = await runtime.generateText(call);
      return {
        content: [{ type: "text", text: result.text }],
        finishReason: finishReasonOf(result),
        usage: usageOf(result),
        response: responseOf(result),
        warnings: result.degraded === true ? [...warnings, standInWarning] : warnings,
        providerMetadata: withEvidence(undefined, result),
      };
    },
    async doStream(asked) {
      const { call, warnings } = textCallOf(asked, options);
      const reader = new AbortController();
      const signal =
        call.signal === undefined ? reader.signal : AbortSignal.any([call.signal, reader.signal]);
      const { textStream, result } = streamOf(runtime, { ...call, signal });
      // The AI SDK expects a failure before the first piece to reject the call.
      const pieces = textStream[Symbol.asyncIterator]();
      let first: IteratorResult<string, unknown> | undefined = await pieces.next();
      while (first.done !== true && first.value === "") first = await pieces.next();
      const id = "text";
      return {
        stream: new ReadableStream<LanguageModelV4StreamPart>({
          start(controller) {
            controller.enqueue({ type: "stream-start", warnings });
            controller.enqueue({ type: "text-start", id });
          },
          // One piece for each that is read, so that a slow reader slows the model down.
          async pull(controller) {
            try {
              const piece = first ?? (await pieces.next());
              first = undefined;
              if (piece.done !== true) {
                controller.enqueue({ type: "text-delta", id, delta: piece.value });
                return;
              }
              const whole = await result;
              controller.enqueue({ type: "text-end", id });
              controller.enqueue({ type: "response-metadata", ...responseOf(whole) });
              controller.enqueue({
                type: "finish",
                finishReason: finishReasonOf(whole),
                usage: usageOf(whole),
                providerMetadata: withEvidence(undefined, whole),
              });
            } catch (error) {
              controller.enqueue({ type: "error", error });
            }
            controller.close();
          },
          cancel(reason) {
            // A generator would take notice of `return` only after its next piece.
            reader.abort(reason);
            Promise.resolve(pieces.return?.()).catch(() => undefined);
          },
        }),
      };
    },
  };
  textModels.add(model);
  return model;
}

function finishReasonOf({ finishReason = "stop" }: LLMResult) {
  return { unified: finishReason, raw: finishReason };
}

function responseOf({ model, provider }: LLMResult): { modelId: string } {
  return { modelId: model ?? provider };
}

function usageOf({ usage = {} }: LLMResult): LanguageModelV4Usage {
  return {
    inputTokens: {
      total: usage.inputTokens,
      noCache: undefined,
      cacheRead: usage.cachedInputTokens,
      cacheWrite: undefined,
    },
    outputTokens: { total: usage.outputTokens, text: undefined, reasoning: usage.reasoningTokens },
  };
}
