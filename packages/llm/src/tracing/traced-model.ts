import type { LanguageModelV4, LanguageModelV4CallOptions } from "@ai-sdk/provider";
import { context } from "@opentelemetry/api";
import { isContent, textIn } from "../ai-sdk/model-content.ts";
import { answerOf } from "../ai-sdk/model-evidence.ts";
import { relayed } from "../ai-sdk/relay.ts";
import type { ModelOptions } from "../contract/runtime.ts";
import { promptContent } from "./attributes.ts";
import type { TracedCall, TracedRequest } from "./span.ts";

/** A model each of whose calls has a span. */
export function tracedModel(
  model: LanguageModelV4,
  {
    options = {},
    begin,
  }: { readonly options: ModelOptions | undefined; readonly begin: (request: TracedRequest) => TracedCall },
): LanguageModelV4 {
  const { provider, modelId } = model;

  return {
    specificationVersion: "v4",
    provider,
    modelId,
    get supportedUrls() {
      return model.supportedUrls;
    },
    async doGenerate(request) {
      const call = begin(requestOf(request, options, false));
      try {
        const result = await context.with(call.context, () => model.doGenerate(request));
        call.succeed(answerOf(result, model), textIn(result.content));
        return result;
      } catch (error) {
        call.fail(error);
        throw error;
      }
    },
    async doStream(request) {
      const call = begin(requestOf(request, options, true));
      let text = "";
      try {
        const { stream, ...rest } = await context.with(call.context, () => model.doStream(request));
        const traced = relayed(stream, {
          part(part) {
            if (isContent(part)) call.firstPiece();
            if (part.type === "text-delta") text += part.delta;
            else if (part.type === "error") call.fail(part.error);
            else if (part.type === "finish") call.succeed(answerOf(part, model), text);
            return part;
          },
          failed(error) {
            call.fail(error);
            return error;
          },
          over(how) {
            if (how !== "failed") call.leave();
          },
        });
        return { ...rest, stream: traced };
      } catch (error) {
        call.fail(error);
        throw error;
      }
    },
  };
}

function requestOf(
  request: LanguageModelV4CallOptions,
  options: ModelOptions,
  isStream: boolean,
): TracedRequest {
  const { temperature, maxOutputTokens, responseFormat, prompt } = request;
  return {
    facts: {
      ...options,
      ...(temperature === undefined ? {} : { temperature }),
      ...(maxOutputTokens === undefined ? {} : { maxTokens: maxOutputTokens }),
      ...(responseFormat?.type === "json" ? { json: {} } : {}),
    },
    isStream,
    content: () => promptContent(prompt),
  };
}
