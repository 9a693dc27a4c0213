import { createHash } from "node:crypto";
import type { HarnessRun } from "../contract/driver.ts";
import { HarnessError } from "../contract/errors.ts";
import type { AgentProgram } from "../programs/agent-program.ts";
import { type AgentOutput, createAgentReader } from "./agent-reader.ts";
import type { AgentRecord, ToolKind } from "./agent-record.ts";
import { type JsonObject, numberAt, textAt, valueAt } from "./json-fields.ts";
import { MAX_EVENT_BYTES, networkNames } from "./network-names.ts";
import { argumentFrom, promptOf } from "./prompt.ts";

/** More has not been tried. */
const GOAL_LIMIT = { size: 3_000_000, unit: "bytes" } as const;

// Its agent `plan` runs commands all the same, so what it may do is said here.
const permissions = {
  plan: { edit: "deny", bash: "deny", webfetch: "deny", task: "deny", external_directory: "deny" },
  propose: { edit: "allow", bash: "deny", webfetch: "deny", external_directory: "deny" },
  apply: { edit: "allow", bash: "allow", external_directory: "deny" },
} as const;

const kinds: Readonly<Record<string, ToolKind>> = {
  bash: "command",
  edit: "edit",
  multiedit: "edit",
  patch: "edit",
  apply_patch: "edit",
  write: "edit",
};

const output: Omit<AgentOutput, "event"> = {
  login: "Run `opencode auth login`, or set OPENCODE_CONFIG to a configuration with a provider.",
  denial:
    "OpenCode may edit files of the workspace; it may run commands in mode `apply` only, and mode `plan` may only read.",
};

/** OpenCode: `opencode run`. Configuration of the repository is not read, and it is not started where the repository has plugins. */
export function opencodeProgram(): AgentProgram {
  return {
    command: "opencode",
    versionArgs: ["--version"],
    maxOutputBytes: MAX_EVENT_BYTES,
    // It loads them whatever it is told.
    startsFrom: [".opencode/plugin", ".opencode/plugins"],
    envNames: [
      ...["OPENCODE_CONFIG", "OPENCODE_CONFIG_CONTENT", "OPENCODE_API_KEY"],
      ...["XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"],
      ...networkNames,
    ],
    invocation(run) {
      const model = argumentFrom(run, "model");
      const session = sessionOf(run);
      return {
        args: [
          ...["run", "--format", "json", "--pure", "--agent", run.mode === "plan" ? "plan" : "build"],
          ...["--dir", run.cwd],
          ...(model === undefined ? [] : ["-m", model]),
          ...(session === undefined ? [] : ["-s", session]),
        ],
        stdin: promptOf(run, GOAL_LIMIT),
        env: {
          OPENCODE_PERMISSION: JSON.stringify(permissions[run.mode]),
          // It would start the servers and tools that a repository names, and write to its `opencode.json`.
          OPENCODE_DISABLE_PROJECT_CONFIG: "1",
          OPENCODE_DISABLE_AUTOUPDATE: "1",
          OPENCODE_DISABLE_MODELS_FETCH: "1",
          OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
          OPENCODE_DISABLE_SHARE: "1",
        },
      };
    },
    reader(run) {
      const sum = { input: 0, output: 0, cached: 0, reasoning: 0, costUsd: 0 };
      return createAgentReader(run, { ...output, event: (event, record) => readEvent(event, record) });

      function readEvent(event: JsonObject, record: AgentRecord): void {
        const session = textAt(event, "sessionID");
        if (session !== undefined) record.session(`${session}@${markOf(run.cwd)}`);
        const part = valueAt(event, "part");
        switch (textAt(event, "type")) {
          case "step_start":
            record.goesOn();
            return;
          case "text":
            record.say(textAt(part, "text") ?? "");
            return;
          case "tool_use":
            readTool(part, record);
            return;
          case "step_finish":
            addUsage(part, record);
            readReason(textAt(part, "reason"), record);
            return;
          case "error": {
            const message =
              textAt(event, "error", "data", "message") ??
              textAt(event, "error", "name") ??
              "It said no reason";
            record.failed({ message, status: numberAt(event, "error", "data", "statusCode") });
            return;
          }
        }
      }

      /** Each step tells what it used itself. What came from a cache, or was spent on reasoning, is counted apart. */
      function addUsage(part: unknown, record: AgentRecord): void {
        const count = (...path: readonly string[]): number => numberAt(part, "tokens", ...path) ?? 0;
        const cached = count("cache", "read");
        const input = count("input") + cached + count("cache", "write");
        sum.input += input;
        sum.cached += cached;
        sum.reasoning += count("reasoning");
        const total = numberAt(part, "tokens", "total");
        sum.output += total === undefined ? count("output") + count("reasoning") : Math.max(0, total - input);
        sum.costUsd += numberAt(part, "cost") ?? 0;
        record.used(
          {
            inputTokens: sum.input,
            outputTokens: sum.output,
            cachedInputTokens: sum.cached,
            reasoningTokens: sum.reasoning,
          },
          // 0 is said of a model whose price is not known.
          sum.costUsd === 0 ? undefined : { amountMicrousd: Math.round(sum.costUsd * 1_000_000) },
        );
      }
    },
  };
}

/**
 * The session to go on with. A session belongs to a folder, and in any other the program waits for ever. So the id that a result has
 * ends with a mark of the folder.
 */
function sessionOf(run: HarnessRun): string | undefined {
  const [id, mark] = argumentFrom(run, "sessionId")?.split("@") ?? [];
  if (mark === undefined || mark === markOf(run.cwd)) return id;
  throw new HarnessError(
    "ATLAS_HARNESS_INPUT_REFUSED",
    { harness: run.harness, input: "sessionId" },
    `Agent "${run.harness}" goes on with a session only in the folder in which it began, and this one began in another. Run both tasks with \`inPlace\` in the same folder, or start without \`sessionId\`.`,
  );
}

function markOf(cwd: string): string {
  return createHash("sha256").update(cwd).digest("hex").slice(0, 12);
}

function readReason(reason: string | undefined, record: AgentRecord): void {
  if (reason === "stop") record.finished();
  if (reason === "length") record.cutOff("its model's answer was too long");
  if (reason === "content-filter") record.failed({ message: "its model refused to answer (content filter)" });
}

/** A tool is told of once, when it is over. */
function readTool(part: unknown, record: AgentRecord): void {
  const state = valueAt(part, "state");
  const id = textAt(part, "callID");
  const tool = textAt(part, "tool") ?? "unknown";
  // A tool that is forbidden is not offered; a model that calls it all the same gets this one.
  const missing = tool === "invalid" && /unavailable tool/i.test(textAt(state, "input", "error") ?? "");
  const name = missing ? (textAt(state, "input", "tool") ?? tool) : tool;
  const command = textAt(state, "input", "command");
  const path = textAt(state, "input", "filePath");
  const call = { id, name, kind: kinds[name] ?? "other", detail: command ?? path } as const;
  if (missing) {
    record.ended(call, "denied");
    return;
  }
  const error = textAt(state, "error");
  if (textAt(state, "status") === "error") {
    const isDenied = /rejected permission|rule which prevents|permission.*denied/i.test(error ?? "");
    record.ended(call, isDenied ? "denied" : "failed");
    return;
  }
  const exitCode = numberAt(state, "metadata", "exit");
  record.ended({ ...call, exitCode, output: textAt(state, "output") }, "completed");
  if (call.kind === "edit" && path !== undefined) {
    record.changed(path, valueAt(state, "metadata", "exists") === false ? "added" : "modified");
  }
}
