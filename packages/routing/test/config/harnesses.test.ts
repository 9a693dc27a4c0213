import { describe, expect, it } from "vitest";
import { isRoutingError, parseRoutingConfig } from "../../src/index.ts";
import { isPlaceholder, templateParts } from "../../src/internal.ts";

function problemOf(harness: unknown): string {
  try {
    parseRoutingConfig({ harnesses: { "my-tool": harness } });
  } catch (error) {
    if (isRoutingError(error, "ATLAS_ROUTING_CONFIG_INVALID")) return error.details.problems.join(" ");
    throw error;
  }
  return "";
}

describe("an entry of harnesses", () => {
  it("may say all that a program needs", () => {
    const harness = {
      command: "my-cli-tool",
      args_template: ["run", "--model={model}", '{"a":{"b":{}}}', "{{goal}}", "--", "{goal}"],
      output_parsers: {
        diff: { type: "unified_diff" },
        plan: { type: "stdout_section", start_marker: "<plan>", end_marker: "</plan>", take: "first" },
        summary: { type: "json_field", field: "[-1].result.text" },
        notes: {
          type: "json_lines",
          field: "text",
          where: [{ field: "type", equals: "message" }],
          take: "all",
        },
        more: { type: "json_lines", field: "text", where: { field: "last", equals: true } },
        reports: { type: "file_glob", pattern: "reports/**/*.md" },
        code: { type: "exit_code" },
        all: { type: "stdout_all" },
      },
      timeout_ms: 1_000,
      idle_timeout_ms: 500,
      stdin: "goal",
      success: {
        exit_codes: [0, 2],
        json_field: { field: "is_error", equals: false },
        stdout_excludes: "denied",
      },
      modes: { plan: { args: ["--read-only"] }, apply: {} },
      env: {
        HOUSE_KEY: true,
        BASE_URL: "https://models.example:8080/v1/models1",
        NO_COLOR: "1",
        MODEL: "gpt-5-codex-mini-2026",
      },
      version_args: ["--version"],
    };
    expect(parseRoutingConfig({ harnesses: { "my-tool": harness } }).harnesses?.["my-tool"]).toEqual(harness);
    const acp = { protocol: "acp", args_template: ["--acp"], modes: { plan: { session_mode: "plan" } } };
    expect(problemOf({ command: "x", ...acp })).toBe("");
    expect(problemOf({ command: "x", env: ["HOUSE_KEY"], modes: ["plan", "propose"] })).toBe("");
  });

  it.each<[unknown, string]>([
    [{}, "harnesses.my-tool.command: expected string, received undefined."],
    [
      { args_template: ["--task", "{gaol}"] },
      'harnesses.my-tool.args_template[1]: there is no placeholder "{gaol}". Did you mean "{goal}"? Write "{{gaol}}" for the text itself.',
    ],
    [
      { args_template: ["{promptFile}"] },
      'there is no placeholder "{promptFile}". Did you mean "{prompt_file}"?',
    ],
    [{ args_template: ["{zzzzzzzzzzzzzz}"] }, "The placeholders are {goal} {cwd} {mode} {profile} {model}"],
    [{ args_template: ["a\0"] }, "args_template[0]: expected a text without NUL characters."],
    [
      { output_parsers: { diff: { type: "stdout_al" } } },
      'harnesses.my-tool.output_parsers.diff.type: expected one of stdout_all, stdout_section, json_field, json_lines, unified_diff, file_glob, exit_code. Did you mean "stdout_all"?',
    ],
    [{ output_parsers: { diff: {} } }, "output_parsers.diff.type: expected one of stdout_all"],
    [
      { output_parsers: { diff: { type: "stdout_section" } } },
      "output_parsers.diff.start_marker: expected string",
    ],
    [
      { output_parsers: { diff: { type: "stdout_section", start_marker: "a", end_marke: "b" } } },
      'output_parsers.diff.end_marke: unknown key. Did you mean "end_marker"?',
    ],
    [
      { output_parsers: { diff: { type: "json_field", field: "a..b" } } },
      "expected the path of a field, such as result.text or items[0].x.",
    ],
    [
      { output_parsers: { a: { type: "file_glob", pattern: "../*" } } },
      'expected a pattern below the working folder: without a leading "/" and without "..".',
    ],
    [
      { output_parsers: { a: { type: "file_glob", pattern: "/etc/*" } } },
      "expected a pattern below the working folder",
    ],
    [
      { output_parsers: { a: { type: "json_lines", field: "a", where: { field: "b", equals: [1] } } } },
      "where.equals: expected a text, a number, true, false or null.",
    ],
    [{ env: ["A B"] }, "env[0]: expected the name of an environment variable."],
    [{ env: { "A B": "1" } }, "my-tool.env"],
    [
      { env: 3 },
      'env: expected a list of names, such as ["HOUSE_KEY"], or an object with a text or true for each name.',
    ],
    [
      { env: { KEY: "sk-canary-0123456789" } },
      "env.KEY: this looks like a key. Put it into an environment variable of the gateway",
    ],
    [{ env: { KEY: "0a1b2c3d4e5f60718293a4b5" } }, "env.KEY: this looks like a key."],
    [{ env: { URL: "https://ada:canary@models.example" } }, "env.URL: this looks like a key."],
    [{ modes: ["plan", "aply"] }, 'modes[1]: Invalid option: expected one of "plan"|"propose"|"apply".'],
    [{ modes: [] }, "my-tool.modes"],
    [{ modes: {} }, "modes: expected at least one mode."],
    [{ modes: { plann: {} } }, 'modes.plann: unknown key. Did you mean "plan"?'],
    [
      { modes: 3 },
      "modes: expected a list of modes (plan, propose, apply), or an object with options for each of them.",
    ],
    [{ sucess: {} }, 'harnesses.my-tool.sucess: unknown key. Did you mean "success"?'],
    [{ timeout: 3 }, 'harnesses.my-tool.timeout: unknown key. Did you mean "timeout_ms"?'],
    [{ protocol: "mcp" }, 'my-tool.protocol: expected "acp".'],
    [{ protocol: "acp", stdin: "goal" }, 'my-tool.stdin: has no effect with "protocol": "acp". Remove it.'],
    [{ protocol: "acp", args_template: ["--acp", "{goal}"] }, "args_template[1]: cannot hold a placeholder"],
    [{ protocol: "acp", modes: { plan: { args: [] } } }, "modes.plan.args: has no effect"],
    [
      { modes: { plan: { session_mode: "plan" } } },
      'modes.plan.session_mode: has an effect only with "protocol": "acp".',
    ],
    [{ success: { exit_codes: [] } }, "success.exit_codes"],
    [{ version_args: [] }, "version_args"],
  ])("is refused with %j", (part, text) => {
    const harness =
      part !== null && Object.keys(part as object).length > 0 ? { command: "x", ...(part as object) } : part;
    const problem = problemOf(harness);
    expect(problem).toContain(text);
    expect(problem).not.toMatch(/canary|0a1b2c/);
  });
});

it("takes an argument apart into texts and placeholders", () => {
  expect(templateParts("a{goal}{{goal}}{ x }{b-c}")).toEqual([
    { type: "text", text: "a" },
    { type: "placeholder", name: "goal" },
    { type: "text", text: "{goal}" },
    { type: "text", text: "{ x }" },
    { type: "placeholder", name: "b-c" },
  ]);
  expect(templateParts("")).toEqual([]);
  expect([isPlaceholder("goal"), isPlaceholder("constructor")]).toEqual([true, false]);
});
