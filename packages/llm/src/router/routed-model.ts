import type { LanguageModelV4, LanguageModelV4GenerateResult } from "@ai-sdk/provider";
import { completeEnd } from "../ai-sdk/ending.ts";
import { hasContent, textIn } from "../ai-sdk/model-content.ts";
import { evidenceIn, type ModelEvidence, withEvidence } from "../ai-sdk/model-evidence.ts";
import { standInWarning } from "../ai-sdk/stand-in-warning.ts";
import { modelOf } from "../ai-sdk/to-model.ts";
import type { ModelOptions } from "../contract/runtime.ts";
import type { ModelHost } from "./model-host.ts";
import { openRoutedStream } from "./routed-stream.ts";

/**
 * A model of the AI SDK that asks the models of a profile in order. It passes every call on as it is, and every answer back as
 * it is, with the evidence as `providerMetadata.atlas`.
 */
export function createRoutedModel(options: ModelOptions, host: ModelHost): LanguageModelV4 {
  const { onRoute: _, ...handedOn } = options;
  return {
    specificationVersion: "v4",
    provider: "atlas",
    modelId: options.profile ?? "default",
    get supportedUrls() {
      return host.supportedUrls(options);
    },
    async doGenerate(request) {
      const call = { options, request, signal: request.abortSignal };
      const outcome = await host.route(call, async (runtime, { signal, used }) => {
        const model = modelOf(runtime, handedOn);
        const result = await model.doGenerate({ ...request, abortSignal: signal });
        const evidence = evidenceOf(model, result);
        const { usage } = completeEnd(
          { ...evidence, text: textIn(result.content), end: result },
          { hasContent: hasContent(result.content), mayCallTools: true },
        );
        if (usage !== undefined) used({ ...usage });
        return { result, evidence };
      });
      const { answer, route, isStandIn } = host.settle(call, outcome);
      const { result, evidence } = answer;
      return {
        ...result,
        warnings: isStandIn ? [...result.warnings, standInWarning] : result.warnings,
        providerMetadata: withEvidence(result.providerMetadata, {
          ...evidence,
          ...(isStandIn ? { degraded: true } : {}),
          route,
        }),
      };
    },
    doStream: (request) => openRoutedStream({ options, handedOn, request }, host),
  };
}

function evidenceOf(
  model: LanguageModelV4,
  { providerMetadata, response }: LanguageModelV4GenerateResult,
): Required<Pick<ModelEvidence, "provider" | "model">> {
  return {
    provider: evidenceIn(providerMetadata).provider ?? model.provider,
    model: response?.modelId ?? model.modelId,
  };
}
