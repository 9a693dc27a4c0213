import { expect, it } from "vitest";
import * as names from "../src/index.ts";

it("exports these names", () => {
  expect(Object.keys(names).sort()).toMatchInlineSnapshot(`
    [
      "LLMError",
      "applyMiddleware",
      "createLLM",
      "createLLMRouter",
      "createStream",
      "isLLMError",
      "streamOf",
      "withInstructions",
      "withRecorder",
    ]
  `);
});

it("exports the mock, the adapters and the tracing under their own subpaths", async () => {
  expect(Object.keys(await import("@atlas/llm/mock"))).toEqual(["createMockLLM"]);
  expect(Object.keys(await import("@atlas/llm/ai-sdk")).sort()).toEqual(["fromModel", "toModel"]);
  expect(Object.keys(await import("@atlas/llm/tracing"))).toEqual(["withTracing"]);
});
