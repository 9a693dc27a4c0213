import { describe, expect, it } from "vitest";
import * as core from "../packages/core/src/contract/nearest.ts";
import * as routingOptions from "../packages/routing/src/known-options.ts";
import * as routing from "../packages/routing/src/nearest.ts";
import { optionCases } from "./support/option-cases.ts";

// Core and routing may not import each other, so each has its own copy. One table of cases keeps the copies alike.
describe.each([
  ["core", core],
  ["routing", routing],
])("the nearest name, as %s finds it", (_, { nearestName, didYouMean }) => {
  const known = ["openai", "openai-mini", "anthropic-sonnet", "ollama", "mock"];

  it.each([
    ["olama", "ollama"],
    ["opena", "openai"],
    ["openai-mni", "openai-mini"],
    ["antropic-sonet", "anthropic-sonnet"],
    ["mok", "mock"],
    ["mc", "mock"],
    ["m", undefined],
    ["completely-different", undefined],
    ["", undefined],
    ["x".repeat(10_000), undefined],
  ])("takes %.20s for %s", (wrong, expected) => {
    expect(nearestName(wrong, known)).toBe(expected);
    expect(didYouMean(wrong, known)).toBe(expected === undefined ? "" : ` Did you mean "${expected}"?`);
  });

  it("finds nothing where nothing is known", () => {
    expect(nearestName("mock", [])).toBeUndefined();
    expect(didYouMean("mock", [])).toBe("");
  });
});

// Core's copy joins this table.
describe.each([["routing", routingOptions]])(
  "the check of options, as %s makes it",
  (_, { checkOptions }) => {
    it.each(optionCases)("takes %j", (given, message) => {
      const check = () => checkOptions("createThing", given as object, ["journal", "database"]);
      if (message === undefined) expect(check).not.toThrow();
      else expect(check).toThrow(new TypeError(message));
    });
  },
);
