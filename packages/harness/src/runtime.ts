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
}

/** One result of a task. */
export type HarnessOutput =
  | { readonly type: "diff"; readonly diff: string }
  | { readonly type: "plan"; readonly text: string }
  | { readonly type: "log"; readonly text: string };

/** What an agent did, and everything that it returned. */
export interface HarnessResult {
  readonly mode: "propose" | "apply";
  readonly summary: string;
  readonly outputs: readonly HarnessOutput[];
}

/** Runs tasks with coding agents. Workflows get one as `ctx.harness`. */
export interface HarnessRuntime {
  runTask(task: HarnessTask): Promise<HarnessResult>;
}
