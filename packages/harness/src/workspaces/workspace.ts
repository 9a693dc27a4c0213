import type { ChangedFile } from "../contract/output.ts";
import type { HarnessMode } from "../contract/runtime.ts";

/** Prepares the folders in which agents work. */
export interface Workspaces {
  /**
   * Prepares a folder for one attempt. Rejects with `ATLAS_HARNESS_CWD_REFUSED`, `ATLAS_HARNESS_REPOSITORY_UNFIT`,
   * `ATLAS_HARNESS_GIT_FAILED`, `ATLAS_HARNESS_WORKSPACE_FAILED` and, for `apply`, `ATLAS_HARNESS_BUSY`.
   */
  open(options: WorkspaceOptions): Promise<Workspace>;
  /** Removes what killed processes left behind. Resolves with how many folders that were. */
  removeLeftOvers(): Promise<number>;
}

export interface WorkspaceOptions {
  readonly runId: string;
  readonly cwd: string;
  readonly mode: HarnessMode;
  readonly inPlace: boolean;
  readonly whenBusy: "wait" | "refuse";
  readonly signal: AbortSignal;
}

/** The folder of one task. */
export interface Workspace {
  /** Where the agent works, as an absolute path: the same place within the copy as `cwd` within the repository. */
  readonly cwd: string;
  /** What has changed since the folder was prepared. Git computes it, and the index and refs of the folder are not trusted. */
  changes(): Promise<WorkspaceChanges>;
  /** Applies the changes to the files of the caller: all or nothing. Rejects with `ATLAS_HARNESS_CONFLICT` if they have moved on. */
  mergeBack(): Promise<void>;
  /** Removes the folder and lets the next task in. It never rejects. */
  close(): Promise<void>;
}

/** What an agent has changed. */
export interface WorkspaceChanges {
  /** In the unified format of git, with binary patches. Empty if nothing has changed. */
  readonly diff: string;
  readonly files: readonly ChangedFile[];
  /** The difference is larger than the limit (10 MiB) and was cut at the end of a file. */
  readonly truncated: boolean;
}
