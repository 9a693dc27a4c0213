import { isAbsolute, relative, sep } from "node:path";
import type { HarnessRun, HarnessRunResult } from "../contract/driver.ts";
import type { UnnamedHarnessEvent } from "../contract/event.ts";
import type { HarnessOutput } from "../contract/output.ts";
import type { HarnessCost, HarnessUsage } from "../contract/usage.ts";
import { readable, type SaidFailure } from "./failure.ts";

type CommandLog = Extract<HarnessOutput, { type: "command_log" }>["commands"][number];

/** What a tool is for. Whether a denied run has done nothing depends on it. */
export type ToolKind = "edit" | "command" | "other";

/** One call of a tool, as an agent reports it. */
interface ToolCall {
  readonly id?: string | undefined;
  readonly name: string;
  readonly kind: ToolKind;
  readonly detail?: string | undefined;
}

/** The end of a call, with what a command came to. */
interface EndedCall extends Partial<ToolCall> {
  readonly exitCode?: number | undefined;
  readonly output?: string | undefined;
}

/** Collects what an agent tells while it works, and turns it into events. Each list is bounded. */
export interface AgentRecord {
  say(text: string): void;
  /** A tool begins. */
  began(call: ToolCall): void;
  /**
   * A tool is over. Name, kind and detail are those with which it began, if the agent does not repeat them. A command that was not
   * denied goes into the log.
   */
  ended(call: EndedCall, status: "completed" | "failed" | "denied"): void;
  changed(path: string, change: "added" | "modified" | "deleted"): void;
  /** All that was used up to now. */
  used(usage: HarnessUsage, cost?: HarnessCost): void;
  session(id: string | undefined): void;
  /** The agent says that it failed. The first reason counts, and the first status. */
  failed(failure: SaidFailure): void;
  /** The agent says that it was cut off. */
  cutOff(reason: string): void;
  /** The agent says that it is done. Without a text, its last words are the summary. */
  finished(text?: string): void;
  /** The agent goes on after all. */
  goesOn(): void;
  /** Takes the events since the last call. */
  takeEvents(): readonly UnnamedHarnessEvent[];
  readonly state: AgentState;
}

/** What is known of a run. */
export interface AgentState {
  readonly summary: string;
  readonly isFinished: boolean;
  readonly failure: SaidFailure | undefined;
  readonly cut: string | undefined;
  readonly denied: readonly ToolCall[];
  readonly doneTools: number;
  readonly doneEdits: number;
  readonly commands: readonly CommandLog[];
  readonly usage: HarnessUsage | undefined;
  readonly cost: HarnessCost | undefined;
  readonly sessionId: string | undefined;
  readonly isTruncated: boolean;
}

const MAX_COMMANDS = 1_000;
const MAX_COMMAND_TEXT = 4_000;
const MAX_DENIED = 100;
const MAX_OPEN_CALLS = 1_000;
const MAX_DETAIL = 300;
const MAX_SUMMARY = 1_048_576;

/** Makes an empty record of a run. */
export function createAgentRecord(run: HarnessRun): AgentRecord {
  let events: UnnamedHarnessEvent[] = [];
  let words = "";
  let summary: string | undefined;
  let isFinished = false;
  let failure: SaidFailure | undefined;
  let cut: string | undefined;
  let usage: HarnessUsage | undefined;
  let cost: HarnessCost | undefined;
  let sessionId: string | undefined;
  let isTruncated = false;
  let doneTools = 0;
  let doneEdits = 0;
  const denied: ToolCall[] = [];
  const deniedIds = new Set<string>();
  const commands: CommandLog[] = [];
  const open = new Map<string, ToolCall>();

  return {
    say(text) {
      if (text.trim() === "") return;
      words = cutText(text, MAX_SUMMARY);
      events.push({ type: "message", text: words });
    },
    began(call) {
      if (call.id !== undefined && open.size < MAX_OPEN_CALLS) open.set(call.id, call);
      events.push({ type: "tool_call", status: "started", ...described(call) });
    },
    ended(given, status) {
      const began = given.id === undefined ? undefined : open.get(given.id);
      if (given.id !== undefined) {
        // A denial is told twice by some: as an event of its own, and as the tool's result.
        if (deniedIds.has(given.id)) return;
        open.delete(given.id);
      }
      const call: ToolCall = {
        id: given.id,
        name: given.name ?? began?.name ?? "unknown",
        kind: given.kind ?? began?.kind ?? "other",
        detail: given.detail ?? began?.detail,
      };
      if (status === "denied") {
        if (denied.length < MAX_DENIED) {
          denied.push(call);
          if (call.id !== undefined) deniedIds.add(call.id);
        }
      } else if (status === "completed") {
        doneTools += 1;
        if (call.kind === "edit") doneEdits += 1;
      }
      if (status !== "denied" && call.kind === "command") log(call.detail ?? "", given);
      events.push({ type: "tool_call", status, ...described(call) });
    },
    changed(path, change) {
      events.push({ type: "file_change", path: within(run.cwd, path), change });
    },
    used(nextUsage, nextCost) {
      usage = nextUsage;
      cost = nextCost;
      events.push({ type: "usage", usage, ...(cost === undefined ? {} : { cost }) });
    },
    session(id) {
      if (id !== undefined && id !== "") sessionId = id;
    },
    failed(next) {
      failure = { message: failure?.message ?? next.message, status: failure?.status ?? next.status };
    },
    cutOff(reason) {
      cut ??= reason;
    },
    finished(text) {
      isFinished = true;
      if (text !== undefined) summary = cutText(text, MAX_SUMMARY);
    },
    goesOn() {
      isFinished = false;
    },
    takeEvents() {
      const taken = events;
      events = [];
      return taken;
    },
    get state() {
      return {
        summary: summary ?? words,
        isFinished,
        failure,
        cut,
        denied,
        doneTools,
        doneEdits,
        commands,
        usage,
        cost,
        sessionId,
        isTruncated,
      };
    },
  };

  function log(command: string, { exitCode, output }: EndedCall): void {
    if (commands.length >= MAX_COMMANDS) {
      isTruncated = true;
      return;
    }
    commands.push({
      command: cutText(command, MAX_COMMAND_TEXT),
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(output === undefined ? {} : { output: cutText(output, MAX_COMMAND_TEXT) }),
    });
  }

  function cutText(text: string, limit: number): string {
    if (text.length <= limit) return text;
    isTruncated = true;
    return text.slice(0, limit);
  }
}

/** The outputs of a run that went well. */
export function outputsOf(run: HarnessRun, { summary, commands }: AgentState): HarnessRunResult["outputs"] {
  return [
    ...(run.mode === "plan" && summary !== "" ? [{ type: "plan" as const, text: summary }] : []),
    ...(commands.length > 0 ? [{ type: "command_log" as const, commands }] : []),
  ];
}

function described({ id, name, detail }: ToolCall): { id?: string; name: string; detail?: string } {
  return {
    ...(id === undefined ? {} : { id }),
    name,
    ...(detail === undefined || detail === "" ? {} : { detail: readable(detail, MAX_DETAIL) }),
  };
}

/** A path relative to the workspace, where it lies in it. */
function within(cwd: string, path: string): string {
  if (!isAbsolute(path)) return path;
  const inside = relative(cwd, path);
  return inside === ".." || inside.startsWith(`..${sep}`) || isAbsolute(inside) ? path : inside;
}
