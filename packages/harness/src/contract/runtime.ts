import type { CallContext, Route } from "@atlas/routing";
import type { HarnessCommand, HarnessRefusal } from "./command.ts";
import type { HarnessEvent } from "./event.ts";
import type { ChangedFile, HarnessOutput } from "./output.ts";
import type { HarnessCost, HarnessUsage } from "./usage.ts";

/**
 * What an agent may do with the files of a task:
 *
 * - `plan`: it says what it would do. Whatever it changes is thrown away.
 * - `propose`: it changes a copy, and the result holds the difference. The files of the caller stay as they are.
 * - `apply`: it changes a copy, and the difference is applied to the files of the caller once the agent has succeeded.
 */
export type HarnessMode = "plan" | "propose" | "apply";

/** A task for a coding agent. */
export interface HarnessTask {
  /** What the agent is to do, in plain words. */
  readonly goal: string;
  /** The folder in which the agent works: one of a git repository, or any other. A relative path starts at the process's folder. */
  readonly cwd: string;
  /** Default: `propose`. */
  readonly mode?: HarnessMode;
  /** The profile of the routing file that chooses the agent. Default: the default profile. */
  readonly profile?: string;
  /** The only agent to ask, such as `codex-cli`. Excludes `profile`. Default: the agents of the profile, in order. */
  readonly harness?: string;
  /** Files and folders that the agent is to read first, relative to `cwd`. They are named to it, not copied. Default: none. */
  readonly contextPaths?: readonly string[];
  /** The name of a model, for agents that offer several. Default: the agent's own. */
  readonly model?: string;
  /**
   * Environment variables of the agent, besides the few that every agent gets. Names that change how programs are loaded, such as
   * `LD_PRELOAD` and `NODE_OPTIONS`, are refused. Default: none.
   */
  readonly env?: Readonly<Record<string, string>>;
  /** The session of an earlier result, which the agent goes on with. Only the agent that made it is asked. Default: a new one. */
  readonly sessionId?: string;
  /**
   * With `apply`: the agent changes the files of the caller while it works. They are left as they are when it fails. Default: false.
   */
  readonly inPlace?: boolean;
  /** What happens while another task applies changes to the same checkout. Default: `wait`. */
  readonly whenBusy?: "wait" | "refuse";
  /** Time for the whole task, shared by all agents that are asked, in milliseconds. It can shorten the configured time, but not extend it. */
  readonly deadlineMs?: number;
  /** Ends the task early: the agent's processes are ended, then `runTask` rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Who and what the task belongs to, for logs, traces and evidence. It is never sent to an agent. */
  readonly context?: CallContext;
  /** Receives what happens while the agent works. What it throws is ignored. */
  readonly onEvent?: (event: HarnessEvent) => void;
  /** Receives the evidence of the task when it ends, also where it was aborted and rejects with the signal's reason. */
  readonly onRoute?: (route: Route) => void;
  /**
   * Called before the agent runs a command, by a driver whose agent asks for permission. Return a refusal to forbid the
   * command; the agent is told its message and goes on. A driver treats an error that this throws as a refusal. An agent that
   * runs commands without asking does not reach it: do not rely on it alone.
   */
  readonly onCommand?: (
    command: HarnessCommand,
  ) => HarnessRefusal | undefined | Promise<HarnessRefusal | undefined>;
}

/** What an agent did, and everything that it returned. */
export interface HarnessResult {
  readonly mode: HarnessMode;
  /** The last words of the agent. */
  readonly summary: string;
  /** The difference comes first, if there is one. */
  readonly outputs: readonly HarnessOutput[];
  /** The files that the agent changed, as git found them. */
  readonly files?: readonly ChangedFile[];
  /** The agent that did the task, such as `codex-cli`. */
  readonly harness?: string;
  /** The exit code of its program. Absent where the agent is no program. */
  readonly exitCode?: number;
  /** How long the task took with all attempts, in milliseconds. */
  readonly durationMs?: number;
  readonly usage?: HarnessUsage;
  readonly cost?: HarnessCost;
  /** Names the agent's session. Pass it as `sessionId` to go on. */
  readonly sessionId?: string;
  /** True if a limit cut the output, an output or the difference. */
  readonly truncated?: boolean;
  /** Which candidates were asked, in order, and how each attempt ended. Present where a router chose. */
  readonly route?: Route;
  /** True if `noop` stood in for an agent, because the configuration lists it. Nothing was done. */
  readonly degraded?: boolean;
}

/** Runs tasks with coding agents. Workflows get one as `ctx.harness`. */
export interface HarnessRuntime {
  runTask(task: HarnessTask): Promise<HarnessResult>;
}
