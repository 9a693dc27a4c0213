import type { SessionUpdate, ToolCallUpdate } from "@agentclientprotocol/sdk";
import type { AgentRecord, ToolKind } from "../agent-record.ts";
import { numberAt, textAt, valueAt } from "../json-fields.ts";
import { argvOf, pathsOf } from "./permission.ts";

/** Reads what an agent tells while it works. */
export interface UpdateReader {
  update(update: SessionUpdate): void;
  /** The client has refused the call: the agent will say that it failed. */
  refuse(call: ToolCallUpdate, reason: string): void;
  /** The turn is over. */
  end(): void;
}

const MAX_WORDS = 1_048_576;
const MAX_CALLS = 1_000;

/** Makes a reader that fills a record. Words come in pieces; a message ends where something else begins. */
export function createUpdateReader(record: AgentRecord, onChange: () => void): UpdateReader {
  let words = "";
  // An agent tells of a call in parts, and of each part only once.
  const calls = new Map<string, ToolCallUpdate>();
  const over = new Set<string>();

  return {
    update(update) {
      switch (update.sessionUpdate) {
        case "agent_message_chunk":
          if (update.content.type === "text" && words.length < MAX_WORDS) words += update.content.text;
          return;
        case "tool_call":
        case "tool_call_update":
          flush();
          readCall(update);
          break;
        case "plan":
          flush();
          break;
        case "usage_update":
          readCost(update);
          break;
        default:
          return;
      }
      onChange();
    },
    refuse(call, reason) {
      flush();
      const known = merged(call);
      over.add(call.toolCallId);
      record.ended({ ...describe(known), detail: `${describe(known).detail}: ${reason}` }, "denied");
      onChange();
    },
    end() {
      flush();
      onChange();
    },
  };

  function flush(): void {
    record.say(words);
    words = "";
  }

  function readCall(update: ToolCallUpdate): void {
    const isNew = !calls.has(update.toolCallId);
    const call = merged(update);
    if (isNew) record.began(describe(call));
    if (over.has(call.toolCallId) || (call.status !== "completed" && call.status !== "failed")) return;
    over.add(call.toolCallId);
    record.ended({ ...describe(call), output: outputOf(call), ...exitOf(call) }, call.status);
    if (call.status !== "completed") return;
    for (const part of call.content ?? []) {
      if (part.type === "diff") record.changed(part.path, part.oldText == null ? "added" : "modified");
    }
  }

  function merged(update: ToolCallUpdate): ToolCallUpdate {
    const before = calls.get(update.toolCallId);
    // What an update leaves out, or sets to null, stays as it was.
    const told = Object.entries(update).filter(([, value]) => value !== undefined && value !== null);
    const call: ToolCallUpdate = { ...before, ...Object.fromEntries(told), toolCallId: update.toolCallId };
    if (before !== undefined || calls.size < MAX_CALLS) calls.set(update.toolCallId, call);
    return call;
  }

  function readCost(update: SessionUpdate): void {
    const amount = numberAt(update, "cost", "amount");
    if (amount === undefined || textAt(update, "cost", "currency") !== "USD") return;
    record.used(record.state.usage ?? {}, { amountMicrousd: Math.round(amount * 1_000_000) });
  }
}

function describe(call: ToolCallUpdate): { id: string; name: string; kind: ToolKind; detail: string } {
  const kind = call.kind ?? "other";
  const isEdit = kind === "edit" || kind === "delete" || kind === "move";
  const command = kind === "execute" ? argvOf(call) : undefined;
  return {
    id: call.toolCallId,
    name: call.name ?? kind,
    kind: isEdit ? "edit" : kind === "execute" ? "command" : "other",
    detail: command?.at(-1) ?? pathsOf(call)[0] ?? call.title ?? "",
  };
}

function outputOf({ content, rawOutput }: ToolCallUpdate): string | undefined {
  const texts = (content ?? []).flatMap((part) =>
    part.type === "content" && part.content.type === "text" ? [part.content.text] : [],
  );
  if (texts.length > 0) return texts.join("\n");
  return typeof rawOutput === "string" ? rawOutput : textAt(rawOutput, "output");
}

function exitOf({ rawOutput }: ToolCallUpdate): { exitCode?: number } {
  const exitCode = numberAt(rawOutput, "exit_code") ?? numberAt(valueAt(rawOutput, "metadata"), "exit");
  return exitCode === undefined ? {} : { exitCode };
}
