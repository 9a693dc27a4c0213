/** Names a process for good: a pid alone is used again. */
export interface ProcessStart {
  readonly pid: number;
  /** When the process started, in the words of the system. Another process with the same pid has another one. */
  readonly startTime: string;
}

/** One row of the system's table of processes. Processes that have ended are not in it, also where nobody has collected them. */
export interface ProcessRow extends ProcessStart {
  readonly parentPid: number;
  readonly groupId: number;
  /** Absent where the system does not tell. */
  readonly sessionId?: number;
  /**
   * What is known of its environment. `hidden`: it belongs to another user. `empty`: it has none, or is just being replaced by another
   * program and will have one in a moment. `unknown`: the system does not tell.
   */
  readonly environment: "read" | "hidden" | "empty" | "unknown";
  /** The run that its environment names. */
  readonly runId?: string;
}

/** A run whose processes are looked for. */
export interface RunToEnd {
  readonly runId: string;
  /** The program that was started: the leader of a group and a session. Absent where it is not known. */
  readonly leader?: ProcessStart | undefined;
  /**
   * Whether a group without its leader still is the group of this run. True right after the leader has ended. Later its pid may have been
   * given to another process, whose group would be taken for this one.
   */
  readonly ownsGroupWithoutLeader: boolean;
  /** Processes that were seen to belong to it earlier. */
  readonly seen?: readonly ProcessStart[] | undefined;
}

/**
 * Picks the processes of a run: those that carry its tag, its group, its session, those that were seen earlier, and the children of all
 * of them. `self` is never among them.
 */
export function processesOfRun(
  table: readonly ProcessRow[],
  run: RunToEnd,
  self: number,
): readonly ProcessRow[] {
  const { runId, leader, seen = [] } = run;
  const groupId = ownsGroup(table, run) ? leader?.pid : undefined;
  const isOwn = (row: ProcessRow): boolean =>
    row.runId === runId ||
    (groupId !== undefined &&
      (row.groupId === groupId || (row.sessionId === groupId && row.environment !== "hidden"))) ||
    seen.some((process) => isSame(process, row));

  const found = new Set(table.filter((row) => row.pid !== self && isOwn(row)));
  const pids = new Set([...found].map(({ pid }) => pid));
  // Of what a process of the run has started, all belongs to it. A set can grow while it is gone through.
  for (const parent of found) {
    for (const row of table) {
      const isChild = row.parentPid === parent.pid && row.environment !== "hidden";
      if (!isChild || row.pid === self || pids.has(row.pid)) continue;
      found.add(row);
      pids.add(row.pid);
    }
  }
  return [...found];
}

/** Tells whether two values name one process. */
export function isSame(left: ProcessStart, right: ProcessStart): boolean {
  return left.pid === right.pid && left.startTime === right.startTime;
}

function ownsGroup(table: readonly ProcessRow[], { leader, ownsGroupWithoutLeader }: RunToEnd): boolean {
  if (leader === undefined) return false;
  const holder = table.find(({ pid }) => pid === leader.pid);
  return holder === undefined ? ownsGroupWithoutLeader : isSame(holder, leader);
}
