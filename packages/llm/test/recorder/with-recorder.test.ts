import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  applyMiddleware,
  createStream,
  isLLMError,
  type LLMOptions,
  type LLMRuntime,
  type RecorderMode,
  withRecorder,
} from "../../src/index.ts";
import { createEcho, piecesOf } from "../support/echo.ts";
import { createFolder, type Folder } from "../support/folder.ts";

let folder: Folder;
let path: string;
beforeEach(() => {
  folder = createFolder();
  path = join(folder.path, "cassettes/answers.json");
});
afterEach(() => folder[Symbol.dispose]());

/** A model that counts how often it was asked, and says it. */
function createCounter(): LLMRuntime & { asked: number } {
  const counter = {
    asked: 0,
    async generateText({ prompt = "" }: LLMOptions) {
      counter.asked += 1;
      return { text: `${prompt} ${counter.asked}`, provider: "counter" };
    },
  };
  return counter;
}

const recorded = (runtime: LLMRuntime, mode: RecorderMode, redact?: (text: string) => string): LLMRuntime =>
  applyMiddleware(runtime, [withRecorder({ path, mode, ...(redact && { redact }) })]);

/** A model that must not be asked. */
const forbidden: LLMRuntime = {
  generateText: () => Promise.reject(new Error("The model was asked.")),
};

const read = () => JSON.parse(readFileSync(path, "utf8"));

const failure = (call: Promise<unknown> | undefined): Promise<unknown> =>
  Promise.resolve(call).then(
    () => undefined,
    (error: unknown) => error,
  );

describe("a recorder", () => {
  it("lets only the owner read the file and the folders that it makes", async () => {
    path = join(folder.path, "one/two/answers.json");
    const llm = recorded(createCounter(), "auto");
    await llm.generateText({ prompt: "Hello" });
    await llm.generateText({ prompt: "Again" });
    const modes = ["one", "one/two", "one/two/answers.json"].map(
      (place) => statSync(join(folder.path, place)).mode & 0o777,
    );
    // Windows has no such modes.
    if (process.platform !== "win32") expect(modes).toEqual([0o700, 0o700, 0o600]);
  });

  it("replaces the secrets that it is given, in questions and in answers", async () => {
    const key = "q7Zt9wXk2pL8vB4n";
    const llm = applyMiddleware(createCounter(), [withRecorder({ path, mode: "record", secrets: [key] })]);
    await llm.generateText({ prompt: `Use ${key} or ${Buffer.from(`:${key}`).toString("base64")}` });
    expect(readFileSync(path, "utf8")).not.toMatch(/q7Zt9wXk|N1p0OXdYazJwTDh2QjRu/);
    expect(read().interactions[0].request.prompt).toContain("[redacted]");
  });

  it("writes a file that a person can read, and gives its answers again", async () => {
    const call = {
      system: "Be kind.",
      prompt: "Hello",
      temperature: 0,
      signal: new AbortController().signal,
    };
    const llm = recorded(
      {
        generateText: async () => ({
          text: "Hi.",
          provider: "openai",
          model: "m-1",
          usage: { inputTokens: 3 },
          route: { profile: "fast", attempts: [], skipped: [], durationMs: 12 },
        }),
      },
      "record",
    );
    const first = await llm.generateText(call);
    expect(first.replayed).toBeUndefined();
    expect(first.route?.durationMs).toBe(12);
    expect(readFileSync(path, "utf8")).toMatchInlineSnapshot(`
      "{
        "atlas_cassette": 1,
        "interactions": [
          {
            "request": {
              "call": "generateText",
              "prompt": "Hello",
              "system": "Be kind.",
              "temperature": 0
            },
            "response": {
              "model": "m-1",
              "provider": "openai",
              "text": "Hi.",
              "usage": {
                "inputTokens": 3
              }
            }
          }
        ]
      }
      "
    `);
    const again = await recorded(forbidden, "replay").generateText({ ...call, deadlineMs: 5 });
    expect(again).toEqual({
      text: "Hi.",
      provider: "openai",
      model: "m-1",
      usage: { inputTokens: 3 },
      replayed: true,
    });
  });

  it("begins anew with the first answer of a recording, and keeps the file until then", async () => {
    await recorded(createCounter(), "record").generateText({ prompt: "old" });
    const llm = recorded(createCounter(), "record");
    expect(read().interactions).toHaveLength(1);
    await llm.generateText({ prompt: "new" });
    await llm.generateText({ prompt: "newer" });
    expect(read().interactions.map(({ request }: { request: LLMOptions }) => request.prompt)).toEqual([
      "new",
      "newer",
    ]);
  });

  it("asks only for what is not there yet in the mode auto", async () => {
    const counter = createCounter();
    const texts = async (llm: LLMRuntime) => [
      (await llm.generateText({ prompt: "a" })).text,
      (await llm.generateText({ prompt: "a" })).text,
      (await llm.generateText({ prompt: "b" })).text,
    ];
    expect(await texts(recorded(counter, "auto"))).toEqual(["a 1", "a 1", "b 2"]);
    expect(await texts(recorded(counter, "auto"))).toEqual(["a 1", "a 1", "b 2"]);
    expect(counter.asked).toBe(2);
  });

  it("gives several answers to one call in their order, and then the last again", async () => {
    const recording = recorded(createCounter(), "record");
    for (const prompt of ["a", "b", "a"]) await recording.generateText({ prompt });
    const replaying = recorded(forbidden, "replay");
    const texts = [];
    for (let call = 0; call < 4; call += 1) texts.push((await replaying.generateText({ prompt: "a" })).text);
    expect(texts).toEqual(["a 1", "a 3", "a 3", "a 3"]);
  });

  it("takes the order of options for nothing, and each of their values for something", async () => {
    const llm = recorded(createCounter(), "record");
    await llm.generateText({
      prompt: "a",
      tags: ["x"],
      json: { schema: { type: "object", title: "t" }, strictSchema: { type: "object" } },
    });
    const replaying = recorded(forbidden, "replay");
    await replaying.generateText({
      json: { schema: { title: "t", type: "object" } },
      tags: ["x"],
      prompt: "a",
    });
    const error = await failure(replaying.generateText({ prompt: "a", tags: ["y"], json: { schema: {} } }));
    expect(isLLMError(error, "ATLAS_LLM_CASSETTE_MISMATCH")).toBe(true);
  });

  it("neither writes nor compares what a call belongs to", async () => {
    const counter = createCounter();
    const context = { correlation_id: "request-7", actor: "user:ada" };
    await recorded(counter, "record").generateText({ prompt: "Hello", context });
    expect(readFileSync(path, "utf8")).not.toMatch(/request-7|user:ada|context/);
    const replaying = recorded(counter, "replay");
    for (const other of [{}, { context: { correlation_id: "request-8" } }]) {
      expect((await replaying.generateText({ prompt: "Hello", ...other })).text).toBe("Hello 1");
    }
    expect(counter.asked).toBe(1);
  });

  it("names the first difference to the most similar call", async () => {
    const llm = recorded(createCounter(), "record");
    await llm.generateText({ prompt: "Something else", model: "m-2", temperature: 1 });
    await llm.generateText({ prompt: "Summarise the first chapter, please", model: "m-1" });
    const error = await failure(
      recorded(forbidden, "replay").generateText({
        prompt: "Summarise the last chapter, please",
        model: "m-1",
      }),
    );
    expect(isLLMError(error, "ATLAS_LLM_CASSETTE_MISMATCH") && error.details).toEqual({
      path,
      at: "prompt",
      expected: '"Summarise the first chapter, please"',
      got: '"Summarise the last chapter, please"',
    });
    expect(String(error)).toContain("The most similar one (number 2) first differs at prompt");
    expect(isLLMError(error) && error.retryable).toBe(false);
  });

  it("never asks the model in the mode replay, whatever is missing", async () => {
    const missing = await failure(recorded(forbidden, "replay").generateText({ prompt: "a" }));
    expect(isLLMError(missing, "ATLAS_LLM_CASSETTE_MISSING") && missing.details).toEqual({ path });
    mkdirSync(join(folder.path, "cassettes"));
    writeFileSync(path, '{ "atlas_cassette": 1, "interactions": [] }');
    const empty = await failure(recorded(forbidden, "replay").generateText({ prompt: "a" }));
    expect(isLLMError(empty, "ATLAS_LLM_CASSETTE_MISMATCH") && empty.details.at).toBe("interactions");
    await recorded(createCounter(), "record").generateText({ prompt: "a" });
    const streamed = await failure(recorded(forbidden, "replay").streamText?.({ prompt: "a" }).result);
    expect(isLLMError(streamed, "ATLAS_LLM_CASSETTE_MISMATCH") && streamed.details).toMatchObject({
      at: "call",
      expected: '"generateText"',
      got: '"streamText"',
    });
  });

  it("sees that a missing or wrong file was corrected", async () => {
    const llm = recorded(forbidden, "replay");
    await expect(llm.generateText({ prompt: "a" })).rejects.toThrow("Record it first");
    await recorded(createCounter(), "record").generateText({ prompt: "a" });
    expect((await llm.generateText({ prompt: "a" })).text).toBe("a 1");
  });

  it("streams the recorded pieces again", async () => {
    const recording = recorded(createEcho("One two three."), "record").streamText?.({ prompt: "Count" });
    expect(await piecesOf(recording)).toEqual(["One ", "two ", "three."]);
    expect(read().interactions[0].chunks).toEqual(["One ", "two ", "three."]);
    const replay = recorded(forbidden, "replay").streamText?.({ prompt: "Count" });
    expect(await piecesOf(replay)).toEqual(["One ", "two ", "three."]);
    expect(await replay?.result).toEqual({
      text: "One two three.",
      provider: "echo",
      model: "echo-1",
      usage: { inputTokens: 3, outputTokens: 4 },
      replayed: true,
    });
  });

  it("records a stream of which only the result is awaited, and one of a provider that cannot stream", async () => {
    await recorded(createEcho("One two."), "record").streamText?.({ prompt: "Count" }).result;
    expect(read().interactions[0].chunks).toEqual(["One ", "two."]);
    await piecesOf(recorded(createCounter(), "record").streamText?.({ prompt: "Count" }));
    expect(read().interactions[0].chunks).toEqual(["Count 1"]);
  });

  it("records neither failures nor streams that broke off or were left", async () => {
    const failing: LLMRuntime = {
      generateText: () => Promise.reject(new Error("No.")),
      streamText: ({ signal }) =>
        createStream(signal, async (emit, either) => {
          await emit("a");
          await new Promise((_, reject) => either.addEventListener("abort", () => reject(either.reason)));
          return { text: "", provider: "" };
        }),
    };
    const llm = recorded(failing, "record");
    await expect(llm.generateText({ prompt: "a" })).rejects.toThrow("No.");
    const stream = llm.streamText?.({ prompt: "a" });
    for await (const _ of stream?.textStream ?? []) break;
    await expect(stream?.result).rejects.toThrow("left");
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it("writes no secret, not even one that came in two pieces, and still finds the call", async () => {
    const secret = `sk-${"a1B2c3D4".repeat(5)}`;
    const pieces = ["The key ", "is sk-a1B2", `${secret.slice(7)} and`, " the name is ", "Ada", ". Bye."];
    const text = pieces.join("");
    const llm = recorded(
      {
        generateText: async ({ prompt = "" }) => ({ text: prompt, provider: "echo" }),
        streamText: ({ signal }) =>
          createStream(signal, async (emit) => {
            for (const piece of pieces) await emit(piece);
            return { text, provider: "echo" };
          }),
      },
      "record",
      (said) => said.replaceAll("Ada", "[name]"),
    );
    const call = { prompt: `Use ${secret} for Ada`, messages: [] };
    expect((await llm.generateText(call)).text).toContain(secret);
    expect((await piecesOf(llm.streamText?.(call))).join("")).toContain(secret);
    const file = readFileSync(path, "utf8");
    for (const piece of ["a1B2", "c3D4", "Ada"]) expect(file).not.toContain(piece);
    const replaying = recorded(forbidden, "replay", (said) => said.replaceAll("Ada", "[name]"));
    expect((await replaying.generateText(call)).text).toBe("Use [redacted] for [name]");
    expect(await piecesOf(replaying.streamText?.(call))).toEqual([
      "The key ",
      "is [redacted] and the name is [name]",
      ". Bye.",
    ]);
    const error = await failure(replaying.generateText({ ...call, prompt: `Try ${secret} for Ada` }));
    expect(String(error)).toContain("[redacted]");
    expect(String(error)).not.toContain("a1B2");
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])("records concurrent calls, each once (round %i)", async () => {
    const counter = createCounter();
    const llm = recorded(counter, "record");
    const prompts = Array.from({ length: 40 }, (_, index) => `prompt ${index}`);
    const texts = await Promise.all(prompts.map(async (prompt) => (await llm.generateText({ prompt })).text));
    expect(read().interactions).toHaveLength(40);
    const replaying = recorded(forbidden, "replay");
    const again = await Promise.all(
      prompts.map(async (prompt) => (await replaying.generateText({ prompt })).text),
    );
    expect(again).toEqual(texts);
    expect(readdirSync(join(folder.path, "cassettes"))).toEqual(["answers.json"]);
  });

  it("fails a call whose answer it cannot write, and leaves nothing beside the file", async () => {
    mkdirSync(path, { recursive: true });
    const error = await failure(recorded(createCounter(), "record").generateText({ prompt: "a" }));
    expect(isLLMError(error, "ATLAS_LLM_CASSETTE_UNWRITTEN") && error.details).toEqual({ path });
    expect(readdirSync(join(folder.path, "cassettes"))).toEqual(["answers.json"]);
  });

  it.each([
    ["", "the file", "not JSON"],
    ["[]", "the file", "not an object"],
    ["{}", "atlas_cassette", "not 1"],
    ['{"atlas_cassette":2,"interactions":[]}', "atlas_cassette", "not 1"],
    ['{"atlas_cassette":1}', "interactions", "not a list"],
    ['{"atlas_cassette":1,"interactions":[7]}', "interactions[0]", "not an object"],
    ['{"atlas_cassette":1,"interactions":[{"request":[]}]}', "interactions[0].request", "not an object"],
    ['{"atlas_cassette":1,"interactions":[{"request":{}}]}', "interactions[0].response", "not an object"],
    [
      '{"atlas_cassette":1,"interactions":[{"request":{},"response":{"text":"a","provider":"b"}},{"request":{},"response":{"text":"a"}}]}',
      "interactions[1].response.provider",
      "not a text",
    ],
    [
      '{"atlas_cassette":1,"interactions":[{"request":{},"response":{"text":"a","provider":"b"},"chunks":["x"]}]}',
      "interactions[0].chunks",
      "not the response's text",
    ],
  ])("refuses the cassette %s, and says where it is wrong", async (text, at, reason) => {
    mkdirSync(join(folder.path, "cassettes"));
    writeFileSync(path, text);
    for (const mode of ["replay", "auto"] as const) {
      const error = await failure(recorded(forbidden, mode).generateText({ prompt: "a" }));
      expect(isLLMError(error, "ATLAS_LLM_CASSETTE_INVALID") && error.details).toEqual({ path, at });
      expect(String(error)).toContain(reason);
    }
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  it("takes a file that a person has edited: with a byte order mark, other keys first, an answer changed", async () => {
    await recorded(createCounter(), "record").generateText({ prompt: "a", model: "m" });
    const { interactions } = read();
    interactions[0].request = { prompt: "a", model: "m", call: "generateText" };
    interactions[0].response.text = "Edited.";
    writeFileSync(path, `\uFEFF${JSON.stringify({ interactions, atlas_cassette: 1 })}`);
    expect((await recorded(forbidden, "replay").generateText({ model: "m", prompt: "a" })).text).toBe(
      "Edited.",
    );
  });

  it("gives each caller an answer of its own", async () => {
    await recorded(createEcho(), "record").generateText({ prompt: "a" });
    const llm = recorded(forbidden, "replay");
    const first = await llm.generateText({ prompt: "a" });
    Object.assign(first.usage ?? {}, { inputTokens: 999 });
    expect((await llm.generateText({ prompt: "a" })).usage?.inputTokens).toBe(3);
  });

  it("does nothing for a call that was aborted", async () => {
    const signal = AbortSignal.abort(new Error("No more."));
    await recorded(createEcho(), "record").generateText({ prompt: "a" });
    for (const mode of ["replay", "auto", "record"] as const) {
      const llm = recorded(createEcho(), mode);
      await expect(llm.generateText({ prompt: "a", signal })).rejects.toThrow("No more.");
      await expect(llm.streamText?.({ prompt: "a", signal }).result).rejects.toThrow("No more.");
    }
    expect(read().interactions).toHaveLength(1);
  });

  it("refuses a mode that it does not know", () => {
    expect(() => withRecorder({ path, mode: "play" as RecorderMode })).toThrow(
      /one of record, replay, auto, but got "play"/,
    );
  });
});
