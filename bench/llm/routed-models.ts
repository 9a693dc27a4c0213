import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { LanguageModelV4 } from "@ai-sdk/provider";
import { createLLMRouter } from "@atlas/llm";
import { fromModel } from "@atlas/llm/ai-sdk";
import { generateText, type LanguageModel, streamText } from "ai";
import type { Report } from "../line.ts";
import { type Contestant, mean, measure } from "../measure.ts";
import { CHUNKS, createModel, forgetCalls, prompt } from "./model.ts";
import { bare, lineOf, read, repeat } from "./work.ts";

const ROUNDS = 9;
const MICROSECONDS = 1_000;
const MEBIBYTE = 2 ** 20;

/** The functions of the AI SDK over a routed model, beside the same over the model itself. */
export async function benchModels(report: Report): Promise<void> {
  const calls = 200;
  const streams = 4;
  const ask = (model: LanguageModel) => repeat(calls, () => generateText({ model, prompt, maxRetries: 0 }));
  const readAll = (model: LanguageModel) =>
    repeat(streams, () => read(streamText({ model, prompt, maxRetries: 0 }).textStream));
  const rounds = await measure(
    {
      routed: overRouter(ask),
      bare: bare(ask),
      routedStream: overRouter(readAll),
      bareStream: bare(readAll),
    },
    { rounds: ROUNDS, slices: 6 },
  );
  const each = (name: keyof typeof rounds, count: number): readonly number[] =>
    mean(rounds[name]).map((ms) => (ms * MICROSECONDS) / count);
  report(
    lineOf("generateText, routed model", "µs", each("routed", calls), {
      name: "the bare model",
      values: each("bare", calls),
    }),
  );
  const chunks = streams * CHUNKS;
  report(
    lineOf("streamText, routed model, per chunk", "µs", each("routedStream", chunks), {
      name: "the bare model",
      values: each("bareStream", chunks),
    }),
  );
}

/** What a call of the AI SDK keeps in memory while its model has not answered. */
export async function benchModelsInFlight(report: Report): Promise<void> {
  const calls = 1_000;
  const kept = (over: (model: LanguageModelV4) => LanguageModelV4) => ({
    slice: () => heldBytes(calls, over),
  });
  const rounds = await measure(
    { routed: kept(routedOver), bare: kept((model) => model) },
    {
      rounds: ROUNDS,
      slices: 1,
    },
  );
  const inMiB = (name: keyof typeof rounds): readonly number[] =>
    mean(rounds[name]).map((bytes) => bytes / MEBIBYTE);
  report(
    lineOf("1,000 calls in flight, routed model", "MiB", inMiB("routed"), {
      name: "the bare model",
      values: inMiB("bare"),
    }),
  );
}

/** How much the heap grows, after full garbage collections, with so many calls that wait for one model. */
async function heldBytes(
  calls: number,
  over: (model: LanguageModelV4) => LanguageModelV4,
): Promise<readonly number[]> {
  const mock = createModel();
  const answers = Promise.withResolvers<void>();
  const allAsked = Promise.withResolvers<void>();
  let asked = 0;
  const model = over({
    specificationVersion: "v4",
    provider: mock.provider,
    modelId: mock.modelId,
    supportedUrls: {},
    async doGenerate(request) {
      asked += 1;
      if (asked === calls) allAsked.resolve();
      await answers.promise;
      return mock.doGenerate(request);
    },
    doStream: (request) => mock.doStream(request),
  });
  const before = heapBytes();
  const running = Array.from({ length: calls }, () => generateText({ model, prompt, maxRetries: 0 }));
  await allAsked.promise;
  const grownBy = heapBytes() - before;
  answers.resolve();
  await Promise.all(running);
  return [grownBy];
}

/** A contestant that asks a routed model, whose router has one candidate. */
function overRouter(work: (model: LanguageModelV4) => Promise<readonly number[]>): Contestant {
  const model = createModel();
  const routedModel = routedOver(model);
  return { slice: () => work(routedModel).finally(() => forgetCalls(model)) };
}

function routedOver(model: LanguageModelV4): LanguageModelV4 {
  return createLLMRouter({
    config: { profiles: { default: ["bench"] } },
    providers: { bench: fromModel(model) },
    // The calls in flight must reach the model, not a line.
    policy: { maxConcurrency: 10_000 },
  }).model();
}

/** The heap after a full garbage collection. */
function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  collect();
  return process.memoryUsage().heapUsed;
}
