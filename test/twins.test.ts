import { describe, expect, it } from "vitest";
import { checkOptions } from "../packages/core/src/contract/known-options.ts";
import * as core from "../packages/core/src/contract/nearest.ts";
import * as routing from "../packages/routing/src/nearest.ts";

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

interface OptionCase {
  readonly name: string;
  readonly options: unknown;
  /** The message of the `TypeError`; absent if the options are accepted. */
  readonly message?: string;
}

const known = ["database", "journal", "modules"];

const optionCases: readonly OptionCase[] = [
  { name: "accepts no options", options: {} },
  { name: "accepts some of the known options", options: { journal: true, database: "x" } },
  { name: "accepts a known option that is undefined", options: { journal: undefined } },
  { name: "accepts options on an object without prototype", options: Object.create(null) },
  {
    name: "names the nearest known option",
    options: { database: "x", jornal: true },
    message: 'createThing: "jornal" is not an option. Did you mean "journal"?',
  },
  {
    name: "refuses an unknown option that is undefined",
    options: { module: undefined },
    message: 'createThing: "module" is not an option. Did you mean "modules"?',
  },
  {
    name: "lists the options where none is near",
    options: { zebra: 1 },
    message: 'createThing: "zebra" is not an option. The options are database, journal, modules.',
  },
  {
    name: "refuses null",
    options: null,
    message: "createThing: expected an object with options, but got null.",
  },
  {
    name: "refuses an array",
    options: ["journal"],
    message: "createThing: expected an object with options, but got an array.",
  },
  {
    name: "refuses a text",
    options: "journal",
    message: "createThing: expected an object with options, but got a string.",
  },
];

describe.each([["core", checkOptions]])("the check of options, as %s makes it", (_, check) => {
  it.each(optionCases)("$name", ({ options, message }) => {
    // What the compiler would refuse.
    const checking = () => check("createThing", options as object, known);
    if (message === undefined) expect(checking).not.toThrow();
    else expect(checking).toThrow(new TypeError(message));
  });
});
