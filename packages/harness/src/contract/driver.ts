import type { OwnedProcesses } from "../processes/owned-processes.ts";
import type { UnnamedHarnessEvent } from "./event.ts";
import type { HarnessOutput } from "./output.ts";
import type { HarnessMode, HarnessResult, HarnessTask } from "./runtime.ts";

/**
 * Runs one kind of agent, in a folder that is prepared for it. A driver does not choose workspaces, compute differences or retry:
 * the router does.
 */
export interface HarnessDriver {
  /**
   * Says whether the agent is there. It may start a program, so the router asks once and remembers the answer for a minute. Default: it
   * is there.
   */
  available?(host: HarnessHost): Promise<HarnessAvailability>;
  /** The modes that the agent can be told to respect. Default: all. */
  readonly modes?: readonly HarnessMode[];
  /** Time for one run, in milliseconds. Default: 180,000. */
  readonly timeoutMs?: number;
  /** Rejects with a `HarnessError`, whose code decides whether the next agent is asked. */
  run(run: HarnessRun, host: HarnessHost): Promise<HarnessRunResult>;
}

/** Whether an agent can be asked. */
export interface HarnessAvailability {
  readonly installed: boolean;
  /** What the program answers to `--version`. */
  readonly version?: string;
  /** The absolute path of the program. */
  readonly path?: string;
  /** Why it cannot be asked, and what to do. */
  readonly reason?: string;
}

/** One attempt at a task. */
export interface HarnessRun
  extends Pick<HarnessTask, "goal" | "contextPaths" | "model" | "env" | "sessionId" | "onCommand"> {
  /** Names the attempt. Each process of the agent carries it in its environment. */
  readonly runId: string;
  /** The name under which the agent is configured. */
  readonly harness: string;
  /** The folder to work in, as an absolute path: a copy, unless the caller asked for `inPlace`. */
  readonly cwd: string;
  readonly mode: HarnessMode;
  /** The profile by which the agent was chosen. */
  readonly profile: string;
  /** Aborted when the caller gives up, and when the time is over. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: UnnamedHarnessEvent) => void;
}

/** What an agent returned. */
export interface HarnessRunResult
  extends Pick<
    HarnessResult,
    "summary" | "outputs" | "exitCode" | "usage" | "cost" | "sessionId" | "truncated"
  > {
  readonly outputs: readonly HarnessOutput[];
}

/** What drivers take from their host. */
export interface HarnessHost {
  readonly processes: OwnedProcesses;
  /** Where keys and `PATH` are looked up, such as `process.env`. An agent gets only what is allowed and what is named. */
  readonly env: Readonly<Record<string, string | undefined>>;
}
