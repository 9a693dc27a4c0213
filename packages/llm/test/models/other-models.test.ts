import type {
  ImageModelV4,
  ImageModelV4Result,
  RerankingModelV4,
  SpeechModelV4,
  TranscriptionModelV4,
} from "@ai-sdk/provider";
import { describe, expect, it } from "vitest";
import { createLLMRouter, type LLMRouterOptions } from "../../src/index.ts";

const response = { timestamp: new Date(0), modelId: "m" };
const down = Object.assign(new Error("Down."), { status: 503 });
const identity = (modelId: string) => ({ specificationVersion: "v4", provider: "house", modelId }) as const;

function imageModel(
  answer: Partial<ImageModelV4Result> | Error,
  limits: Partial<Pick<ImageModelV4, "maxImagesPerCall" | "supportsFileInputs" | "supportsMaskInputs">> = {},
): ImageModelV4 {
  return {
    ...identity("painter"),
    maxImagesPerCall: 4,
    ...limits,
    async doGenerate() {
      if (answer instanceof Error) throw answer;
      return { images: ["aGk="], warnings: [], response: { ...response, headers: undefined }, ...answer };
    },
  };
}

function routerOver(models: LLMRouterOptions["models"], options: Partial<LLMRouterOptions> = {}) {
  return createLLMRouter({ models, random: () => 0, policy: { retries: 0 }, ...options });
}

const painting = {
  prompt: "The sea",
  n: 1,
  size: undefined,
  aspectRatio: undefined,
  seed: undefined,
  files: undefined,
  mask: undefined,
  providerOptions: {},
};

describe("an image model", () => {
  it("is another candidate's where one fails, whatever its name is", async () => {
    const models = { first: { image: imageModel(down) }, second: { image: imageModel({}) } };
    const { images, providerMetadata } = await routerOver(models).imageModel().doGenerate(painting);
    expect(images).toEqual(["aGk="]);
    expect(providerMetadata).toMatchObject({
      atlas: { images: [{ candidate: "second", route: { attempts: [{ outcome: "unavailable" }, {}] } }] },
    });
  });

  it("that gives no image had a bad turn, unless it says that it will never give one", async () => {
    const empty = { first: { image: imageModel({ images: [] }) }, second: { image: imageModel({}) } };
    expect(await routerOver(empty).imageModel().doGenerate(painting)).toMatchObject({ images: ["aGk="] });
    const final = {
      first: { image: imageModel({ images: [], isRetryable: false }) },
      second: { image: imageModel({}) },
    };
    await expect(routerOver(final).imageModel().doGenerate(painting)).rejects.toMatchObject({
      code: "ATLAS_LLM_REJECTED",
      route: { attempts: [{ candidate: "first", outcome: "rejected" }] },
    });
    const all = { candidates: ["first", "second"], fail_over_on_rejected: true };
    const tolerant = routerOver(final, { config: { profiles: { all } } });
    expect(await tolerant.imageModel().doGenerate(painting)).toMatchObject({ images: ["aGk="] });
  });

  it("makes as many images a call as each candidate can, and only one where a candidate does not say it", async () => {
    const limitOf = async (...limits: readonly ImageModelV4["maxImagesPerCall"][]) => {
      const models = Object.fromEntries(
        limits.map((maxImagesPerCall, index) => [
          `c${index}`,
          { image: imageModel({}, { maxImagesPerCall }) },
        ]),
      );
      const { maxImagesPerCall: limit } = routerOver(models).imageModel();
      return typeof limit === "function" ? limit({ modelId: "default" }) : limit;
    };
    expect(await limitOf(4, ({ modelId }) => (modelId === "painter" ? 2 : 9))).toBe(2);
    expect(await limitOf(4, undefined)).toBe(1);
    expect(await limitOf(4, () => Promise.reject(new Error("unknown")))).toBe(1);
  });

  it("takes files and masks if every candidate says that it does", async () => {
    const said = async (...answers: readonly (boolean | undefined)[]) => {
      const models = Object.fromEntries(
        answers.map((answer, index) => [
          `c${index}`,
          {
            image: imageModel(
              {},
              answer === undefined
                ? {}
                : { supportsFileInputs: Promise.resolve(answer), supportsMaskInputs: answer },
            ),
          },
        ]),
      );
      const model = routerOver(models).imageModel();
      return [await model.supportsFileInputs, await model.supportsMaskInputs];
    };
    expect(await said(true, true)).toEqual([true, true]);
    expect(await said(true, false)).toEqual([false, false]);
    expect(await said(true, undefined)).toEqual([undefined, undefined]);
  });
});

describe("a speech model", () => {
  const speaker = (audio: string | Uint8Array): SpeechModelV4 => ({
    ...identity("speaker"),
    doGenerate: async () => ({ audio, warnings: [], response }),
  });
  it.each([
    ["an empty text", ""],
    ["no bytes", new Uint8Array()],
    ["nothing", undefined as never],
  ])("that answers with %s: the next candidate's turn", async (_, audio) => {
    const models = { first: { speech: speaker(audio) }, second: { speech: speaker("aGk=") } };
    expect(await routerOver(models).speechModel().doGenerate({ text: "Ahoy" })).toMatchObject({
      audio: "aGk=",
      providerMetadata: {
        atlas: { candidate: "second", route: { attempts: [{ outcome: "bad_response" }, {}] } },
      },
    });
  });
});

describe("a transcription model", () => {
  const writer = (text: string): TranscriptionModelV4 => ({
    ...identity("writer"),
    doGenerate: async () => ({
      text,
      segments: [],
      language: undefined,
      durationInSeconds: undefined,
      warnings: [],
      response,
    }),
  });
  const call = { audio: new Uint8Array([1]), mediaType: "audio/wav" };

  it("may hear nothing, but has to say so", async () => {
    const models = { first: { transcription: writer(null as never) }, second: { transcription: writer("") } };
    expect(await routerOver(models).transcriptionModel().doGenerate(call)).toMatchObject({
      text: "",
      providerMetadata: { atlas: { candidate: "second" } },
    });
  });
});

describe("a reranking model", () => {
  const sorter = (indexes: readonly number[]): RerankingModelV4 => ({
    ...identity("sorter"),
    doRerank: async () => ({ ranking: indexes.map((index) => ({ index, relevanceScore: 1 })) }),
  });
  const call = { documents: { type: "text" as const, values: ["a", "b"] }, query: "b" };

  it.each([
    ["an index that no document has", [0, 2]],
    ["a negative one", [-1]],
    ["a fraction", [0.5]],
    ["a document twice", [1, 1]],
    ["more than there are", [0, 1, 0]],
    ["nothing", []],
  ])("that answers with %s: the next candidate's turn", async (_, indexes) => {
    const models = { first: { reranking: sorter(indexes) }, second: { reranking: sorter([1, 0]) } };
    expect(await routerOver(models).rerankingModel().doRerank(call)).toMatchObject({
      ranking: [{ index: 1 }, { index: 0 }],
      providerMetadata: { atlas: { candidate: "second" } },
    });
  });

  it("may leave documents out", async () => {
    const models = { only: { reranking: sorter([1]) } };
    const { ranking } = await routerOver(models)
      .rerankingModel()
      .doRerank({ ...call, topN: 1 });
    expect(ranking).toHaveLength(1);
  });
});

it("each is told of the end of its attempt", async () => {
  const signals: unknown[] = [];
  const hanging = ({ abortSignal }: { readonly abortSignal?: AbortSignal }) => {
    signals.push(abortSignal);
    return new Promise<never>(() => undefined);
  };
  const same = { ...identity("m"), doGenerate: hanging };
  const models = {
    only: {
      image: { ...same, maxImagesPerCall: 1 },
      speech: same,
      transcription: same,
      reranking: { ...identity("m"), doRerank: hanging },
    },
  };
  const router = routerOver(models, { policy: { retries: 0, attemptMs: 5 } });
  const calls = [
    router.imageModel().doGenerate(painting),
    router.speechModel().doGenerate({ text: "Ahoy" }),
    router.transcriptionModel().doGenerate({ audio: "", mediaType: "audio/wav" }),
    router.rerankingModel().doRerank({ documents: { type: "text", values: ["a"] }, query: "a" }),
  ];
  const ended = await Promise.allSettled(calls);
  expect(ended.map(({ status }) => status)).toEqual(Array(4).fill("rejected"));
  expect(signals).toMatchObject(Array(4).fill({ aborted: true }));
});

it("each kind has its own models: a candidate of one is skipped for another", async () => {
  const models = { painter: { image: imageModel({}) } };
  await expect(routerOver(models).speechModel().doGenerate({ text: "Ahoy" })).rejects.toMatchObject({
    route: {
      skipped: [{ reason: 'it has no speech model: pass it as models: { "painter": { speech: … } }' }],
    },
  });
});

it("gives the caller its own reason back when the caller leaves", async () => {
  const leaving = new AbortController();
  const hanging: SpeechModelV4 = {
    ...identity("speaker"),
    doGenerate: ({ abortSignal }) =>
      new Promise((_, reject) => {
        abortSignal?.addEventListener("abort", () => reject(abortSignal.reason));
        queueMicrotask(() => leaving.abort(new Error("enough")));
      }),
  };
  const model = routerOver({ only: { speech: hanging } }).speechModel();
  await expect(model.doGenerate({ text: "Ahoy", abortSignal: leaving.signal })).rejects.toThrow("enough");
});

it("keeps to the deadline of the routing file", async () => {
  const hanging: SpeechModelV4 = { ...identity("speaker"), doGenerate: () => new Promise(() => undefined) };
  const config = { profiles: { all: ["only"] }, limits: { deadline_ms: 20 } };
  const model = routerOver({ only: { speech: hanging } }, { config }).speechModel();
  await expect(model.doGenerate({ text: "Ahoy" })).rejects.toMatchObject({
    message: expect.stringContaining("in time"),
  });
});
