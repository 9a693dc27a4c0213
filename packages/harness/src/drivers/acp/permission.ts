import type { PermissionOption, ToolCallUpdate } from "@agentclientprotocol/sdk";
import type { HarnessRun } from "../../contract/driver.ts";
import { listAt, textAt, valueAt } from "../json-fields.ts";
import { pathInside } from "./inside.ts";

/** What an agent may be allowed besides reading and editing the workspace. */
export type AcpPermission = "execute" | "fetch" | "other";

/** Whether a call of a tool is allowed, and why not. */
export type Verdict = { readonly isAllowed: true } | { readonly isAllowed: false; readonly reason: string };

/**
 * Decides about what an agent asks. In mode `plan` nothing is allowed. Otherwise it may read and edit files of the workspace, as far as
 * the call names them; commands are for `onCommand` of the task, or for `allow` where there is none.
 */
export async function decide(
  call: ToolCallUpdate,
  run: Pick<HarnessRun, "mode" | "cwd" | "onCommand">,
  allow: readonly AcpPermission[],
): Promise<Verdict> {
  if (run.mode === "plan") return refused('nothing is allowed in mode "plan"');
  const paths = pathsOf(call);
  const kind = call.kind ?? "other";
  switch (kind) {
    case "read":
    case "search":
    case "think":
      return (await leaving(run.cwd, paths)) ?? { isAllowed: true };
    case "edit":
    case "delete":
    case "move":
      if (paths.length === 0) return refused("the call does not say which files it changes");
      return (await leaving(run.cwd, paths)) ?? { isAllowed: true };
    case "execute":
      return decideCommand(call, run, allow);
    case "switch_mode":
      return refused("the mode of the task is fixed");
    case "fetch":
    case "other":
      return allow.includes(kind)
        ? { isAllowed: true }
        : refused(`calls of the kind "${kind}" are not allowed`);
    default:
      kind satisfies never;
      return refused("calls of this kind are not known");
  }
}

/** The option that says yes or no this once. A permission for all that follows is never given. */
export function optionFor(options: readonly PermissionOption[], isAllowed: boolean): string | undefined {
  const kinds = isAllowed ? ["allow_once"] : ["reject_once", "reject_always"];
  return kinds
    .map((kind) => options.find((option) => option.kind === kind)?.optionId)
    .find((id) => id !== undefined);
}

async function decideCommand(
  call: ToolCallUpdate,
  { cwd, onCommand }: Pick<HarnessRun, "cwd" | "onCommand">,
  allow: readonly AcpPermission[],
): Promise<Verdict> {
  if (onCommand === undefined) {
    return allow.includes("execute") ? { isAllowed: true } : refused("commands are not allowed");
  }
  const argv = argvOf(call);
  if (argv === undefined) return refused("the call does not say which command it runs");
  try {
    const refusal = await onCommand({ argv, cwd: textAt(call.rawInput, "cwd") ?? cwd });
    return refusal === undefined ? { isAllowed: true } : refused(refusal.message);
  } catch (error) {
    return refused(`the check of commands failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** A command in one text is one of a shell. */
export function argvOf({ rawInput, title }: ToolCallUpdate): readonly string[] | undefined {
  const command = valueAt(rawInput, "command") ?? valueAt(rawInput, "cmd") ?? title;
  if (Array.isArray(command)) {
    return command.length > 0 && command.every((part) => typeof part === "string") ? command : undefined;
  }
  return typeof command === "string" && command !== "" ? ["/bin/sh", "-c", command] : undefined;
}

/** All paths that a call names, wherever agents put them. */
export function pathsOf({ locations, content, rawInput }: ToolCallUpdate): readonly string[] {
  const names = ["path", "file_path", "filePath", "filepath", "abs_path", "notebook_path", "fileName"];
  const paths = [
    ...(locations ?? []).map(({ path }) => path),
    ...(content ?? []).map((part) => (part.type === "diff" ? part.path : undefined)),
    ...names.map((name) => textAt(rawInput, name)),
    ...listAt(rawInput, "changes").map((change) => textAt(change, "path")),
  ];
  return [...new Set(paths.filter((path): path is string => path !== undefined && path !== ""))];
}

async function leaving(cwd: string, paths: readonly string[]): Promise<Verdict | undefined> {
  for (const path of paths) {
    // A path that is not absolute starts at the workspace.
    const absolute = path.startsWith("/") ? path : `${cwd}/${path}`;
    if ((await pathInside(cwd, absolute)) === undefined) {
      return refused(`${JSON.stringify(path)} is not in the workspace`);
    }
  }
  return undefined;
}

function refused(reason: string): Verdict {
  return { isAllowed: false, reason };
}
