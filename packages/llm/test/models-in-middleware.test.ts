import { join } from "node:path";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { wrapLanguageModel } from "ai";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  applyMiddleware,
  createLLM,
  joinAround,
  type LLMMiddleware,
  type LLMRuntime,
  type ModelOptions,
  withInstructions,
  withRecorder,
} from "../src/index.ts";
import { createMockLLM } from "../src/mock/mock.ts";
import { withTracing } from "../src/tracing/index.ts";
import {
  answering,
  createFakeModel,
  delta,
  finish,
  hanging,
  hello,
  partsOf,
  type Reaction,
  routerOver,
  saying,
  start,
} from "./support/fake-model.ts";
import { createFolder, type Folder } from "./support/folder.ts";

const text = [{ type: "text" as const, text: "Ahoy" }];
const tools = [{ type: "function" as const, name: "look", inputSchema: {} }];
const guard: LLMMiddleware = (next) => ({
  ...next,
  generateText: () => Promise.reject(new Error("Not allowed.")),
  streamText: () => {
    throw new Error("Not allowed.");
  },
});
/** Hands models on with a function of its own, and notes what they are made for. */
const passing =
  (made: (ModelOptions | undefined)[] = []): LLMMiddleware =>
  (next) => ({
    ...next,
    languageModel(options) {
      made.push(options);
      return createLLM(next).languageModel(options);
    },
  });

let folder: Folder;
beforeEach(() => {
  folder = createFolder({ "AGENTS.md": "Rules of the house." });
});
afterEach(() => folder[Symbol.dispose]());

const over = (middleware: readonly LLMMiddleware[], ...reactions: readonly Reaction[]) => {
  const house = createFakeModel(...(reactions.length === 0 ? [text] : reactions));
  const router = routerOver({ house }, { policy: { retries: 0 } });
  return { house, llm: createLLM(applyMiddleware(router, middleware)) };
};

describe("a middleware that has only copied the models of the next runtime", () => {
  it.each<[string, readonly LLMMiddleware[]]>([
    ["alone", [guard]],
    ["around one that hands models on", [guard, passing()]],
    ["inside of one that hands models on", [passing(), guard]],
  ])("sees their calls as calls of text, and is not bypassed: %s", async (_, middleware) => {
    const { llm, house } = over(middleware);
    const model = llm.languageModel();
    await expect(model.doGenerate(hello)).rejects.toThrow("Not allowed.");
    await expect(model.doStream(hello)).rejects.toThrow("Not allowed.");
    await expect(model.doGenerate({ ...hello, tools })).rejects.toThrow("cannot take tools");
    expect(house.calls).toEqual([]);
  });

  it("is not bypassed around an attempt either, and its router says what it cannot take", async () => {
    const house = createFakeModel(text);
    for (const around of [guard, joinAround([guard, passing()]), joinAround([passing(), guard])]) {
      const router = routerOver({ house }, { around });
      await expect(router.model().doGenerate(hello)).rejects.toThrow("Not allowed.");
      await expect(router.model().doGenerate({ ...hello, tools })).rejects.toMatchObject({
        code: "ATLAS_LLM_REJECTED",
        message: expect.stringContaining("cannot take tools"),
      });
    }
    expect(house.calls).toEqual([]);
  });

  it("keeps its streams, and the methods of a class", async () => {
    class Counting implements LLMRuntime {
      asked = 0;
      readonly next: LLMRuntime;
      readonly languageModel: NonNullable<LLMRuntime["languageModel"]>;
      constructor(next: LLMRuntime) {
        this.next = next;
        this.languageModel = next.languageModel ?? (() => createMockLLM().languageModel());
      }
      generateText(call: Parameters<LLMRuntime["generateText"]>[0]) {
        this.asked += 1;
        return this.next.generateText(call);
      }
      streamText(call: Parameters<LLMRuntime["generateText"]>[0]) {
        this.asked += 1;
        return createLLM(this.next).streamText(call);
      }
    }
    const layers: Counting[] = [];
    const counting: LLMMiddleware = (next) => {
      const layer = new Counting(next);
      layers.push(layer);
      return layer;
    };
    const llm = createLLM(applyMiddleware(createMockLLM(), [counting]));
    await llm.languageModel().doGenerate(hello);
    await partsOf((await llm.languageModel().doStream(hello)).stream);
    expect(layers[0]?.asked).toBe(2);
  });
});

it("a middleware that hands models on sees for whom, and can wrap them as the AI SDK does", async () => {
  const made: (ModelOptions | undefined)[] = [];
  const seeding: LLMMiddleware = (next) => ({
    ...next,
    languageModel: (options) =>
      wrapLanguageModel({
        model: createLLM(next).languageModel(options),
        middleware: {
          specificationVersion: "v4",
          transformParams: async ({ params }) => ({ ...params, seed: 7 }),
        },
      }),
  });
  const { llm, house } = over([passing(made), seeding]);
  const { providerMetadata } = await llm
    .languageModel({ context: { tenant: "acme" } })
    .doGenerate({ ...hello, tools });
  expect(made).toEqual([{ context: { tenant: "acme" } }]);
  expect(house.calls[0]).toMatchObject({ seed: 7, tools });
  expect(providerMetadata?.["atlas"]).toMatchObject({ candidate: "house" });
  const around = routerOver(
    { house },
    { around: (next, { candidate }) => (candidate === "house" ? seeding(next) : next) },
  );
  await around.model().doGenerate({ ...hello, tools });
  expect(house.calls[1]).toMatchObject({ seed: 7, tools });
});

describe("the tracing of models", () => {
  const exporter = new InMemorySpanExporter();
  const tracer = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }).getTracer(
    "test",
  );
  beforeEach(() => exporter.reset());
  const spans = () => exporter.getFinishedSpans();

  it("makes a span of every call, with the tokens and who answered", async () => {
    const { llm } = over([withTracing({ tracer })], text, { parts: saying("Ahoy") });
    const model = llm.languageModel({ profile: "default", context: { tenant: "acme" } });
    expect(model.modelId).toBe("default");
    expect(await model.supportedUrls).toEqual({});
    const call = {
      ...hello,
      tools,
      temperature: 0.5,
      maxOutputTokens: 9,
      responseFormat: { type: "json" as const },
    };
    await model.doGenerate(call);
    await partsOf((await model.doStream(call)).stream);
    const attributes = {
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "house",
      "gen_ai.request.temperature": 0.5,
      "gen_ai.request.max_tokens": 9,
      "gen_ai.output.type": "json",
      "gen_ai.usage.input_tokens": 7,
      "gen_ai.usage.reasoning.output_tokens": 2,
      "atlas.llm.profile": "default",
      "atlas.llm.attempts": 1,
      "atlas.tenant": "acme",
    };
    expect(spans().map((span) => span.attributes)).toMatchObject([
      { ...attributes, "gen_ai.response.model": "fake-1" },
      { ...attributes, "gen_ai.response.model": "fake-1-real", "gen_ai.request.stream": true },
    ]);
    expect(spans()[1]?.attributes).toHaveProperty("gen_ai.response.time_to_first_chunk");
    expect(JSON.stringify(spans().map((span) => span.attributes))).not.toContain("Hello");
  });

  it("records what was said only where that is asked for", async () => {
    const { llm } = over([withTracing({ tracer, recordContent: true })], text, { parts: saying("A", "hoy") });
    const prompt: typeof hello.prompt = [
      { role: "system", content: "Be kind." },
      {
        role: "user",
        content: [
          { type: "text", text: "Hello" },
          { type: "file", mediaType: "image/png", data: { type: "data", data: "c2VjcmV0" } },
        ],
      },
    ];
    await llm.languageModel().doGenerate({ prompt });
    await partsOf((await llm.languageModel().doStream({ prompt })).stream);
    for (const { attributes } of spans()) {
      expect(JSON.parse(String(attributes["gen_ai.system_instructions"]))).toEqual([
        { type: "text", content: "Be kind." },
      ]);
      expect(JSON.parse(String(attributes["gen_ai.input.messages"]))).toEqual([
        { role: "user", parts: [{ type: "text", content: "Hello" }, { type: "file" }] },
      ]);
      expect(String(attributes["gen_ai.output.messages"])).toContain("Ahoy");
    }
    expect(spans()).toHaveLength(2);
  });

  it("ends with failures, also in the middle of a stream, and where the reader leaves", async () => {
    const failing = over([withTracing({ tracer })], answering(401)).llm.languageModel();
    await expect(failing.doGenerate(hello)).rejects.toThrow();
    await expect(failing.doStream(hello)).rejects.toThrow();
    const breaking = over([withTracing({ tracer })], { parts: [start, delta("A"), answering(500)] }).llm;
    await partsOf((await breaking.languageModel().doStream(hello)).stream);
    const leaving = over([withTracing({ tracer })], hanging(start, delta("A"))).llm;
    await (await leaving.languageModel().doStream(hello)).stream.cancel();
    const aborting = over([withTracing({ tracer })], hanging(start, delta("A"))).llm;
    const controller = new AbortController();
    const { stream } = await aborting.languageModel().doStream({ ...hello, abortSignal: controller.signal });
    controller.abort(new Error("Enough."));
    await expect(partsOf(stream)).rejects.toThrow("Enough.");
    expect(
      spans().map(({ attributes }) => attributes["error.type"] ?? attributes["atlas.llm.left_early"]),
    ).toEqual(["ATLAS_LLM_ALL_FAILED", "ATLAS_LLM_ALL_FAILED", "ATLAS_LLM_TRUNCATED", true, "Error"]);
  });

  it("is not there for a runtime without models", () => {
    const runtime: LLMRuntime = { generateText: async () => ({ text: "A", provider: "mine" }) };
    expect(withTracing({ tracer })(runtime)).not.toHaveProperty("languageModel");
    expect(withInstructions({ root: "." })(runtime)).not.toHaveProperty("languageModel");
  });
});

describe("the instructions of models", () => {
  it("come first, and the evidence lists them", async () => {
    const skill =
      "---\nname: sailing\ndescription: Sailing boats across stormy oceans.\n---\nHoist the sail.";
    folder.write("skills/sailing/SKILL.md", skill);
    const instructed = withInstructions({ root: folder.path });
    const { llm, house } = over([instructed, instructed], text, { parts: saying("Ahoy") });
    const model = llm.languageModel({ skills: ["sailing"] });
    expect([model.provider, model.modelId, await model.supportedUrls]).toEqual(["atlas", "default", {}]);
    const call = {
      ...hello,
      tools,
      prompt: [{ role: "system" as const, content: "Be brief." }, ...hello.prompt],
    };
    const { providerMetadata } = await model.doGenerate(call);
    expect(house.calls[0]).toMatchObject({
      tools,
      prompt: [
        { role: "system", content: expect.stringContaining("Rules of the house.") },
        { role: "system", content: expect.stringContaining("Hoist the sail.") },
        { role: "system", content: "Be brief." },
        { role: "user" },
      ],
    });
    const evidence = {
      candidate: "house",
      instructions: expect.arrayContaining([expect.objectContaining({ path: "AGENTS.md" })]),
    };
    expect(providerMetadata?.["atlas"]).toMatchObject(evidence);
    const parts = await partsOf((await model.doStream(call)).stream);
    expect(parts.at(-1)).toMatchObject({ type: "finish", providerMetadata: { atlas: evidence } });
    const unknown = llm.languageModel({ skills: ["flying"] });
    await expect(unknown.doGenerate(hello)).rejects.toMatchObject({ code: "ATLAS_LLM_SKILL_UNKNOWN" });
  });

  it("are selected by what the user said last", async () => {
    const skill =
      "---\nname: sailing\ndescription: Sailing boats across stormy oceans.\n---\nHoist the sail.";
    folder.write("skills/sailing/SKILL.md", skill);
    const { llm, house } = over([withInstructions({ root: folder.path })]);
    const content = [{ type: "text" as const, text: "How do I go sailing with boats on oceans?" }];
    await llm.languageModel().doGenerate({ prompt: [{ role: "user", content }] });
    await llm.languageModel().doGenerate(hello);
    expect(JSON.stringify(house.calls[0]?.prompt)).toContain("Hoist the sail.");
    expect(JSON.stringify(house.calls[1]?.prompt)).not.toContain("Hoist the sail.");
    const abortSignal = AbortSignal.abort(new Error("Enough."));
    await expect(llm.languageModel().doGenerate({ ...hello, abortSignal })).rejects.toThrow("Enough.");
    expect(house.calls).toHaveLength(2);
  });
});

it("the recorder records the calls of models that are text, and refuses the others", async () => {
  const path = join(folder.path, "answers.json");
  const { llm, house } = over([withRecorder({ path, mode: "auto" })]);
  await llm.languageModel().doGenerate(hello);
  const again = await llm.languageModel().doGenerate(hello);
  expect(again.providerMetadata?.["atlas"]).toMatchObject({ replayed: true });
  expect(house.calls).toHaveLength(1);
  await expect(llm.languageModel().doGenerate({ ...hello, tools })).rejects.toThrow("cannot take tools");
});

it("a reader of a wrapped stream that leaves twice is over once", async () => {
  const silent = hanging(start, delta("A"), finish);
  const { stream } = await over([withTracing()], silent).llm.languageModel().doStream(hello);
  await stream.cancel();
  await stream.cancel();
  expect(await silent.cancelled).toBeDefined();
});
