import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isHarnessError } from "../../src/contract/errors.ts";
import { type ArgumentValues, fillArguments } from "../../src/programs/arguments.ts";

const fill = (template: readonly string[], values: ArgumentValues): readonly string[] =>
  fillArguments(template, values, "my-tool");

const refused = (template: readonly string[], values: ArgumentValues): string => {
  try {
    fill(template, values);
  } catch (error) {
    if (isHarnessError(error, "ATLAS_HARNESS_INPUT_REFUSED")) return error.message;
    throw error;
  }
  return "";
};

describe("the arguments of a program", () => {
  it("hold each value in one argument", () => {
    expect(fill(["--task", "{goal}", "--dir={cwd}"], { goal: "a b; $(c) `d`", cwd: "/x y" })).toEqual([
      "--task",
      "a b; $(c) `d`",
      "--dir=/x y",
    ]);
  });

  it("are filled in once, so that a value cannot hold a placeholder", () => {
    expect(fill(["{goal} in {cwd}"], { goal: "{cwd} {{goal}}", cwd: "{goal}" })).toEqual([
      "{cwd} {{goal}} in {goal}",
    ]);
  });

  it("can hold braces and JSON", () => {
    const json = '{"edit":{"bash":"deny"},"x":[{}]}';
    expect(fill([json, "{{goal}}", "{{goal}", "{0}", "{ goal }"], { goal: "g" })).toEqual([
      json,
      "{goal}",
      "{g",
      "{0}",
      "{ goal }",
    ]);
  });

  it("lose an argument without a value, together with its option", () => {
    const template = ["run", "--model", "{model}", "--m={model}", "-s", "{session_id}", "--", "{goal}"];
    expect(fill(template, { goal: "g" })).toEqual(["run", "--", "g"]);
    expect(fill(template, { goal: "g", model: "m", session_id: "s" })).toEqual([
      "run",
      "--model",
      "m",
      "--m=m",
      "-s",
      "s",
      "--",
      "g",
    ]);
    expect(fill(["run", "{model}"], {})).toEqual(["run"]);
    expect(fill(["--", "{model}"], {})).toEqual(["--"]);
    expect(fill(["-", "{model}"], {})).toEqual(["-"]);
    expect(fill(["--a=b", "{model}"], {})).toEqual(["--a=b"]);
  });

  it("repeat an argument for each path, together with its option", () => {
    const values = { context_paths: ["a b", "c"] };
    expect(fill(["--file", "{context_paths}", "end"], values)).toEqual([
      "--file",
      "a b",
      "--file",
      "c",
      "end",
    ]);
    expect(fill(["--file={context_paths}"], values)).toEqual(["--file=a b", "--file=c"]);
    expect(fill(["--file", "{context_paths}", "end"], { context_paths: [] })).toEqual(["end"]);
    expect(fill(["--file", "{context_paths}", "end"], {})).toEqual(["end"]);
  });

  it.each<[readonly string[], string]>([
    [["{goal}"], "--dir=/etc"],
    [["--task", "{goal}"], "-c"],
    [["{goal}.md"], "-"],
    [["{model}{goal}"], "-x"],
  ])("refuse with %j the goal %j, which would be an option", (template, goal) => {
    expect(refused(template, { goal, model: "" })).toMatch(/begins with "-", so "my-tool" would take it/);
  });

  it.each<[readonly string[], readonly string[]]>([
    [
      ["--", "{goal}"],
      ["--", "-x"],
    ],
    [
      ["--", "a", "{goal}"],
      ["--", "a", "-x"],
    ],
    [["--task={goal}"], ["--task=-x"]],
    [["-t{goal}"], ["-t-x"]],
  ])("accept with %j a goal that begins with a hyphen", (template, expected) => {
    expect(fill(template, { goal: "-x" })).toEqual(expected);
  });

  it("refuse a NUL, and name the value", () => {
    expect(refused(["--task={goal}"], { goal: "a\0b" })).toBe(
      'The value of "goal" for "my-tool" holds a NUL character, which no argument can hold. Remove it.',
    );
  });

  it("give back any text exactly, whatever it holds", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (goal) => {
        fc.pre(!goal.includes("\0"));
        expect(fill(["--", "{goal}"], { goal })).toEqual(["--", goal]);
        expect(fill(["--a={goal}={goal}"], { goal })).toEqual([`--a=${goal}=${goal}`]);
      }),
    );
  });
});
