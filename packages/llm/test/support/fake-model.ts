import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from "@ai-sdk/provider";
import { fromModel } from "../../src/ai-sdk/index.ts";
import { createLLMRouter, type LLMRouter, type LLMRouterOptions, type LLMRuntime } from "../../src/index.ts";

export type Part = LanguageModelV4StreamPart;

/** A part of a stream, one that is awaited, or an error that breaks it. */
export type Step = Part | Promise<Part> | Error;

/** One reaction of a fake model: content, a whole result, parts, a stream, or an error. */
export type Reaction =
  | readonly LanguageModelV4Content[]
  | Partial<LanguageModelV4GenerateResult>
  | { readonly parts: readonly Step[] }
  | { readonly stream: ReadableStream<Part> }
  | Error
  | ((call: LanguageModelV4CallOptions) => Promise<{ readonly stream: ReadableStream<Part> }>);

type Played = Exclude<Reaction, Error | ((call: LanguageModelV4CallOptions) => unknown)>;

/** A model of the AI SDK that keeps its calls and plays its reactions, the last one again and again. */
export function createFakeModel(
  ...reactions: readonly Reaction[]
): LanguageModelV4 & { readonly calls: LanguageModelV4CallOptions[] } {
  const calls: LanguageModelV4CallOptions[] = [];
  const react = async (call: LanguageModelV4CallOptions): Promise<Played> => {
    calls.push(call);
    const reaction = reactions[Math.min(calls.length, reactions.length) - 1] ?? [];
    if (reaction instanceof Error) throw reaction;
    if (typeof reaction === "function") return reaction(call);
    return reaction;
  };
  return {
    calls,
    specificationVersion: "v4",
    provider: "fake.chat",
    modelId: "fake-1",
    supportedUrls: {},
    async doGenerate(call) {
      const reaction = await react(call);
      const content = Array.isArray(reaction) ? reaction : [];
      // Sound: a test passes content or parts of a result here.
      const given = (Array.isArray(reaction) ? {} : reaction) as Partial<LanguageModelV4GenerateResult>;
      return { content, finishReason: stop, usage, warnings: [], ...given };
    },
    async doStream(call) {
      const reaction = await react(call);
      if ("stream" in reaction) return { stream: reaction.stream };
      return { stream: streamOf("parts" in reaction ? reaction.parts : []), request: { body: "asked" } };
    },
  };
}

export const stop = { unified: "stop", raw: "stop" } as const;
export const usage: LanguageModelV4Usage = {
  inputTokens: { total: 7, noCache: 4, cacheRead: 3, cacheWrite: undefined },
  outputTokens: { total: 5, text: 3, reasoning: 2 },
};
export const start: Part = { type: "stream-start", warnings: [] };
export const delta = (text: string): Part => ({ type: "text-delta", id: "1", delta: text });
export const finish: Part = { type: "finish", finishReason: stop, usage };

/** The parts of an answer with this text. */
export function saying(...pieces: readonly string[]): readonly Part[] {
  return [
    start,
    { type: "response-metadata", id: "r1", modelId: "fake-1-real" },
    { type: "text-start", id: "1" },
    ...pieces.map(delta),
    { type: "text-end", id: "1" },
    finish,
  ];
}

/** A stream of these steps, each taken when it is read. */
export function streamOf(parts: readonly Step[]): ReadableStream<Part> {
  const left = [...parts];
  return new ReadableStream(
    {
      async pull(controller) {
        const step = left.shift();
        if (step === undefined) controller.close();
        else if (step instanceof Error) controller.error(step);
        else controller.enqueue(await step);
      },
    },
    { highWaterMark: 0 },
  );
}

/** A stream that never gives another part after these, and says why it was left. */
export function hanging(...parts: readonly Part[]) {
  const cancelled = Promise.withResolvers<unknown>();
  const left = [...parts];
  const stream = new ReadableStream<Part>(
    {
      pull(controller) {
        const part = left.shift();
        if (part !== undefined) controller.enqueue(part);
        return part === undefined ? new Promise(() => undefined) : undefined;
      },
      cancel: (reason) => cancelled.resolve(reason),
    },
    { highWaterMark: 0 },
  );
  return { stream, cancelled: cancelled.promise };
}

/** A router over models and runtimes, all in the profile `default` in their order. */
export function routerOver(
  models: Readonly<Record<string, LanguageModelV4 | LLMRuntime>>,
  options: Partial<LLMRouterOptions> = {},
): LLMRouter {
  const providers = Object.fromEntries(
    Object.entries(models).map(([name, one]) => [
      name,
      "doGenerate" in one ? fromModel(one, { provider: name }) : one,
    ]),
  );
  return createLLMRouter({
    config: { profiles: { default: Object.keys(models) } },
    providers,
    random: () => 0,
    ...options,
  });
}

export const hello: LanguageModelV4CallOptions = {
  prompt: [{ role: "user", content: [{ type: "text", text: "Hello" }] }],
};

/** An error as a service's package throws it. */
export function answering(status: number, message = `Status ${status}.`): Error {
  return Object.assign(new Error(message), { statusCode: status });
}

/** Reads a stream to its end. */
export async function partsOf(stream: ReadableStream<Part>): Promise<readonly Part[]> {
  const parts: Part[] = [];
  for await (const part of stream) parts.push(part);
  return parts;
}
