import { expect, it } from "vitest";
import { completeResult } from "../../src/contract/complete-result.ts";
import type { LLMResult } from "../../src/index.ts";

const whole = {
  text: "Ahoy",
  provider: "house",
  model: "house-1",
  usage: { inputTokens: 1 },
  finishReason: "stop",
  degraded: true,
} as const satisfies LLMResult;

it("passes a complete answer on as it is", () => {
  for (const answer of [whole, { text: "", provider: "house" }]) {
    expect(completeResult(answer, "other")).toBe(answer);
  }
});

it.each<[string, object]>([
  ["provider", { provider: "" }],
  ["model", { model: null }],
  ["usage", { usage: { inputTokens: 1, outputTokens: Number.NaN } }],
  ["finishReason", { finishReason: "other" }],
  ["degraded", { degraded: "yes" }],
])("takes away a %s that is none, and keeps the rest", (name, wrong) => {
  // What a runtime resolves with can be anything.
  const answer = completeResult({ ...whole, route: undefined, ...wrong } as unknown as LLMResult, "asked");
  const { [name as keyof LLMResult]: _, ...rest } = { ...whole } as LLMResult;
  const mended = { provider: { provider: "asked" }, usage: { usage: { inputTokens: 1 } } };
  expect(answer).toEqual({ ...rest, ...(Object.hasOwn(mended, name) ? Reflect.get(mended, name) : {}) });
});
