import { readFileSync } from "node:fs";
import { join } from "node:path";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import {
  applyMiddleware,
  createLLM,
  createLLMRouter,
  isLLMError,
  type LLMMiddleware,
  type RecorderMode,
  withInstructions,
  withRecorder,
} from "../src/index.ts";
import { createMockLLM } from "../src/mock/mock.ts";
import { withTracing } from "../src/tracing/index.ts";
import { piecesOf } from "./support/echo.ts";
import { createFolder, type Folder } from "./support/folder.ts";

const exporter = new InMemorySpanExporter();
const tracer = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }).getTracer(
  "test",
);

let folder: Folder;
beforeEach(() => {
  folder = createFolder({ "AGENTS.md": "Rules of the house." });
  exporter.reset();
});
afterEach(() => folder[Symbol.dispose]());

const tracing = withTracing({ tracer });
const instructions = (): LLMMiddleware => withInstructions({ root: folder.path });
const recorder = (mode: RecorderMode): LLMMiddleware =>
  withRecorder({ path: join(folder.path, "answers.json"), mode });

/** A routed runtime over a scripted model, with middleware. */
function create(middleware: readonly LLMMiddleware[]) {
  const model = createMockLLM({ script: ["First.", "Second.", '{"n":1}'] });
  const router = createLLMRouter({ config: { profiles: { fast: ["house"] } }, providers: { house: model } });
  return { model, llm: createLLM(applyMiddleware(router, middleware)) };
}

describe("the middleware that is shipped", () => {
  it("works together around the router: traced, instructed, recorded", async () => {
    const { model, llm } = create([tracing, instructions(), recorder("record")]);
    const result = await llm.generateText({ prompt: "Hello" });
    expect(result).toMatchObject({
      text: "First.",
      instructions: [{ kind: "agents_file", path: "AGENTS.md" }],
      route: { candidate: "house" },
    });
    expect(model.calls[0]?.system).toContain("Rules of the house.");
    expect(exporter.getFinishedSpans()[0]?.attributes).toMatchObject({
      "atlas.llm.profile": "fast",
      "atlas.llm.attempts": 1,
    });
    expect(await piecesOf(llm.streamText({ prompt: "Hello again" }))).not.toEqual([]);
    expect((await llm.generateObject({ prompt: "?", schema: z.object({ n: z.number() }) })).object).toEqual({
      n: 1,
    });
    expect(exporter.getFinishedSpans()).toHaveLength(3);
    expect(JSON.parse(readFileSync(join(folder.path, "answers.json"), "utf8")).interactions).toHaveLength(3);

    const replaying = create([tracing, instructions(), recorder("replay")]);
    const replayed = await replaying.llm.generateText({ prompt: "Hello" });
    expect(replayed).toMatchObject({ text: "First.", replayed: true, instructions: [{ path: "AGENTS.md" }] });
    expect("route" in replayed).toBe(false);
    expect(replaying.model.calls).toEqual([]);
    expect(exporter.getFinishedSpans()[3]?.attributes["atlas.llm.replayed"]).toBe(true);
  });

  it("sees changed instructions where the recorder is inside of them, and not where it is outside", async () => {
    await create([instructions(), recorder("record")]).llm.generateText({ prompt: "Hello" });
    folder.write("AGENTS.md", "New rules.");
    const inside = create([instructions(), recorder("replay")]).llm;
    const error = await inside.generateText({ prompt: "Hello" }).catch((error: unknown) => error);
    expect(isLLMError(error, "ATLAS_LLM_CASSETTE_MISMATCH") && error.details.at).toBe("system");

    await create([recorder("record"), instructions()]).llm.generateText({ prompt: "Hello" });
    folder.write("AGENTS.md", "Even newer rules.");
    const outside = create([recorder("replay"), instructions()]).llm;
    expect(await outside.generateText({ prompt: "Hello" })).toMatchObject({
      replayed: true,
      instructions: [{ path: "AGENTS.md", characters: 10 }],
    });
  });

  it("keeps a failure's code and route through every layer", async () => {
    const router = createLLMRouter({ config: { profiles: { fast: ["openai"] } } });
    const llm = createLLM(applyMiddleware(router, [tracing, instructions(), recorder("auto")]));
    for (const call of [
      llm.generateText({ prompt: "?" }),
      llm.streamText({ prompt: "?" }).result,
      piecesOf(llm.streamText({ prompt: "?" })),
    ]) {
      const error = await call.then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(isLLMError(error, "ATLAS_LLM_ALL_FAILED") && error.route?.skipped[0]?.candidate).toBe("openai");
    }
    const types = exporter.getFinishedSpans().map(({ attributes }) => attributes["error.type"]);
    expect(types).toEqual(Array(3).fill("ATLAS_LLM_ALL_FAILED"));
  });

  it("ends a stream through every layer when its reader leaves, and when the caller aborts", async () => {
    const { llm } = create([tracing, instructions(), recorder("record")]);
    const left = llm.streamText({ prompt: "Hello" });
    for await (const _ of left.textStream) break;
    await Promise.allSettled([left.result]);
    const controller = new AbortController();
    const stream = llm.streamText({ prompt: "Hello", signal: controller.signal });
    controller.abort(new Error("Enough."));
    await expect(stream.result).rejects.toThrow("Enough.");
    await expect(piecesOf(stream)).rejects.toThrow("Enough.");
    expect(exporter.getFinishedSpans()).toHaveLength(2);
  });
});
