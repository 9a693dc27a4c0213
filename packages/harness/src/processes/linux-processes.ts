import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { ProcessSystem } from "./process-system.ts";
import type { ProcessRow, ProcessStart } from "./process-table.ts";
import { RUN_TAG } from "./run-tag.ts";

// So many processes are read before other work of the host gets a turn: some 1 ms.
const TURN = 64;
// What /proc counts time in, on every architecture that Node runs on.
const TICKS_PER_SECOND = 100;
// In a second, no system starts as many processes as it has pids. After that, pids say nothing about which process is older.
const PIDS_ASCEND_FOR_SECONDS = 1;
// So many starts of processes are followed during one look. No system starts them faster than they are read, but it might be emulated.
const LONGEST_CHASE = 10_000;

/** Where processes are read from. Others than those of the system are for tests. */
export interface LinuxProcessesOptions {
  /** Default: `/proc`. */
  readonly proc?: string;
  readonly readText?: (path: string) => string;
}

/**
 * Reads processes from `/proc`. The reads are synchronous: each takes some 10 µs, a tenth of what it costs to
 * hand one to a thread.
 */
export function createLinuxProcesses({
  proc = "/proc",
  readText = (path) => readFileSync(path, "utf8"),
}: LinuxProcessesOptions = {}): ProcessSystem {
  let boot: string | undefined;
  let tellsLatest: boolean | undefined;

  return {
    readsEnvironments: true,
    // An emulated system may not tell.
    get overlooksNothing() {
      tellsLatest ??= latestPid() > 0;
      return tellsLatest;
    },
    bootId() {
      boot ??= readText(`${proc}/sys/kernel/random/boot_id`).trim();
      return boot;
    },
    startTimeOf: (pid) => readStat(pid)?.startTime,
    isAlive({ pid, startTime }) {
      const stat = readStat(pid);
      return stat !== undefined && !stat.hasEnded && stat.startTime === startTime;
    },
    list,
  };

  async function list(since?: ProcessStart): Promise<readonly ProcessRow[]> {
    const oldest = since === undefined ? 0 : Number(since.startTime);
    const rows: ProcessRow[] = [];
    let looks = 0;
    const look = async (pid: number): Promise<void> => {
      looks += 1;
      if (looks % TURN === 0) await nextTurn();
      const row = readRow(pid, { oldest, lowest });
      if (row !== undefined) rows.push(row);
    };
    const latest = latestPid();
    const lowest = since !== undefined && pidsAscendSince(since, latest) ? since.pid : 0;
    let next = lowest;
    if (lowest === 0 || latest - lowest >= TURN) {
      const isCandidate = (pid: number): boolean => lowest === 0 || (pid >= lowest && pid <= latest);
      for (const pid of allPids().filter(isCandidate)) await look(pid);
      next = latest + 1;
    }
    // What was started meanwhile has a higher pid. A process that starts another one and ends, again and again, is caught up with.
    let end = latest;
    for (let pid = next; pid <= latest + LONGEST_CHASE; pid += 1) {
      if (!(pid <= end)) end = latestPid();
      if (!(pid <= end)) break;
      if (existsSync(`${proc}/${pid}`)) await look(pid);
    }
    // Pids have started again from the lowest meanwhile.
    if (end < latest) return list(since);
    return rows;
  }

  /** The last field is the pid that was given away last; threads have pids, too. */
  function latestPid(): number {
    return Number(read("loadavg")?.trim().split(" ").at(-1));
  }

  /** Pids ascend until they wrap around, so right after a start only those between it and the latest can belong to it. */
  function pidsAscendSince(since: ProcessStart, latest: number): boolean {
    const uptime = Number(read("uptime")?.split(" ")[0]);
    const age = uptime - Number(since.startTime) / TICKS_PER_SECOND;
    return latest >= since.pid && age < PIDS_ASCEND_FOR_SECONDS;
  }

  /** The folders of threads are not listed, but can be entered. */
  function isThread(pid: number): boolean {
    const group = /^Tgid:\s*(\d+)/m.exec(read(`${pid}/status`) ?? "")?.[1];
    return group !== undefined && Number(group) !== pid;
  }

  function allPids(): readonly number[] {
    return readdirSync(proc)
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  }

  function readRow(
    pid: number,
    { oldest, lowest }: { readonly oldest: number; readonly lowest: number },
  ): ProcessRow | undefined {
    const stat = readStat(pid);
    if (stat === undefined || stat.hasEnded || Number(stat.startTime) < oldest) return undefined;
    const { parentPid, groupId, sessionId, startTime } = stat;
    // A session is named by the process that made it, and nobody can join another one: an older session is not of this run.
    if (stat.sessionId < lowest) return undefined;
    const known = { pid, parentPid, groupId, sessionId, startTime };
    let environment: string;
    try {
      environment = readText(`${proc}/${pid}/environ`);
    } catch (error) {
      return isGone(error) ? undefined : { ...known, environment: "hidden" };
    }
    if (environment === "") return { ...known, environment: "empty" };
    const runId = tagIn(environment);
    if (runId === undefined) return { ...known, environment: "read" };
    // The pid could have been given to another process between the two reads.
    if (readStat(pid)?.startTime !== startTime || isThread(pid)) return undefined;
    return { ...known, environment: "read", runId };
  }

  function readStat(pid: number): Stat | undefined {
    const text = read(`${pid}/stat`);
    return text === undefined ? undefined : parseStat(text);
  }

  function read(path: string): string | undefined {
    try {
      return readText(`${proc}/${path}`);
    } catch {
      return undefined;
    }
  }
}

interface Stat extends Required<Pick<ProcessRow, "parentPid" | "groupId" | "sessionId" | "startTime">> {
  readonly hasEnded: boolean;
}

/** The name of a program is in the second field, in brackets, and may itself hold brackets, spaces and line breaks. */
function parseStat(text: string): Stat | undefined {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, parentPid, groupId, sessionId] = fields;
  const startTime = fields[19];
  if (state === undefined || startTime === undefined) return undefined;
  return {
    parentPid: Number(parentPid),
    groupId: Number(groupId),
    sessionId: Number(sessionId),
    startTime,
    hasEnded: state === "Z" || state === "X",
  };
}

function tagIn(environment: string): string | undefined {
  const start = `\0${environment}`.indexOf(`\0${RUN_TAG}=`);
  if (start < 0) return undefined;
  const valueStart = start + RUN_TAG.length + 1;
  const end = environment.indexOf("\0", valueStart);
  return environment.slice(valueStart, end < 0 ? undefined : end);
}

function isGone(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ENOENT" || code === "ESRCH";
}
