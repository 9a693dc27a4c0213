import type { AgentProgram } from "../programs/agent-program.ts";
import { type AgentOutput, createAgentReader } from "./agent-reader.ts";
import type { AgentRecord, ToolKind } from "./agent-record.ts";
import { type JsonObject, listAt, numberAt, textAt, valueAt } from "./json-fields.ts";
import { MAX_EVENT_BYTES, networkNames } from "./network-names.ts";
import { argumentFrom, promptOf } from "./prompt.ts";

/** Its goal is an argument, which Linux limits to 128 KiB with `--prompt=` and the closing NUL. */
const GOAL_LIMIT = { size: 131_071 - "--prompt=".length, unit: "bytes" } as const;

const permissions = {
  plan: ["--plan", "--deny-tool=write", "--deny-tool=shell"],
  propose: ["--allow-tool=write", "--deny-tool=shell"],
  apply: ["--allow-all-tools"],
} as const;

const kinds: Readonly<Record<string, ToolKind>> = {
  apply_patch: "edit",
  bash: "command",
  create: "edit",
  edit: "edit",
  str_replace_editor: "edit",
  write: "edit",
};

const changes: Readonly<Record<string, "added" | "modified" | "deleted">> = {
  create: "added",
  delete: "deleted",
};

const output: AgentOutput = {
  login:
    "Run `copilot` and then `/login`, or set COPILOT_GITHUB_TOKEN; for another service set COPILOT_PROVIDER_BASE_URL, COPILOT_PROVIDER_API_KEY and COPILOT_MODEL.",
  denial:
    "Copilot may edit files of the workspace; it may run commands in mode `apply` only, and mode `plan` may only read.",
  event: readEvent,
};

/** GitHub's Copilot CLI. */
export function copilotProgram(): AgentProgram {
  return {
    command: "copilot",
    versionArgs: ["--version"],
    maxOutputBytes: MAX_EVENT_BYTES,
    envNames: [
      ...["COPILOT_GITHUB_TOKEN", "COPILOT_HOME", "COPILOT_MODEL", "COPILOT_OFFLINE"],
      ...["COPILOT_PROVIDER_BASE_URL", "COPILOT_PROVIDER_API_KEY", "COPILOT_PROVIDER_TYPE"],
      ...networkNames,
    ],
    invocation(run) {
      const model = argumentFrom(run, "model");
      const session = argumentFrom(run, "sessionId");
      return {
        args: [
          `--prompt=${promptOf(run, GOAL_LIMIT)}`,
          ...["--output-format", "json", ...permissions[run.mode]],
          // Without it, it may write to the system's folder for temporary files, and so to other workspaces.
          "--disallow-temp-dir",
          ...["--no-ask-user", "--no-color", "--disable-builtin-mcps"],
          ...(model === undefined ? [] : ["--model", model]),
          ...["-C", run.cwd],
          ...(session === undefined ? [] : [`--resume=${session}`]),
        ],
        env: { COPILOT_AUTO_UPDATE: "false" },
      };
    },
    reader: (run) => createAgentReader(run, output),
  };
}

function readEvent(event: JsonObject, record: AgentRecord): void {
  const data = valueAt(event, "data");
  switch (textAt(event, "type")) {
    case "assistant.turn_start":
      record.goesOn();
      return;
    case "assistant.message":
      record.say(textAt(data, "content") ?? "");
      return;
    case "tool.execution_start": {
      const name = textAt(data, "toolName") ?? "unknown";
      const command = textAt(data, "arguments", "command");
      const kind = kinds[name] ?? "other";
      const detail = command ?? textAt(data, "arguments", "path");
      record.began({ id: textAt(data, "toolCallId"), name, kind, detail });
      return;
    }
    case "tool.execution_complete":
      readTool(data, record);
      return;
    case "session.error":
      record.failed({
        message: textAt(data, "message") ?? "It said no reason",
        status: numberAt(data, "statusCode"),
      });
      return;
    case "result":
      record.session(textAt(event, "sessionId"));
      if (numberAt(event, "exitCode") === 0) record.finished();
  }
}

function readTool(data: unknown, record: AgentRecord): void {
  const ending = {
    id: textAt(data, "toolCallId"),
    exitCode: numberAt(data, "shellExecution", "exitCode"),
  };
  const isDenied = textAt(data, "error", "code") === "denied";
  if (valueAt(data, "success") !== true) {
    record.ended({ ...ending, output: textAt(data, "error", "message") }, isDenied ? "denied" : "failed");
    return;
  }
  record.ended({ ...ending, output: textAt(data, "result", "content") }, "completed");
  for (const edit of listAt(data, "fileEdits")) {
    const path = textAt(edit, "path");
    if (path !== undefined) record.changed(path, changes[textAt(edit, "kind") ?? ""] ?? "modified");
  }
}
