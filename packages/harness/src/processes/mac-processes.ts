import { execFile } from "node:child_process";
import type { ProcessSystem } from "./process-system.ts";
import { isSame, type ProcessRow } from "./process-table.ts";

/**
 * Reads processes from `ps`, for macOS. It does not show environments, so what belongs to a run is found by the group and by the parents
 * of processes alone: a process that has left the group and whose parent has ended is not found.
 */
export function createMacProcesses(run: RunTool = runTool): ProcessSystem {
  let boot: Promise<string> | undefined;
  return {
    readsEnvironments: false,
    overlooksNothing: false,
    bootId() {
      boot ??= run("/usr/sbin/sysctl", ["-n", "kern.bootsessionuuid"]).then((text) => text.trim());
      return boot;
    },
    async startTimeOf(pid) {
      return (await list()).find((row) => row.pid === pid)?.startTime;
    },
    isAlive: async (process) => (await list()).some((row) => isSame(row, process)),
    list,
  };

  async function list(): Promise<readonly ProcessRow[]> {
    return parseProcessTable(await run("/bin/ps", ["-axo", "pid=,ppid=,pgid=,state=,lstart="]));
  }
}

/** Runs a tool of the system and returns what it prints. */
export type RunTool = (file: string, args: readonly string[]) => Promise<string>;

/** Reads the lines of `ps -axo pid=,ppid=,pgid=,state=,lstart=`. */
export function parseProcessTable(text: string): readonly ProcessRow[] {
  return [...text.matchAll(/^ *(\d+) +(\d+) +(\d+) +([^Z\s]\S*) +(\S.*?) *$/gm)].map(
    ([, pid, parentPid, groupId, , startTime = ""]) => ({
      pid: Number(pid),
      parentPid: Number(parentPid),
      groupId: Number(groupId),
      startTime,
      environment: "unknown",
    }),
  );
}

function runTool(file: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { env: { LC_ALL: "C" }, maxBuffer: 16 * 1024 * 1024, timeout: 10_000 };
    execFile(file, args, options, (error, stdout) => (error === null ? resolve(stdout) : reject(error)));
  });
}
