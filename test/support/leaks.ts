import { existsSync, readdirSync, readFileSync } from "node:fs";

/** What a process holds at one moment. */
export interface Holdings {
  /** Kinds of open handles, once for each handle, as Node names them. */
  readonly handles: readonly string[];
  /** Process ids of everything that was started here and still lives; empty where there is no /proc. */
  readonly processes: readonly number[];
  /** What lies in the temporary folder. */
  readonly files: readonly string[];
}

// Work in flight and vitest's own channels come and go by themselves.
const PASSING = /^(Immediate|MessagePort|FSReq|FileHandleCloseReq|PerformanceObserver|TickObject|Microtask)/;

/** Looks at this process. `folder` is the temporary folder that it alone uses. */
export function holdings(folder: string): Holdings {
  return {
    handles: process.getActiveResourcesInfo().filter((kind) => !PASSING.test(kind)),
    processes: startedProcesses(folder),
    files: existsSync(folder) ? readdirSync(folder).sort() : [],
  };
}

/** What is held now and was not held before, in words. */
export function leaksSince(before: Holdings, now: Holdings): readonly string[] {
  return [
    ...without(now.handles, before.handles).map((kind) => `an open handle (${kind})`),
    ...without(now.processes, before.processes).map((pid) => `a process (${pid}: ${commandOf(pid)})`),
    ...without(now.files, before.files).map((file) => `a temporary file ("${file}")`),
  ];
}

function without<Item>(items: readonly Item[], known: readonly Item[]): readonly Item[] {
  const rest = [...known];
  return items.filter((item) => {
    const index = rest.indexOf(item);
    if (index >= 0) rest.splice(index, 1);
    return index < 0;
  });
}

/**
 * Children of this process, and every process that carries its temporary folder in its environment: a grandchild that
 * outlived its parent is nobody's child, but still has that.
 */
function startedProcesses(folder: string): readonly number[] {
  const children = readProc("self/task", (task) =>
    readFileSync(`/proc/self/task/${task}/children`, "utf8").split(" "),
  );
  const tagged = readProc("", (pid) => {
    const mine = /^\d+$/.test(pid) && Number(pid) !== process.pid;
    return mine && readFileSync(`/proc/${pid}/environ`, "utf8").includes(`=${folder}\0`) ? [pid] : [];
  });
  return [...new Set([...children, ...tagged].filter((pid) => pid !== "").map(Number))].sort((a, b) => a - b);
}

function readProc(folder: string, read: (name: string) => readonly string[]): readonly string[] {
  if (process.platform !== "linux") return [];
  return readdirSync(`/proc/${folder}`).flatMap((name) => {
    try {
      return read(name);
    } catch {
      // The process has ended since, or belongs to another user.
      return [];
    }
  });
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim().slice(0, 200);
  } catch {
    return "ended meanwhile";
  }
}
