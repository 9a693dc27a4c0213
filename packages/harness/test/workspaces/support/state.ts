import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Workspace, WorkspaceOptions } from "../../../src/workspaces/workspace.ts";
import { createWorkspaces, type WorkspacesOptions } from "../../../src/workspaces/workspaces.ts";
import { createFolder, type TestFolder } from "./repository.ts";

/** A state folder with its workspaces. */
export function createState(options: Partial<WorkspacesOptions> = {}) {
  const folder = createFolder();
  const stateDir = join(folder.path, "state");
  const workspaces = createWorkspaces({
    stateDir,
    env: { PATH: process.env["PATH"], HOME: "/nonexistent" },
    ...options,
  });
  return {
    stateDir,
    workspaces,
    open: (cwd: string | TestFolder, task: Partial<WorkspaceOptions> = {}): Promise<Workspace> =>
      workspaces.open({
        runId: randomUUID(),
        cwd: typeof cwd === "string" ? cwd : cwd.path,
        mode: "propose",
        inPlace: false,
        whenBusy: "wait",
        signal: new AbortController().signal,
        ...task,
      }),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}
