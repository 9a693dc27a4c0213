import { expect, it } from "vitest";
import * as names from "../src/index.ts";

it("exports only types", () => {
  expect(Object.keys(names)).toEqual([]);
});

it("exports the mock under its own subpath", async () => {
  expect(Object.keys(await import("@atlas/llm/mock"))).toEqual(["createMockLLM"]);
});
