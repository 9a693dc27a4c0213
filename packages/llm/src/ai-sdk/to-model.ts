import {
  type JSONObject,
  type LanguageModelV4,
  type LanguageModelV4CallOptions,
  type LanguageModelV4Prompt,
  type LanguageModelV4StreamPart,
  type LanguageModelV4Usage,
  type SharedV4ProviderMetadata,
  UnsupportedFunctionalityError,
} from "@ai-sdk/provider";
import type { Route } from "@atlas/routing";
import { streamOf } from "../calling/stream.ts";
import type { LLMMessage, LLMOptions, LLMResult, LLMRuntime } from "../contract/runtime.ts";

/**
 * Turns a runtime into a model of the AI SDK, so that you can use a profile wherever the AI SDK takes a model. It supports
 * text only, and rejects tools and files with `UnsupportedFunctionalityError`.
 *
 * @example
 * ```ts
 * const model = toModel(createMockLLM(), "quality");
 * assert.equal(`${model.provider}:${model.modelId}`, "atlas:quality");
 * ```
 */
export function toModel(runtime: LLMRuntime, profile?: string): LanguageModelV4 {
  return {
    specificationVersion: "v4",
    provider: "atlas",
    modelId: profile ?? "default",
    supportedUrls: {},
    async doGenerate(options) {
      const result = await runtime.generateText(callOf(options, profile));
      return {
        content: [{ type: "text", text: result.text }],
        finishReason: finishReasonOf(result),
        usage: usageOf(result),
        response: responseOf(result),
        warnings: result.degraded === true ? [standInWarning] : [],
        providerMetadata: metadataOf(result),
      };
    },
    async doStream(options) {
      const call = callOf(options, profile);
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
            controller.enqueue({ type: "stream-start", warnings: [] });
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
                providerMetadata: metadataOf(whole),
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
}

function callOf(options: LanguageModelV4CallOptions, profile: string | undefined): LLMOptions {
  const { prompt, temperature, maxOutputTokens, responseFormat, abortSignal, tools = [] } = options;
  if (tools.length > 0) throw unsupported("tools");
  const system = prompt.flatMap((message) => (message.role === "system" ? [message.content] : []));
  return {
    ...(system.length === 0 ? {} : { system: system.join("\n\n") }),
    messages: messagesOf(prompt),
    ...(profile === undefined ? {} : { profile }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxOutputTokens === undefined ? {} : { maxTokens: maxOutputTokens }),
    ...(responseFormat?.type === "json"
      ? { json: responseFormat.schema === undefined ? {} : { schema: { ...responseFormat.schema } } }
      : {}),
    ...(abortSignal === undefined ? {} : { signal: abortSignal }),
  };
}

function messagesOf(prompt: LanguageModelV4Prompt): readonly LLMMessage[] {
  return prompt.flatMap((message) => {
    if (message.role === "system") return [];
    if (message.role === "tool") throw unsupported("tool results");
    const texts = message.content.map((part) => {
      if (part.type === "text") return part.text;
      // Reasoning is not sent back to a model.
      if (part.type === "reasoning") return "";
      throw unsupported(`parts of type "${part.type}"`);
    });
    return [{ role: message.role, content: texts.join("") }];
  });
}

function unsupported(functionality: string): UnsupportedFunctionalityError {
  return new UnsupportedFunctionalityError({
    functionality,
    message: `A profile of Atlas supports text only, so it cannot take ${functionality}. Use a model of the AI SDK directly.`,
  });
}

function finishReasonOf({ finishReason = "stop" }: LLMResult) {
  return { unified: finishReason, raw: finishReason };
}

// A stream has said its warnings before it knows who answers: there, only the metadata has the mark.
const standInWarning = {
  type: "other",
  message: "The mock answered in place of a configured model. Do not act on its text.",
} as const;

/** The evidence, as `providerMetadata.atlas`. */
function metadataOf({ provider, degraded, replayed, cached, route }: LLMResult): SharedV4ProviderMetadata {
  return {
    atlas: {
      provider,
      ...(degraded === undefined ? {} : { degraded }),
      ...(replayed === undefined ? {} : { replayed }),
      ...(cached === undefined ? {} : { cached }),
      ...(route === undefined ? {} : { route: asJson(route) }),
    },
  };
}

/** The route as plain data: an attempt can hold a number that JSON does not have. */
function asJson(route: Route): JSONObject {
  return JSON.parse(JSON.stringify(route));
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
