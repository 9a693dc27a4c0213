import type { Workspace, WorkspaceChanges, WorkspaceOptions, Workspaces } from "../workspaces/workspace.ts";

/** The one workspace of a task, which is prepared when the first agent is asked. */
export interface TaskWorkspace {
  /** Prepares it, or returns the one that is there. */
  open(signal: AbortSignal): Promise<Workspace>;
  /** What has changed up to now; nothing if it was never prepared. */
  changes(): Promise<WorkspaceChanges>;
  /** Applies the changes to the files of the caller. */
  mergeBack(): Promise<void>;
  /** Removes it. It never rejects, and waits for a preparation that is under way. */
  close(): Promise<void>;
}

const unchanged: WorkspaceChanges = { diff: "", files: [], truncated: false };

/** Makes the workspace of a task, on demand. */
export function createTaskWorkspace(
  workspaces: Workspaces,
  options: Omit<WorkspaceOptions, "signal">,
): TaskWorkspace {
  let opening: Promise<Workspace> | undefined;

  return {
    open(signal) {
      opening ??= workspaces.open({ ...options, signal });
      return opening;
    },
    changes: async () => (opening === undefined ? unchanged : (await opening).changes()),
    async mergeBack() {
      await (await opening)?.mergeBack();
    },
    async close() {
      const workspace = await opening?.catch(() => undefined);
      await workspace?.close().catch(() => undefined);
    },
  };
}
