import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "@atlas/routing";
import type { ProcessSystem } from "./process-system.ts";
import { isSame, type ProcessRow, processesOfRun, type RunToEnd } from "./process-table.ts";

// A process that does not go after a KILL waits for a disk or a network drive. Nothing ends it before that answers.
const GIVE_UP_AFTER_PASSES = 200;
const LONGEST_PAUSE_MS = 25;
// A process without an environment either runs without one, or is being replaced by another program. That takes less than a millisecond, or
// some on a busy machine; so many looks take a tenth of a second.
const LOOKS_AT_EMPTY = 8;

/**
 * Kills every process of a run, again and again until a look finds none (two in a row, if a look may overlook one or something was killed): a
 * process may have started another one between being seen and being killed. Resolves with how many it killed. Never rejects.
 */
export async function endProcesses(
  run: RunToEnd,
  { system, log, self = process.pid, kill = process.kill, pause = delay }: EndOptions,
): Promise<number> {
  const killed: ProcessRow[] = [];
  const untouchable: ProcessRow[] = [];
  const looksAtEmpty = new Map<string, number>();
  let quietLooks = 0;
  try {
    for (let pass = 0; quietLooks < looksNeeded(); pass += 1) {
      const table = await system.list(run.leader);
      const found = processesOfRun(table, run, self).filter(
        (row) => !untouchable.some((one) => isSame(one, row)),
      );
      if (pass === GIVE_UP_AFTER_PASSES) {
        const pids = found.map(({ pid }) => pid);
        log.error({ run_id: run.runId, pids }, "Processes of an agent do not end.");
        break;
      }
      for (const row of found) {
        const outcome = killOne(row, kill);
        if (outcome === "refused") untouchable.push(row);
        if (outcome === "killed" && !killed.some((one) => isSame(one, row))) killed.push(row);
      }
      const mayAppear = table.filter(mayBecomeOurs).length > 0;
      quietLooks = found.length > 0 || mayAppear ? 0 : quietLooks + 1;
      if (quietLooks < looksNeeded())
        await pause(found.length > 0 || mayAppear ? Math.min(2 ** pass, LONGEST_PAUSE_MS) : 0);
    }
  } catch (error) {
    log.error({ run_id: run.runId, error }, "Processes of an agent could not be looked for.");
  }
  if (untouchable.length > 0) {
    const pids = untouchable.map(({ pid }) => pid);
    log.warn({ run_id: run.runId, pids }, "Processes of an agent belong to another user and were not ended.");
  }
  return killed.length;

  function looksNeeded(): number {
    return system.overlooksNothing && killed.length === 0 ? 1 : 2;
  }

  function mayBecomeOurs({ environment, pid, startTime }: ProcessRow): boolean {
    if (environment !== "empty") return false;
    const key = `${pid} ${startTime}`;
    const looks = (looksAtEmpty.get(key) ?? 0) + 1;
    looksAtEmpty.set(key, looks);
    return looks <= LOOKS_AT_EMPTY;
  }
}

interface EndOptions {
  readonly system: ProcessSystem;
  readonly log: Logger;
  readonly self?: number;
  readonly pause?: (delayMs: number) => Promise<unknown>;
  readonly kill?: (pid: number, signal: NodeJS.Signals) => unknown;
}

function killOne({ pid }: ProcessRow, kill: NonNullable<EndOptions["kill"]>): "killed" | "gone" | "refused" {
  try {
    kill(pid, "SIGKILL");
    return "killed";
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return code === "EPERM" ? "refused" : "gone";
  }
}
