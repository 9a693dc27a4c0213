import type { CallContext, Route } from "@atlas/routing";
import type { HarnessCommand, HarnessRefusal } from "./command.ts";

/** A task for a coding agent. */
export interface HarnessTask {
  /** What the agent is to do, in plain words. */
  readonly goal: string;
  /** The folder in which the agent works. */
  readonly cwd: string;
  /** `propose` returns the changes for review; `apply` makes them in `cwd`. Default: `propose`. */
  readonly mode?: "propose" | "apply";
  /** The profile of the routing file that chooses the agent. Default: the default profile. */
  readonly profile?: string;
  /** Ends the task early. `runTask` then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Who and what the task belongs to, for logs, traces and evidence. It is never sent to an agent. */
  readonly context?: CallContext;
  /**
   * Called before the agent runs a command, by a driver whose agent asks for permission. Return a refusal to forbid the
   * command; the agent is told its message and goes on. A driver treats an error that this throws as a refusal. An agent that
   * runs commands without asking does not reach it: do not rely on it alone.
   */
  readonly onCommand?: (
    command: HarnessCommand,
  ) => HarnessRefusal | undefined | Promise<HarnessRefusal | undefined>;
}

/** One result of a task. */
export type HarnessOutput =
  | { readonly type: "diff"; readonly diff: string }
  | { readonly type: "plan"; readonly text: string }
  | { readonly type: "log"; readonly text: string };

/** Token counts of a task, as the agent reported them. They have the names of a model's usage. */
export interface HarnessUsage {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  /** The part of `inputTokens` that came from a cache. */
  readonly cachedInputTokens?: number;
  /** The part of `outputTokens` that was spent on reasoning. */
  readonly reasoningTokens?: number;
}

/** What a task cost, as the agent reported it. */
export interface HarnessCost {
  /** Millionths of a US dollar. */
  readonly amountMicrousd: number;
}

/** What an agent did, and everything that it returned. */
export interface HarnessResult {
  readonly mode: "propose" | "apply";
  readonly summary: string;
  readonly outputs: readonly HarnessOutput[];
  /** The agent that did the task, such as `codex-cli`. */
  readonly provider?: string;
  readonly usage?: HarnessUsage;
  readonly cost?: HarnessCost;
  /** Which candidates were asked, in order, and how each attempt ended. Present where a router chose. */
  readonly route?: Route;
}

/** Runs tasks with coding agents. Workflows get one as `ctx.harness`. */
export interface HarnessRuntime {
  runTask(task: HarnessTask): Promise<HarnessResult>;
}
