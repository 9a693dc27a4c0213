import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type BuiltInAgent, builtInPrograms } from "../../src/drivers/built-in.ts";
import type { HarnessMode, HarnessRun } from "../../src/index.ts";
import { agentEnvironment } from "../../src/processes/agent-environment.ts";
import { refuseStarters } from "../../src/programs/starts-from.ts";
import { agentRun } from "../support/read-agent.ts";

const agents = Object.keys(builtInPrograms) as readonly BuiltInAgent[];
const files = { promptFile: "/state/prompt.txt", stateDir: "/state" };

function call(agent: BuiltInAgent, options: Partial<HarnessRun> = {}, env?: Record<string, string>) {
  return builtInPrograms[agent]().invocation(agentRun(agent, options), files, env);
}
const line = (agent: BuiltInAgent, options?: Partial<HarnessRun>, env?: Record<string, string>): string =>
  call(agent, options, env).args.join(" ");
const modes: readonly HarnessMode[] = ["plan", "propose", "apply"];

describe("the call of", () => {
  it("Codex has a sandbox of the system", () => {
    expect(modes.map((mode) => line("codex-cli", { mode }))).toMatchInlineSnapshot(`
      [
        "exec --json --color never --skip-git-repo-check --ignore-user-config --ignore-rules -s read-only -c check_for_update_on_startup=false -c analytics.enabled=false --disable plugins --disable apps --disable remote_plugin -C /workspace -",
        "exec --json --color never --skip-git-repo-check --ignore-user-config --ignore-rules -s workspace-write -c sandbox_workspace_write.exclude_slash_tmp=true -c sandbox_workspace_write.exclude_tmpdir_env_var=true -c check_for_update_on_startup=false -c analytics.enabled=false --disable plugins --disable apps --disable remote_plugin -C /workspace -",
        "exec --json --color never --skip-git-repo-check --ignore-user-config --ignore-rules -s workspace-write -c sandbox_workspace_write.exclude_slash_tmp=true -c sandbox_workspace_write.exclude_tmpdir_env_var=true -c check_for_update_on_startup=false -c analytics.enabled=false --disable plugins --disable apps --disable remote_plugin -C /workspace -",
      ]
    `);
  });

  it("Claude Code allows reading, or edits", () => {
    expect(modes.map((mode) => line("claude-code", { mode }))).toMatchInlineSnapshot(`
      [
        "-p --output-format stream-json --verbose --permission-mode dontAsk --tools Glob,Grep,Read --strict-mcp-config --setting-sources ",
        "-p --output-format stream-json --verbose --permission-mode acceptEdits --tools Bash,Edit,Glob,Grep,NotebookEdit,Read,Write --strict-mcp-config --setting-sources ",
        "-p --output-format stream-json --verbose --permission-mode acceptEdits --tools Bash,Edit,Glob,Grep,NotebookEdit,Read,Write --strict-mcp-config --setting-sources ",
      ]
    `);
  });

  it("Gemini allows reading, or edits", () => {
    expect(modes.map((mode) => line("gemini-cli", { mode }))).toMatchInlineSnapshot(`
      [
        "-o stream-json --approval-mode plan",
        "-o stream-json --approval-mode auto_edit",
        "-o stream-json --approval-mode auto_edit",
      ]
    `);
  });

  it("OpenCode has its permissions in a variable", () => {
    expect(
      modes.map((mode) => [line("opencode", { mode }), call("opencode", { mode }).env]),
    ).toMatchInlineSnapshot(`
      [
        [
          "run --format json --pure --agent plan --dir /workspace",
          {
            "OPENCODE_DISABLE_AUTOUPDATE": "1",
            "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
            "OPENCODE_DISABLE_MODELS_FETCH": "1",
            "OPENCODE_DISABLE_PROJECT_CONFIG": "1",
            "OPENCODE_DISABLE_SHARE": "1",
            "OPENCODE_PERMISSION": "{"edit":"deny","bash":"deny","webfetch":"deny","task":"deny","external_directory":"deny"}",
          },
        ],
        [
          "run --format json --pure --agent build --dir /workspace",
          {
            "OPENCODE_DISABLE_AUTOUPDATE": "1",
            "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
            "OPENCODE_DISABLE_MODELS_FETCH": "1",
            "OPENCODE_DISABLE_PROJECT_CONFIG": "1",
            "OPENCODE_DISABLE_SHARE": "1",
            "OPENCODE_PERMISSION": "{"edit":"allow","bash":"deny","webfetch":"deny","external_directory":"deny"}",
          },
        ],
        [
          "run --format json --pure --agent build --dir /workspace",
          {
            "OPENCODE_DISABLE_AUTOUPDATE": "1",
            "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
            "OPENCODE_DISABLE_MODELS_FETCH": "1",
            "OPENCODE_DISABLE_PROJECT_CONFIG": "1",
            "OPENCODE_DISABLE_SHARE": "1",
            "OPENCODE_PERMISSION": "{"edit":"allow","bash":"allow","external_directory":"deny"}",
          },
        ],
      ]
    `);
  });

  it("Copilot has the goal as an argument", () => {
    expect(modes.map((mode) => line("copilot-cli", { mode }))).toMatchInlineSnapshot(`
      [
        "--prompt=Write hello.txt.

      Answer with a plan of what you would do. Do not change any file, and do not ask back. --output-format json --plan --deny-tool=write --deny-tool=shell --disallow-temp-dir --no-ask-user --no-color --disable-builtin-mcps -C /workspace",
        "--prompt=Write hello.txt. --output-format json --allow-tool=write --deny-tool=shell --disallow-temp-dir --no-ask-user --no-color --disable-builtin-mcps -C /workspace",
        "--prompt=Write hello.txt. --output-format json --allow-all-tools --disallow-temp-dir --no-ask-user --no-color --disable-builtin-mcps -C /workspace",
      ]
    `);
  });

  it.each([
    ["codex-cli", "-m large", " resume id-1 -"],
    ["claude-code", "--model large", "--resume id-1"],
    ["gemini-cli", "-m large", "--resume id-1"],
    ["opencode", "-m large", "-s id-1"],
    ["copilot-cli", "--model large", "--resume=id-1"],
  ] as const)("%s names a model and a session", (agent, model, session) => {
    const named = line(agent, { model: "large", sessionId: "id-1" });
    expect(named).toContain(model);
    expect(named).toContain(session);
    expect(line(agent)).not.toContain("resume");
  });

  it("Codex names the address of another service, and the variable with its key", () => {
    const address = 'http://127.0.0.1:9/v1"x';
    const named = call("codex-cli", {}, { OPENAI_BASE_URL: address, CODEX_API_KEY: "secret" }).args;
    expect(named).toContain('model_providers.atlas.base_url="http://127.0.0.1:9/v1\\"x"');
    expect(named).toContain("model_providers.atlas.env_key=CODEX_API_KEY");
    expect(named.join()).not.toContain("secret");
    expect(line("codex-cli", { env: { OPENAI_BASE_URL: address } })).not.toContain("env_key");
    expect(line("codex-cli", {}, { OPENAI_BASE_URL: "" })).not.toContain("model_provider");
  });
});

describe.each(agents)("%s", (agent) => {
  const told = (options: Partial<HarnessRun> = {}): string => {
    const { stdin, args } = call(agent, options);
    return stdin ?? args.find((arg) => arg.startsWith("--prompt="))?.slice("--prompt=".length) ?? "";
  };

  it("is told the goal as it is, the files to read, and to change nothing in a plan", () => {
    const goal = '--dir=/etc $(x) {cwd}\n"quoted" @file';
    expect(told({ goal })).toBe(goal);
    expect(told({ goal, contextPaths: ["a.ts", "b\nc"] })).toBe(
      `${goal}\n\nRead these first:\n- "a.ts"\n- "b\\nc"`,
    );
    expect(told({ goal, mode: "plan" })).toContain("Do not change any file");
    const others = call(agent, { goal }).args.filter((arg) => !arg.startsWith("--prompt="));
    expect(others.join()).not.toContain("/etc");
  });

  it("refuses a goal that it would not take, with the limit", () => {
    const limits = {
      "codex-cli": 1_048_576,
      "claude-code": 10_000_000,
      "gemini-cli": 2_000_000,
      opencode: 3_000_000,
      "copilot-cli": 131_071 - 9,
    };
    const goal = "x".repeat(limits[agent]);
    expect(told({ goal })).toBe(goal);
    expect(() => told({ goal: `${goal}x` })).toThrow(
      expect.objectContaining({
        code: "ATLAS_HARNESS_INPUT_REFUSED",
        details: { harness: agent, input: "goal" },
        message: expect.stringContaining(limits[agent].toLocaleString("en")),
      }),
    );
    // Two bytes each. Codex counts characters.
    const wide = (): unknown => told({ goal: "é".repeat(limits[agent]) });
    if (agent === "codex-cli") expect(wide).not.toThrow();
    else expect(wide).toThrow("bytes");
  });

  it.each(["-x", "--model=x", "a b", "a\nb", "", "$(x)", "a\0"])(
    "refuses %j as the name of a model or a session",
    (value) => {
      for (const input of ["model", "sessionId"] as const) {
        expect(() => call(agent, { [input]: value })).toThrow(
          expect.objectContaining({
            code: "ATLAS_HARNESS_INPUT_REFUSED",
            details: { harness: agent, input },
          }),
        );
      }
    },
  );

  it("takes the usual names of models", () => {
    for (const model of [
      "gpt-5.5",
      "anthropic/claude-4:thinking",
      "opus[1m]",
      "us.vendor.model-v1:0",
      "@cf/x",
    ]) {
      expect(call(agent, { model }).args).toContain(model);
    }
  });

  it("asks for variables that may be passed on, and for its own only", () => {
    const { envNames } = builtInPrograms[agent]();
    expect(agentEnvironment({ env: {}, names: envNames, own: call(agent).env ?? {} })).toEqual(
      call(agent).env ?? {},
    );
    expect(new Set(envNames).size).toBe(envNames.length);
    expect(envNames.filter((name) => /GITHUB_TOKEN$|^GH_|^NODE_OPTIONS|^LD_/.test(name))).toEqual(
      agent === "copilot-cli" ? ["COPILOT_GITHUB_TOKEN"] : [],
    );
  });
});

it("OpenCode goes on with a session only in its own folder", () => {
  const other = "ses_1@000000000000";
  expect(() => call("opencode", { sessionId: other })).toThrow(
    expect.objectContaining({ code: "ATLAS_HARNESS_INPUT_REFUSED" }),
  );
  expect(line("opencode", { sessionId: "ses_1" })).toContain("-s ses_1");
});

describe("a repository that names programs", () => {
  function repository(): string {
    const root = mkdtempSync(join(tmpdir(), "starts-"));
    onTestFinished(() => rmSync(root, { recursive: true }));
    mkdirSync(join(root, ".git"));
    mkdirSync(join(root, "packages/a"), { recursive: true });
    return root;
  }
  const { startsFrom } = builtInPrograms["gemini-cli"]();

  it("is refused, from each of its folders", async () => {
    const root = repository();
    await expect(refuseStarters("gemini-cli", join(root, "packages/a"), startsFrom)).resolves.toBe(undefined);
    mkdirSync(join(root, ".gemini"));
    writeFileSync(join(root, ".gemini/settings.json"), "{}");
    for (const cwd of [root, join(root, "packages/a")]) {
      await expect(refuseStarters("gemini-cli", cwd, startsFrom)).rejects.toMatchObject({
        code: "ATLAS_HARNESS_INPUT_REFUSED",
        details: { harness: "gemini-cli", input: ".gemini/settings.json" },
      });
    }
    await expect(refuseStarters("codex-cli", root)).resolves.toBe(undefined);
  });

  it("is refused where the file is a link to nowhere", async () => {
    const root = repository();
    mkdirSync(join(root, "packages/a/.gemini"));
    symlinkSync("/nowhere", join(root, "packages/a/.gemini/settings.json"));
    await expect(refuseStarters("gemini-cli", join(root, "packages/a"), startsFrom)).rejects.toThrow(
      "not started",
    );
    // What lies below the folder is not read at the start.
    await expect(refuseStarters("gemini-cli", root, startsFrom)).resolves.toBe(undefined);
  });

  it("is refused where the file cannot be looked at", async () => {
    const root = repository();
    symlinkSync(".gemini", join(root, ".gemini"));
    await expect(refuseStarters("gemini-cli", root, startsFrom)).rejects.toThrow("not started");
  });

  it("does not count what lies above it, or above a folder that is in no repository", async () => {
    const root = repository();
    mkdirSync(join(root, ".gemini"));
    writeFileSync(join(root, ".gemini/settings.json"), "{}");
    mkdirSync(join(root, "packages/a/.git"));
    await expect(refuseStarters("gemini-cli", join(root, "packages/a"), startsFrom)).resolves.toBe(undefined);
    rmSync(join(root, ".git"), { recursive: true });
    await expect(refuseStarters("gemini-cli", join(root, "packages"), startsFrom)).resolves.toBe(undefined);
  });
});
