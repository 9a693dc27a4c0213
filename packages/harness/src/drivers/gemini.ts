import type { AgentProgram } from "../programs/agent-program.ts";
import { type AgentOutput, createAgentReader } from "./agent-reader.ts";
import type { AgentRecord, ToolKind } from "./agent-record.ts";
import { type JsonObject, numberAt, textAt, valueAt } from "./json-fields.ts";
import { MAX_EVENT_BYTES, networkNames } from "./network-names.ts";
import { argumentFrom, promptOf } from "./prompt.ts";

/** With 9 MB it ends well without asking its model; 2 MB were fine. */
const GOAL_LIMIT = { size: 2_000_000, unit: "bytes" } as const;

const kinds: Readonly<Record<string, ToolKind>> = {
  replace: "edit",
  write_file: "edit",
  run_shell_command: "command",
};

// Exit codes above 128 are HTTP statuses of which only the low eight bits are left.
const EXIT_NO_LOGIN = 41;
const EXIT_TURN_LIMIT = 53;

const output: Omit<AgentOutput, "event"> = {
  login:
    "Set GEMINI_API_KEY, or run `gemini` once and log in. With GOOGLE_GEMINI_BASE_URL, ~/.gemini/settings.json has to set `security.auth.selectedType` to `gemini-api-key`.",
  denial: "Gemini may edit files of the workspace and run no commands; mode `plan` may only read.",
  exit(exitCode, record) {
    if (exitCode === EXIT_NO_LOGIN) record.failed({ message: "not logged in" });
    if (exitCode === EXIT_TURN_LIMIT) record.cutOff("it reached the limit of turns");
    const status = [401, 403, 404, 429, 500, 503].find((one) => (one & 255) === exitCode);
    if (status !== undefined) record.failed({ message: `HTTP status ${status}`, status });
  },
};

/** Google's Gemini CLI. It starts what a repository's `.gemini/settings.json` names, so it is not started where there is one. */
export function geminiProgram(): AgentProgram {
  return {
    command: "gemini",
    versionArgs: ["--version"],
    maxOutputBytes: MAX_EVENT_BYTES,
    startsFrom: [".gemini/settings.json", ".gemini/.env", ".gemini/extensions"],
    envNames: [
      ...["GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GEMINI_BASE_URL", "GEMINI_CLI_HOME"],
      ...["GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION", "GOOGLE_APPLICATION_CREDENTIALS"],
      ...["GOOGLE_GENAI_USE_VERTEXAI", "GOOGLE_GENAI_USE_GCA"],
      ...networkNames,
    ],
    invocation(run) {
      const model = argumentFrom(run, "model");
      const session = argumentFrom(run, "sessionId");
      return {
        args: [
          ...["-o", "stream-json", "--approval-mode", run.mode === "plan" ? "plan" : "auto_edit"],
          ...(model === undefined ? [] : ["-m", model]),
          ...(session === undefined ? [] : ["--resume", session]),
        ],
        stdin: promptOf(run, GOAL_LIMIT),
        env: {
          // Without it, it refuses every folder that nobody has trusted at its prompt.
          GEMINI_CLI_TRUST_WORKSPACE: "true",
          // Without it, it starts itself again, and signals do not reach the second one.
          GEMINI_CLI_NO_RELAUNCH: "true",
          GEMINI_TELEMETRY_ENABLED: "false",
        },
      };
    },
    reader(run) {
      let words = "";
      return createAgentReader(run, { ...output, event: (event, record) => readEvent(event, record) });

      function readEvent(event: JsonObject, record: AgentRecord): void {
        const type = textAt(event, "type");
        if (type === "message" && textAt(event, "role") === "assistant") {
          const content = textAt(event, "content") ?? "";
          if (valueAt(event, "delta") === true) words += content;
          else words = content;
          return;
        }
        // Its words come in pieces. They are one message once something else comes.
        if (type === "tool_use" || type === "result") {
          record.say(words);
          if (type === "tool_use") words = "";
        }
        if (type === "init") record.session(textAt(event, "session_id"));
        if (type === "tool_use") readToolUse(event, record);
        if (type === "tool_result") readToolResult(event, record);
        if (type === "error" && textAt(event, "severity") === "error") {
          record.failed({ message: textAt(event, "message") ?? "It said no reason" });
        }
        if (type === "result") readResult(event, record, words);
      }
    },
  };
}

function readToolUse(event: JsonObject, record: AgentRecord): void {
  const name = textAt(event, "tool_name") ?? "unknown";
  const command = textAt(event, "parameters", "command");
  const detail =
    command ?? textAt(event, "parameters", "file_path") ?? textAt(event, "parameters", "pattern");
  record.began({ id: textAt(event, "tool_id"), name, kind: kinds[name] ?? "other", detail });
}

function readToolResult(event: JsonObject, record: AgentRecord): void {
  const id = textAt(event, "tool_id");
  if (textAt(event, "status") !== "error") {
    record.ended({ id, output: textAt(event, "output") }, "completed");
    return;
  }
  const said = `${textAt(event, "error", "type") ?? ""} ${textAt(event, "error", "message") ?? textAt(event, "output") ?? ""}`;
  const isDenied =
    /tool_not_registered|not in workspace|access denied|denied by policy|policy_violation|requires? (?:user )?(?:approval|confirmation)/i.test(
      said,
    );
  record.ended({ id, output: textAt(event, "output") }, isDenied ? "denied" : "failed");
}

function readResult(event: JsonObject, record: AgentRecord, words: string): void {
  const count = (name: string): number => numberAt(event, "stats", name) ?? 0;
  if (valueAt(event, "stats") !== undefined) {
    record.used({
      inputTokens: count("input_tokens"),
      outputTokens: count("output_tokens"),
      cachedInputTokens: count("cached"),
    });
  }
  if (textAt(event, "status") === "success") {
    record.finished(words);
    return;
  }
  // The exit code tells the status where the message does not.
  const message = textAt(event, "error", "message");
  if (message !== undefined) record.failed({ message });
}
