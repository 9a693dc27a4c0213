import {
  type LanguageModelV3,
  type LanguageModelV3Content,
  type LanguageModelV3Message,
  type LanguageModelV3Prompt,
  type LanguageModelV3StreamPart,
  type LanguageModelV4,
  type LanguageModelV4CallOptions,
  type LanguageModelV4Content,
  type LanguageModelV4Message,
  type LanguageModelV4StreamPart,
  type LanguageModelV4ToolResultOutput,
  type SharedV4FileData,
  type SharedV4Warning,
  UnsupportedFunctionalityError,
} from "@ai-sdk/provider";
import { relayed } from "./relay.ts";

/**
 * A model of specification 3 as one of specification 4. The two differ in how they write files, and in a few features that only
 * the newer one has. Those are refused, apart from `reasoning`, which is left out with a warning.
 */
export function asFourthSpec(model: LanguageModelV3): LanguageModelV4 {
  return {
    specificationVersion: "v4",
    provider: model.provider,
    modelId: model.modelId,
    get supportedUrls() {
      return model.supportedUrls;
    },
    async doGenerate(asked) {
      const { request, warnings } = olderRequest(asked);
      const result = await model.doGenerate(request);
      return {
        ...result,
        content: result.content.map(newerContent),
        warnings: [...result.warnings, ...warnings],
      };
    },
    async doStream(asked) {
      const { request, warnings } = olderRequest(asked);
      const { stream, ...rest } = await model.doStream(request);
      // Sound: the parts of a V3 stream are those of a V4 stream, apart from files, which are changed.
      const newer = stream as ReadableStream<unknown> as ReadableStream<LanguageModelV4StreamPart>;
      return { ...rest, stream: relayed(newer, { part: (part) => newerPart(part, warnings) }) };
    },
  };
}

type OlderRequest = Parameters<LanguageModelV3["doGenerate"]>[0];

function olderRequest({ reasoning = "provider-default", ...asked }: LanguageModelV4CallOptions): {
  readonly request: OlderRequest;
  readonly warnings: readonly SharedV4Warning[];
} {
  return {
    request: { ...asked, prompt: olderPrompt(asked.prompt) },
    warnings: reasoning === "provider-default" ? [] : [{ type: "unsupported", feature: "reasoning" }],
  };
}

function olderPrompt(prompt: readonly LanguageModelV4Message[]): LanguageModelV3Prompt {
  return prompt.map((message) => {
    if (message.role === "system") return message;
    const content = message.content.map((part) => {
      switch (part.type) {
        case "file":
          return { ...part, data: olderData(part.data) };
        case "tool-result":
          return { ...part, output: olderOutput(part.output) };
        case "reasoning-file":
        case "custom":
          throw unsupported(`parts of type "${part.type}"`);
        default:
          return part;
      }
    });
    // Sound: what a role may contain is the same in both versions, and each part was translated.
    return { ...message, content } as LanguageModelV3Message;
  });
}

function olderData(data: SharedV4FileData): string | Uint8Array | URL {
  switch (data.type) {
    case "data":
      return data.data;
    case "url":
      return data.url;
    default:
      throw unsupported(`files of type "${data.type}"`);
  }
}

function olderOutput(output: LanguageModelV4ToolResultOutput): unknown {
  if (output.type !== "content") return output;
  return {
    ...output,
    value: output.value.map((part) => {
      if (part.type !== "file") return part;
      const { type: _, data, ...rest } = part;
      if (data.type === "data") return { ...rest, type: "file-data", data: base64(data.data) };
      if (data.type === "url") return { ...rest, type: "file-url", url: String(data.url) };
      throw unsupported(`files of type "${data.type}"`);
    }),
  };
}

function base64(data: string | Uint8Array): string {
  return typeof data === "string" ? data : Buffer.from(data).toString("base64");
}

function newerContent(part: LanguageModelV3Content): LanguageModelV4Content {
  return part.type === "file" ? { ...part, data: { type: "data", data: part.data } } : part;
}

function newerPart(
  part: LanguageModelV4StreamPart,
  warnings: readonly SharedV4Warning[],
): LanguageModelV4StreamPart {
  if (part.type === "stream-start" && warnings.length > 0) {
    return { ...part, warnings: [...part.warnings, ...warnings] };
  }
  if (part.type !== "file") return part;
  // Sound: it came from a V3 stream.
  const { data, ...rest } = part as unknown as Extract<LanguageModelV3StreamPart, { type: "file" }>;
  return { ...rest, data: { type: "data", data } };
}

function unsupported(functionality: string): UnsupportedFunctionalityError {
  return new UnsupportedFunctionalityError({
    functionality,
    message: `A model of specification 3 cannot take ${functionality}. Update the package of its provider.`,
  });
}
