/** Work for a coding agent. */
export interface HarnessTask {
  /** What is to be done, in plain words. */
  readonly goal: string;
  /** The folder to work in. */
  readonly cwd: string;
  /** `propose` returns changes, `apply` makes them. Default: `propose`. */
  readonly mode?: "propose" | "apply";
  /** Which of the configured profiles to use. */
  readonly profile?: string;
  /** Ends the task early; it then rejects. */
  readonly signal?: AbortSignal;
}

/** Something that an agent brought back. */
export type HarnessOutput =
  | { readonly type: "diff"; readonly diff: string }
  | { readonly type: "plan"; readonly text: string }
  | { readonly type: "log"; readonly text: string };

/** What an agent did. */
export interface HarnessResult {
  readonly mode: "propose" | "apply";
  readonly summary: string;
  readonly outputs: readonly HarnessOutput[];
}

/** Gives work to a coding agent. */
export interface HarnessRuntime {
  runTask(task: HarnessTask): Promise<HarnessResult>;
}
