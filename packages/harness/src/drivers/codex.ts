import type { AgentProgram } from "../programs/agent-program.ts";
import { type AgentOutput, createAgentReader } from "./agent-reader.ts";
import type { AgentRecord } from "./agent-record.ts";
import { type JsonObject, listAt, numberAt, objectIn, textAt, valueAt } from "./json-fields.ts";
import { MAX_EVENT_BYTES, networkNames } from "./network-names.ts";
import { argumentFrom, promptOf } from "./prompt.ts";

/** Codex refuses a longer prompt itself. */
const GOAL_LIMIT = { size: 1_048_576, unit: "characters" } as const;

// Without these it asks four hosts about updates, plugins and features.
const quiet = [
  ...["-c", "check_for_update_on_startup=false", "-c", "analytics.enabled=false"],
  ...["--disable", "plugins", "--disable", "apps", "--disable", "remote_plugin"],
];

// The system's folder for temporary files is writable by default, and other workspaces may lie there.
const writable = [
  ...["-s", "workspace-write"],
  ...["-c", "sandbox_workspace_write.exclude_slash_tmp=true"],
  ...["-c", "sandbox_workspace_write.exclude_tmpdir_env_var=true"],
];

const changes: Readonly<Record<string, "added" | "modified" | "deleted">> = {
  add: "added",
  update: "modified",
  delete: "deleted",
};

const output: AgentOutput = {
  login: "Run `codex login`, or set OPENAI_API_KEY.",
  denial:
    "Codex runs commands in a sandbox that cannot write outside of the workspace; mode `plan` cannot write at all.",
  event: readEvent,
  stderr(line, record) {
    // A patch that is refused leaves no event.
    const reason = /error=((?:patch|exec|command)\b.*\b(?:rejected|denied|blocked)\b.*)/.exec(line)?.[1];
    if (reason === undefined) return;
    const isPatch = reason.startsWith("patch");
    record.ended(
      { name: isPatch ? "apply_patch" : "exec_command", kind: isPatch ? "edit" : "command", detail: reason },
      "denied",
    );
  },
};

/** OpenAI's Codex: `codex exec`. Its sandbox is one of the operating system. */
export function codexProgram(): AgentProgram {
  return {
    command: "codex",
    versionArgs: ["--version"],
    maxOutputBytes: MAX_EVENT_BYTES,
    envNames: ["OPENAI_API_KEY", "CODEX_API_KEY", "OPENAI_BASE_URL", "CODEX_HOME", ...networkNames],
    invocation(run, _files, env = run.env ?? {}) {
      const model = argumentFrom(run, "model");
      const session = argumentFrom(run, "sessionId");
      return {
        args: [
          ...["exec", "--json", "--color", "never", "--skip-git-repo-check"],
          ...["--ignore-user-config", "--ignore-rules"],
          ...(run.mode === "plan" ? ["-s", "read-only"] : writable),
          ...quiet,
          ...["-C", run.cwd],
          ...(model === undefined ? [] : ["-m", model]),
          ...endpoint(env),
          ...(session === undefined ? [] : ["resume", session]),
          "-",
        ],
        stdin: promptOf(run, GOAL_LIMIT),
      };
    },
    reader: (run) => {
      // The count goes on from run to run of a session, and what was before is not known here.
      const isResumed = run.sessionId !== undefined;
      return createAgentReader(run, {
        ...output,
        event: (event, record) => {
          if (isResumed && textAt(event, "type") === "turn.completed") record.finished();
          else readEvent(event, record);
        },
      });
    },
  };
}

/** Codex reads no variable for the address of its service, and asks one of its own repeatedly. One of ours is asked twice. */
function endpoint(env: Readonly<Record<string, string>>): readonly string[] {
  const address = env["OPENAI_BASE_URL"];
  if (address === undefined || address === "") return [];
  const key = ["OPENAI_API_KEY", "CODEX_API_KEY"].find((name) => (env[name] ?? "") !== "");
  const provider = "model_providers.atlas";
  return [
    ...["-c", "model_provider=atlas", "-c", `${provider}.name=atlas`],
    // A text of TOML has the escapes of JSON.
    ...["-c", `${provider}.base_url=${JSON.stringify(address)}`, "-c", `${provider}.wire_api=responses`],
    ...["-c", `${provider}.request_max_retries=1`, "-c", `${provider}.stream_max_retries=1`],
    ...(key === undefined ? [] : ["-c", `${provider}.env_key=${key}`]),
  ];
}

function readEvent(event: JsonObject, record: AgentRecord): void {
  switch (textAt(event, "type")) {
    case "thread.started":
      record.session(textAt(event, "thread_id"));
      return;
    case "turn.started":
      record.goesOn();
      return;
    case "item.started":
    case "item.completed":
      readItem(event, record);
      return;
    case "turn.completed": {
      const count = (name: string): number | undefined => numberAt(event, "usage", name);
      record.used({
        inputTokens: count("input_tokens") ?? 0,
        outputTokens: count("output_tokens") ?? 0,
        cachedInputTokens: count("cached_input_tokens") ?? 0,
        reasoningTokens: count("reasoning_output_tokens") ?? 0,
      });
      record.finished();
      return;
    }
    case "turn.failed": {
      const message = textAt(event, "error", "message") ?? "It said no reason";
      if (/incomplete response/i.test(message)) {
        record.cutOff(message);
        return;
      }
      // The service's own words, where Codex passes them on as they came.
      record.failed({ message: textAt(objectIn(message), "error", "message") ?? message });
      return;
    }
  }
}

function readItem(event: JsonObject, record: AgentRecord): void {
  const item = valueAt(event, "item");
  const isOver = textAt(event, "type") === "item.completed";
  const id = textAt(item, "id");
  const status = textAt(item, "status");
  const outcome =
    status === "declined" || status === "rejected" ? "denied" : status === "failed" ? "failed" : "completed";
  switch (textAt(item, "type")) {
    case "agent_message":
      if (isOver) record.say(textAt(item, "text") ?? "");
      return;
    case "command_execution": {
      const command = textAt(item, "command") ?? "";
      const call = { id, name: "exec_command", kind: "command", detail: command } as const;
      if (!isOver) {
        record.began(call);
        return;
      }
      record.ended(
        { ...call, exitCode: numberAt(item, "exit_code"), output: textAt(item, "aggregated_output") },
        outcome,
      );
      return;
    }
    case "file_change": {
      const files = listAt(item, "changes").map((change) => ({
        path: textAt(change, "path") ?? "",
        change: changes[textAt(change, "kind") ?? ""] ?? ("modified" as const),
      }));
      const detail = files.map(({ path }) => path).join(", ");
      const call = { id, name: "apply_patch", kind: "edit", detail } as const;
      if (!isOver) {
        record.began(call);
        return;
      }
      if (outcome === "completed") for (const { path, change } of files) record.changed(path, change);
      record.ended(call, outcome);
      return;
    }
    case "mcp_tool_call": {
      const name = `${textAt(item, "server") ?? "mcp"}.${textAt(item, "tool") ?? "tool"}`;
      const call = { id, name, kind: "other" } as const;
      if (isOver) record.ended(call, outcome);
      else record.began(call);
      return;
    }
    case "web_search": {
      const call = { id, name: "web_search", kind: "other", detail: textAt(item, "query") } as const;
      if (isOver) record.ended(call, "completed");
      else record.began(call);
      return;
    }
  }
}
