import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type HarnessConfig, parseRoutingConfig } from "@atlas/routing";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import type { HarnessRun, HarnessRunResult } from "../../src/contract/driver.ts";
import { isHarnessError } from "../../src/contract/errors.ts";
import { createConfigProgram } from "../../src/programs/config-program.ts";
import { createProgramDriver } from "../../src/programs/program-driver.ts";
import { createOwned, fixture } from "../support/owned.ts";
import { createRun } from "../support/run.ts";

const env = {
  PATH: "/usr/bin:/bin",
  HOME: "/home/ada",
  HOUSE_KEY: "house-key-1234567",
  GATEWAY_KEY: "gateway-key",
};

/** Runs a program as a routing file describes it, in an empty folder. */
async function runConfig(config: HarnessConfig, rest: Partial<HarnessRun> = {}) {
  const { processes, stateDir } = createOwned();
  const cwd = join(stateDir, "work");
  mkdirSync(cwd, { recursive: true });
  const checked = parseRoutingConfig({ harnesses: { "my-tool": config } }).harnesses?.["my-tool"] ?? config;
  const driver = createProgramDriver("my-tool", createConfigProgram(checked));
  const { run, events } = createRun(cwd, rest);
  const filesDir = join(stateDir, "files");
  const outcome = await driver.run(run, { processes, env, filesDir }).then(
    (result) => ({ result, error: undefined }),
    (error: unknown) => ({ result: undefined, error }),
  );
  return { ...outcome, events, cwd, left: readdirSync(filesDir, { recursive: true }) };
}

const script = (text: string): HarnessConfig => ({
  command: "sh",
  args_template: ["-c", text, "sh", "--", "{goal}"],
});

const textIn = (result: HarnessRunResult | undefined): string => {
  const [output] = result?.outputs ?? [];
  return output !== undefined && "text" in output ? output.text : "";
};

describe("a program of a routing file", () => {
  it("gets each placeholder as one argument", async () => {
    const { result, cwd } = await runConfig(
      {
        command: fixture("print-argv"),
        args_template: [
          "--dir={cwd}",
          "-m",
          "{mode}",
          "{profile}",
          "--model={model}",
          "--f={context_paths}",
          "-s",
          "{session_id}",
          "--",
          "{goal}",
        ],
      },
      { model: "large", contextPaths: ["a b", "c"], sessionId: "s1", goal: "--rm\n$(x) {cwd} `y` 'z' \"q\"" },
    );
    expect(textIn(result).split("\0")).toEqual([
      `--dir=${cwd}`,
      "-m",
      "propose",
      "quality",
      "--model=large",
      "--f=a b",
      "--f=c",
      "-s",
      "s1",
      "--",
      "--rm\n$(x) {cwd} `y` 'z' \"q\"",
      "",
    ]);
  });

  it("gets any goal exactly, through a real process", async () => {
    const { processes, stateDir } = createOwned();
    const driver = createProgramDriver(
      "my-tool",
      createConfigProgram({ command: fixture("print-argv"), args_template: ["--", "{goal}"] }),
    );
    const goals = fc.sample(fc.string({ unit: "grapheme", minLength: 1, maxLength: 50 }), {
      numRuns: 8,
      seed: 7,
    });
    for (const goal of ["@file", "%PATH%", "\r\n", "\uFEFFa", "*", "~", "a\u0001b", ...goals].filter(
      (one) => !one.includes("\0"),
    )) {
      const { run } = createRun(stateDir, { goal });
      const result = await driver.run(run, { processes, env, filesDir: stateDir });
      expect(textIn(result)).toBe(`--\0${goal}\0`);
    }
  });

  it.each(["plan", "propose", "apply"] as const)(
    "gets the arguments of the mode %s before what is no option",
    async (mode) => {
      const { result } = await runConfig(
        {
          command: fixture("print-argv"),
          args_template: ["run", "--", "{goal}"],
          modes: { plan: { args: ["--read-only"] }, propose: {}, apply: { args: ["-w", "{cwd}"] } },
        },
        { mode, goal: "g" },
      );
      const [, ...rest] = textIn(result)
        .split("\0")
        .filter((one) => one !== "" && !one.startsWith("/"));
      expect(rest).toEqual([...{ plan: ["--read-only"], propose: [], apply: ["-w"] }[mode], "--", "g"]);
    },
  );

  it("reads a goal that is too long for an argument from standard input, or from a file that is removed afterwards", async () => {
    const goal = "é".repeat(60_000);
    const stdin = await runConfig({ command: "cat", stdin: "goal" }, { goal });
    expect(textIn(stdin.result)).toBe(goal);
    const file = await runConfig({ command: "cat", args_template: ["{prompt_file}"] }, { goal });
    expect(textIn(file.result)).toBe(goal);
    expect([...stdin.left, ...file.left]).toEqual([]);
    const argument = await runConfig(script("echo"), { goal });
    expect(argument.error).toMatchObject({
      code: "ATLAS_HARNESS_INPUT_REFUSED",
      message: expect.stringMatching(/118 KiB.*\{prompt_file\}.*"stdin": "goal"/),
    });
    expect(argument.left).toEqual([]);
  });

  it("gets no variable of the gateway but those that are named, and the fixed ones", async () => {
    const variables = async (config: Partial<HarnessConfig>, rest: Partial<HarnessRun> = {}) => {
      const { result } = await runConfig({ command: fixture("print-env"), ...config }, rest);
      return textIn(result)
        .split("\0")
        .filter((one) => /KEY|COLOR|HOME=/.test(one))
        .sort();
    };
    expect(await variables({})).toEqual(["HOME=/home/ada"]);
    expect(await variables({ env: ["HOUSE_KEY", "NOT_SET"] })).toEqual([
      "HOME=/home/ada",
      "HOUSE_KEY=house-key-1234567",
    ]);
    expect(await variables({ env: { HOUSE_KEY: true, NO_COLOR: "1" } }, { env: { NO_COLOR: "2" } })).toEqual([
      "HOME=/home/ada",
      "HOUSE_KEY=house-key-1234567",
      "NO_COLOR=2",
    ]);
  });

  it("is refused at once if it wants a variable that loads other code", () => {
    const program = createConfigProgram({ command: "x", env: ["LD_PRELOAD"] });
    expect(() => createProgramDriver("my-tool", program)).toThrow(/LD_PRELOAD/);
  });

  it("tells its lines and the result of its parsers", async () => {
    const { result, events, error } = await runConfig({
      ...script("printf 'one\\r\\ntwo'; printf 'oops\\n' >&2; printf hello > note.md"),
      output_parsers: {
        plan: { type: "stdout_section", start_marker: "one" },
        notes: { type: "file_glob", pattern: "*.md" },
        code: { type: "exit_code" },
      },
    });
    expect(error).toBeUndefined();
    expect(events).toEqual(
      expect.arrayContaining([
        { type: "output", stream: "stdout", line: "one" },
        { type: "output", stream: "stdout", line: "two" },
        { type: "output", stream: "stderr", line: "oops" },
      ]),
    );
    expect(result).toEqual({
      summary: "two",
      exitCode: 0,
      outputs: [
        { type: "plan", text: "two", name: "plan" },
        { type: "file", path: "note.md", content: "hello", name: "notes" },
        { type: "text", text: "0", name: "code" },
      ],
    });
  });

  it("takes the summary from the parser of that name", async () => {
    const { result } = await runConfig({
      ...script(`echo '{"result":"Done.","plan":"p"}'`),
      output_parsers: {
        text: { type: "json_field", field: "plan" },
        summary: { type: "json_field", field: "result" },
      },
    });
    expect(result).toMatchObject({ summary: "Done.", outputs: [{ type: "text", text: "p", name: "text" }] });
  });

  it.each<[string, HarnessConfig, string]>([
    [
      "another exit code",
      script("echo no key >&2; exit 3"),
      '"my-tool" ended with the exit code 3. It said: no key',
    ],
    [
      "a field of its JSON",
      {
        ...script(`echo '{"is_error":true}'`),
        success: { json_field: { field: "is_error", equals: false } },
      },
      '"my-tool" says that it failed: "is_error" is "true", not false.',
    ],
    [
      "no JSON at all",
      { ...script("echo done"), success: { json_field: { field: "is_error", equals: false } } },
      '"my-tool" says that it failed: "is_error" is missing, not false.',
    ],
    [
      "a text that it prints",
      { ...script("echo permission denied"), success: { stdout_excludes: "permission denied" } },
      '"my-tool" says that it failed: it printed "permission denied".',
    ],
    ["a signal", script("kill -9 $$"), '"my-tool" was ended by the signal SIGKILL.'],
  ])("has failed by %s", async (_, config, message) => {
    const { error } = await runConfig(config);
    expect(isHarnessError(error, "ATLAS_HARNESS_FAILED") && error.message).toBe(message);
  });

  it("has succeeded with another exit code where the configuration says so", async () => {
    const { result } = await runConfig({ ...script("echo ok; exit 2"), success: { exit_codes: [0, 2] } });
    expect(result).toMatchObject({ summary: "ok", exitCode: 2 });
  });

  it("has its key removed from what an error quotes", async () => {
    const { error } = await runConfig({
      ...script('printf "\\033[31mwrong key $HOUSE_KEY\\033[0m\\007" >&2; exit 1'),
      env: ["HOUSE_KEY"],
    });
    expect(isHarnessError(error, "ATLAS_HARNESS_FAILED") && error.details.stderr).toBe(
      "wrong key [redacted]",
    );
  });

  it("is ended when its time is over, and when it prints nothing for too long", async () => {
    const late = await runConfig({ command: "sleep", args_template: ["60"], timeout_ms: 50 });
    expect(late.error).toMatchObject({ code: "ATLAS_HARNESS_TIMED_OUT", details: { timeoutMs: 50 } });
    const silent = await runConfig({ command: "sleep", args_template: ["60"], idle_timeout_ms: 40 });
    expect(silent.error).toMatchObject({ code: "ATLAS_HARNESS_TIMED_OUT", details: { timeoutMs: 40 } });
  });

  it("is ended with the signal's reason", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const { error } = await runConfig(
      { ...script("echo here; exec sleep 60") },
      { signal: controller.signal, onEvent: () => controller.abort(reason) },
    );
    expect(error).toBe(reason);
  });

  it("prints more than is read", async () => {
    const { result } = await runConfig({ command: "head", args_template: ["-c", "3000000", "/dev/zero"] });
    expect(result?.truncated).toBe(true);
    expect(textIn(result).length).toBe(1_048_576);
  });

  it("has a prompt file that only its owner can read", async () => {
    const { result } = await runConfig({ command: "stat", args_template: ["-c", "%a", "{prompt_file}"] });
    expect(textIn(result)).toBe("600\n");
  });

  it("says that a line was cut", async () => {
    const { result } = await runConfig({
      command: "head",
      args_template: ["-c", "2000000", "/dev/zero"],
      output_parsers: { text: { type: "json_field", field: "a" } },
    });
    expect(result?.truncated).toBe(true);
  });

  it("is found in PATH only, and says what to do where it is not", async () => {
    const { processes, stateDir } = createOwned();
    const bin = join(stateDir, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "my-cli-tool"), "#!/bin/sh\necho my-cli-tool 1.2.3\n");
    chmodSync(join(bin, "my-cli-tool"), 0o755);
    onTestFinished(() => rmSync(bin, { recursive: true, force: true }));
    const config: HarnessConfig = { command: "my-cli-tool", version_args: ["--version"] };
    const driver = createProgramDriver("my-tool", createConfigProgram(config));
    const host = { processes, filesDir: join(stateDir, "files") };
    expect(await driver.available?.({ ...host, env: { PATH: bin } })).toEqual({
      installed: true,
      path: join(bin, "my-cli-tool"),
      version: "my-cli-tool 1.2.3",
    });
    expect(await driver.available?.({ ...host, env: { PATH: "/nowhere" } })).toEqual({
      installed: false,
      reason: expect.stringContaining("my-cli-tool"),
    });
  });
});
