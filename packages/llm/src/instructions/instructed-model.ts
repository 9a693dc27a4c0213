import type { LanguageModelV4, LanguageModelV4CallOptions } from "@ai-sdk/provider";
import { evidenceIn, withEvidence } from "../ai-sdk/model-evidence.ts";
import { promptTexts } from "../ai-sdk/prompt-texts.ts";
import { relayed } from "../ai-sdk/relay.ts";
import type { InjectedInstruction } from "../contract/injected.ts";
import type { LLMOptions, ModelOptions } from "../contract/runtime.ts";
import type { Composed } from "./composer.ts";

type Metadata = Parameters<typeof withEvidence>[0];

/** A model whose calls begin with the instructions. `providerMetadata.atlas.instructions` lists what was added. */
export function instructedModel(
  model: LanguageModelV4,
  {
    options = {},
    instructionsFor,
  }: {
    readonly options: ModelOptions | undefined;
    readonly instructionsFor: (asked: LLMOptions) => Promise<Composed>;
  },
): LanguageModelV4 {
  const { provider, modelId } = model;

  return {
    specificationVersion: "v4",
    provider,
    modelId,
    get supportedUrls() {
      return model.supportedUrls;
    },
    async doGenerate(asked) {
      const { request, injected } = await instructed(asked);
      const result = await model.doGenerate(request);
      return { ...result, providerMetadata: noted(result.providerMetadata, injected) };
    },
    async doStream(asked) {
      const { request, injected } = await instructed(asked);
      const { stream, ...rest } = await model.doStream(request);
      const relay = relayed(stream, {
        part: (part) =>
          part.type === "finish"
            ? { ...part, providerMetadata: noted(part.providerMetadata, injected) }
            : part,
      });
      return { ...rest, stream: relay };
    },
  };

  async function instructed(asked: LanguageModelV4CallOptions): Promise<{
    readonly request: LanguageModelV4CallOptions;
    readonly injected: readonly InjectedInstruction[];
  }> {
    asked.abortSignal?.throwIfAborted();
    const { prompt } = asked;
    const { text, injected } = await instructionsFor({ ...options, messages: promptTexts(prompt) });
    const request: LanguageModelV4CallOptions =
      text === "" ? asked : { ...asked, prompt: [{ role: "system", content: text }, ...prompt] };
    return { request, injected };
  }
}

function noted(metadata: Metadata, injected: readonly InjectedInstruction[]): NonNullable<Metadata> {
  const { instructions = [] } = evidenceIn(metadata);
  return withEvidence(metadata, { instructions: [...injected, ...instructions] });
}
