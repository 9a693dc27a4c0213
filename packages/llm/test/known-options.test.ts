import { expect, it } from "vitest";
import { fromModel, toModel } from "../src/ai-sdk/index.ts";
import { createLLM, createLLMRouter, createStream, withInstructions, withRecorder } from "../src/index.ts";
import { createMockLLM } from "../src/mock/index.ts";
import { withTracing } from "../src/tracing/index.ts";

const mock = createMockLLM();
const work = async () => ({ text: "", provider: "mine" });

it.each<[string, (options: object) => unknown, wrong: string, right: string]>([
  ["createLLM", (options) => createLLM(mock, options), "deadline", "deadlineMs"],
  ["createLLMRouter", (options) => createLLMRouter(options), "arround", "around"],
  ["createMockLLM", (options) => createMockLLM(options), "scripts", "script"],
  ["createStream", (options) => createStream(undefined, work, options), "maxUnreadByte", "maxUnreadBytes"],
  ["fromModel", (options) => fromModel(toModel(mock), options), "idleMS", "idleMs"],
  ["withInstructions", (options) => withInstructions({ root: ".", ...options }), "maxToken", "maxTokens"],
  [
    "withRecorder",
    (options) => withRecorder({ path: "a.json", mode: "auto", ...options }),
    "redakt",
    "redact",
  ],
  ["withTracing", (options) => withTracing(options), "recordContents", "recordContent"],
])("%s refuses an option that it does not have, and names the nearest", (name, make, wrong, right) => {
  expect(() => make({ [wrong]: undefined })).toThrow(
    new TypeError(`${name}: "${wrong}" is not an option. Did you mean "${right}"?`),
  );
});

it.each<[string, () => unknown]>([
  ["createLLM", () => createLLM(mock, { deadlineMs: 1, clock: createClock() })],
  ["createMockLLM", () => createMockLLM({ script: [] })],
  ["fromModel", () => fromModel(toModel(mock), allOfFromModel)],
  ["withInstructions", () => withInstructions(allOfWithInstructions)],
  ["withRecorder", () => withRecorder({ path: "a.json", mode: "auto", redact: (text) => text })],
  ["withTracing", () => withTracing({ recordContent: true, clock: createClock() })],
])("%s takes every option that it has", (_, make) => {
  expect(make).not.toThrow();
});

const allOfFromModel = { provider: "a", secrets: [], firstPartMs: 1, idleMs: 1, clock: createClock() };
const allOfWithInstructions = {
  root: ".",
  path: ".",
  skillFolders: [],
  maxMatches: 0,
  maxCharacters: 1,
  maxTokens: 1,
  countTokens: () => 1,
  clock: createClock(),
};

function createClock() {
  return { now: () => 0, monotonic: () => 0, after: () => () => undefined };
}
