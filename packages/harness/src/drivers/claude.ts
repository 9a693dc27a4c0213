import type { AgentProgram } from "../programs/agent-program.ts";
import { type AgentOutput, createAgentReader } from "./agent-reader.ts";
import type { AgentRecord, ToolKind } from "./agent-record.ts";
import { type JsonObject, listAt, numberAt, textAt, valueAt } from "./json-fields.ts";
import { MAX_EVENT_BYTES, networkNames } from "./network-names.ts";
import { argumentFrom, promptOf } from "./prompt.ts";

/** Claude Code refuses a longer standard input itself. */
const GOAL_LIMIT = { size: 10_000_000, unit: "bytes" } as const;

// What `acceptEdits` lets through: edits and harmless commands inside of the workspace. Everything else is denied, as nobody is asked.
const editing = [
  "--permission-mode",
  "acceptEdits",
  "--tools",
  "Bash,Edit,Glob,Grep,NotebookEdit,Read,Write",
];
// Not `plan`: that mode passes commands to a classifier, which other services than Anthropic's do not have.
const reading = ["--permission-mode", "dontAsk", "--tools", "Glob,Grep,Read"];

const kinds: Readonly<Record<string, ToolKind>> = {
  Bash: "command",
  Edit: "edit",
  MultiEdit: "edit",
  NotebookEdit: "edit",
  Write: "edit",
};

/** Anthropic's Claude Code: `claude -p`. Settings, hooks and servers of the repository and of the user are not read. */
export function claudeProgram(): AgentProgram {
  return {
    command: "claude",
    versionArgs: ["--version"],
    maxOutputBytes: MAX_EVENT_BYTES,
    envNames: [
      ...["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"],
      ...["CLAUDE_CODE_OAUTH_TOKEN", "CLAUDE_CONFIG_DIR"],
      ...["CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "AWS_REGION", "AWS_PROFILE"],
      ...["CLOUD_ML_REGION", "ANTHROPIC_VERTEX_PROJECT_ID"],
      ...networkNames,
    ],
    invocation(run) {
      const model = argumentFrom(run, "model");
      const session = argumentFrom(run, "sessionId");
      return {
        args: [
          ...["-p", "--output-format", "stream-json", "--verbose"],
          ...(run.mode === "plan" ? reading : editing),
          ...["--strict-mcp-config", "--setting-sources", ""],
          ...(model === undefined ? [] : ["--model", model]),
          ...(session === undefined ? [] : ["--resume", session]),
        ],
        stdin: promptOf(run, GOAL_LIMIT),
        env: {
          CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
          DISABLE_AUTOUPDATER: "1",
          CLAUDE_CODE_MAX_RETRIES: "2",
        },
      };
    },
    reader(run) {
      const output: AgentOutput = {
        login: "Run `claude` and then `/login`, or set ANTHROPIC_API_KEY.",
        denial:
          "Claude Code may edit files of the workspace and run harmless commands in it; mode `plan` may only read.",
        // The cost of a session goes on from run to run, and what was before is not known here.
        event: (event, record) => readEvent(event, record, run.sessionId !== undefined),
      };
      return createAgentReader(run, output);
    },
  };
}

function readEvent(event: JsonObject, record: AgentRecord, isResumed: boolean): void {
  record.session(textAt(event, "session_id"));
  switch (textAt(event, "type")) {
    case "system":
      if (textAt(event, "subtype") === "permission_denied") {
        const name = textAt(event, "tool_name") ?? "unknown";
        record.ended(
          {
            id: textAt(event, "tool_use_id"),
            name,
            kind: kinds[name] ?? "other",
            detail: textAt(event, "message"),
          },
          "denied",
        );
      }
      return;
    case "assistant":
      // What a helper of the agent says is not the agent's answer.
      if (textAt(event, "parent_tool_use_id") === undefined) readWords(event, record);
      if (textAt(event, "error") === "max_output_tokens") record.cutOff("its model's answer was too long");
      return;
    case "user":
      for (const part of listAt(event, "message", "content")) readToolResult(part, event, record);
      return;
    case "result":
      readResult(event, record, isResumed);
      return;
  }
}

function readWords(event: JsonObject, record: AgentRecord): void {
  for (const part of listAt(event, "message", "content")) {
    if (textAt(part, "type") === "text") record.say(textAt(part, "text") ?? "");
    if (textAt(part, "type") !== "tool_use") continue;
    const name = textAt(part, "name") ?? "unknown";
    const detail =
      textAt(part, "input", "command") ??
      textAt(part, "input", "file_path") ??
      textAt(part, "input", "pattern") ??
      textAt(part, "input", "description");
    record.began({ id: textAt(part, "id"), name, kind: kinds[name] ?? "other", detail });
  }
}

function readToolResult(part: unknown, event: JsonObject, record: AgentRecord): void {
  if (textAt(part, "type") !== "tool_result") return;
  const id = textAt(part, "tool_use_id");
  const content = textAt(part, "content") ?? "";
  const isError = valueAt(part, "is_error") === true;
  const isDenied =
    isError &&
    /no such tool available|permission to use|requested permissions|needs? approval|permission.*denied/i.test(
      content,
    );
  const exitCode = isError ? /^Exit code (\d+)/.exec(content)?.[1] : "0";
  const ending = exitCode === undefined ? {} : { exitCode: Number(exitCode) };
  record.ended({ id, ...ending, output: content }, isDenied ? "denied" : isError ? "failed" : "completed");
  const path = textAt(event, "tool_use_result", "filePath");
  if (isError || path === undefined) return;
  const kind = textAt(event, "tool_use_result", "type");
  const isEdit =
    kind === "create" ||
    kind === "update" ||
    valueAt(event, "tool_use_result", "structuredPatch") !== undefined;
  if (isEdit) record.changed(path, kind === "create" ? "added" : "modified");
}

function readResult(event: JsonObject, record: AgentRecord, isResumed: boolean): void {
  for (const denial of listAt(event, "permission_denials")) {
    const name = textAt(denial, "tool_name") ?? "unknown";
    const detail = textAt(denial, "tool_input", "command") ?? textAt(denial, "tool_input", "file_path");
    record.ended({ id: textAt(denial, "tool_use_id"), name, kind: kinds[name] ?? "other", detail }, "denied");
  }
  readUsage(event, record, isResumed);
  const result = textAt(event, "result") ?? "";
  const subtype = textAt(event, "subtype") ?? "";
  if (/^error_max_/.test(subtype)) {
    record.cutOff(`it reached a limit (${subtype.replace("error_", "").replaceAll("_", " ")})`);
    return;
  }
  // An error comes with the subtype "success".
  if (valueAt(event, "is_error") === true || subtype.startsWith("error")) {
    const errors = listAt(event, "errors").filter((error) => typeof error === "string");
    const message = result || errors.join("; ") || subtype;
    record.failed({ message, status: numberAt(event, "api_error_status") });
    return;
  }
  record.finished(result);
}

function readUsage(event: JsonObject, record: AgentRecord, isResumed: boolean): void {
  const count = (...path: readonly string[]): number => numberAt(event, "usage", ...path) ?? 0;
  if (valueAt(event, "usage") === undefined) return;
  const cached = count("cache_read_input_tokens");
  const costUsd = numberAt(event, "total_cost_usd");
  record.used(
    {
      // Anthropic counts what came from a cache, and what went into it, apart.
      inputTokens: count("input_tokens") + count("cache_creation_input_tokens") + cached,
      outputTokens: count("output_tokens"),
      cachedInputTokens: cached,
      reasoningTokens: count("output_tokens_details", "thinking_tokens"),
    },
    costUsd === undefined || isResumed ? undefined : { amountMicrousd: Math.round(costUsd * 1_000_000) },
  );
}
