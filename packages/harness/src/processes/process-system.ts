import type { ProcessRow, ProcessStart } from "./process-table.ts";

/** What an operating system tells about its processes. */
export interface ProcessSystem {
  /** Whether `list` tells the run that a process belongs to. */
  readonly readsEnvironments: boolean;
  /** Whether `list` also holds what is started while it looks. */
  readonly overlooksNothing: boolean;
  /** A text that is another one after each start of the machine. */
  bootId(): string | Promise<string>;
  /** `undefined` if no process has this pid. A process that has ended keeps it until its parent takes notice. */
  startTimeOf(pid: number): string | undefined | Promise<string | undefined>;
  /** Whether this very process runs, and neither has ended nor has another one got its pid. */
  isAlive(process: ProcessStart): boolean | Promise<boolean>;
  /**
   * The processes that are alive. With `since`, only that process and those that were started after it, at least as many of them as
   * could belong to it.
   */
  list(since?: ProcessStart): Promise<readonly ProcessRow[]>;
}
