import type { FakeToolCall } from "@atlas/testing";
import type { BuiltInAgent } from "../../src/drivers/built-in.ts";

/** Addresses of the fake model server, and folders of one run. */
export interface AgentPlaces {
  readonly urls: { readonly openai: string; readonly anthropic: string; readonly google: string };
  readonly cwd: string;
}

/** A real program, as the tests install and call it. */
export interface TestedAgent {
  readonly name: BuiltInAgent;
  readonly package: string;
  readonly version: string;
  readonly sizeMb: number;
  readonly binary: string;
  readonly model?: string;
  /** Points it at the fake model server, with a key that is none. */
  env(places: AgentPlaces): Readonly<Record<string, string>>;
  /** Files of its home folder that it needs. */
  readonly home?: Readonly<Record<string, string>>;
  /** How its model calls the tools. */
  shell(command: string): FakeToolCall;
  write(path: string, text: string): FakeToolCall;
  /** Whether commands run in this mode. */
  readonly runsCommands: { readonly propose: boolean; readonly apply: boolean };
  /** Statuses after which it asks its model again for longer than a test lasts. */
  readonly retries: readonly number[];
  /** Arguments with which it speaks ACP. */
  readonly acp?: readonly string[];
  /** The model that it asks for where a gateway stands between it and its service. Default: it is not tried. */
  readonly overGateway?: string;
  /** The model that is chosen over ACP. Default: the one of its arguments or variables. */
  readonly acpModel?: string;
}

/** The key in the variables of every agent. */
export const KEY = "no-key";

/** The programs that are tested, in the order of their names. */
export const testedAgents: readonly TestedAgent[] = [
  {
    name: "claude-code",
    package: "@anthropic-ai/claude-code",
    version: "2.1.329",
    sizeMb: 361,
    binary: "claude",
    model: "claude-sonnet-4-5",
    env: ({ urls }) => ({ ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: urls.anthropic.replace("/v1", "") }),
    shell: (command) => ({ name: "Bash", input: { command, description: "Run" } }),
    write: (path, content) => ({ name: "Write", input: { file_path: path, content } }),
    runsCommands: { propose: true, apply: true },
    retries: [],
  },
  {
    name: "codex-cli",
    package: "@openai/codex",
    version: "0.169.0",
    sizeMb: 404,
    binary: "codex",
    model: "gpt-5.5",
    env: ({ urls }) => ({ OPENAI_API_KEY: KEY, OPENAI_BASE_URL: urls.openai }),
    shell: (cmd) => ({ name: "exec_command", input: { cmd } }),
    write: (path, text) => ({
      name: "apply_patch",
      input: `*** Begin Patch\n*** Add File: ${path}\n+${text.trimEnd()}\n*** End Patch`,
    }),
    runsCommands: { propose: true, apply: true },
    retries: [],
  },
  {
    name: "copilot-cli",
    package: "@github/copilot",
    version: "1.0.102",
    sizeMb: 189,
    binary: "copilot",
    env: ({ urls }) => ({
      COPILOT_OFFLINE: "true",
      COPILOT_PROVIDER_BASE_URL: urls.openai,
      COPILOT_PROVIDER_API_KEY: KEY,
      COPILOT_MODEL: "gpt-5",
    }),
    shell: (command) => ({
      name: "bash",
      input: { command, description: "Run", mode: "sync", initial_wait: 30 },
    }),
    write: (path, file_text) => ({ name: "create", input: { path, file_text } }),
    runsCommands: { propose: false, apply: true },
    retries: [429],
    overGateway: "gpt-5",
    acp: ["--acp"],
  },
  {
    name: "gemini-cli",
    package: "@google/gemini-cli",
    version: "0.61.0",
    sizeMb: 100,
    binary: "gemini",
    model: "gemini-2.5-pro",
    env: ({ urls }) => ({
      GEMINI_API_KEY: KEY,
      GOOGLE_GEMINI_BASE_URL: urls.google.replace("/v1beta", ""),
    }),
    home: {
      ".gemini/settings.json": JSON.stringify({
        security: { auth: { selectedType: "gemini-api-key" } },
        privacy: { usageStatisticsEnabled: false },
        general: { maxAttempts: 1 },
      }),
    },
    shell: (command) => ({ name: "run_shell_command", input: { command } }),
    write: (path, content) => ({ name: "write_file", input: { file_path: path, content } }),
    runsCommands: { propose: false, apply: false },
    retries: [],
    acp: ["--acp", "-m", "gemini-2.5-pro"],
  },
  {
    name: "opencode",
    package: "opencode-ai",
    version: "1.18.33",
    sizeMb: 354,
    binary: "opencode",
    model: "fake/model-1",
    env: ({ urls }) => ({
      OPENCODE_CONFIG_CONTENT: JSON.stringify({
        provider: {
          fake: {
            npm: "@ai-sdk/openai-compatible",
            name: "fake",
            options: { baseURL: urls.openai, apiKey: KEY },
            models: { "model-1": { name: "model-1", limit: { context: 100_000, output: 8_000 } } },
          },
        },
      }),
    }),
    shell: (command) => ({ name: "bash", input: { command, description: "Run" } }),
    write: (filePath, content) => ({ name: "write", input: { filePath, content } }),
    runsCommands: { propose: false, apply: true },
    retries: [429, 500],
    overGateway: "model-1",
    acp: ["acp"],
    acpModel: "fake/model-1",
  },
];
