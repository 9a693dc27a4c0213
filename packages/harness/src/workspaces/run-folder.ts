import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { createOwnerNote } from "../owner-note.ts";
import { removeFolder } from "./files/remove-folder.ts";

/** The folder of one run, with a note of who owns it. */
export interface RunFolder {
  readonly path: string;
  /** Exists while the caller's files are half changed. */
  readonly journal: string;
  remove(): Promise<void>;
}

export interface RunFolders {
  create(runId: string): Promise<RunFolder>;
}

/** Makes folders below a state folder. The note of the owner is there before the folder, and goes after it. */
export function createRunFolders(stateDir: string): RunFolders {
  const parent = join(stateDir, "workspaces");
  return {
    async create(runId) {
      await mkdir(parent, { recursive: true, mode: 0o700 });
      const path = join(parent, runId);
      const note = ownerNote(path);
      if (!(await createOwnerNote(note))) throw new Error(`the run "${runId}" has a folder already`);
      const folder: RunFolder = {
        path,
        journal: journalOf(path),
        async remove() {
          await removeFolder(path);
          await rm(note, { force: true });
        },
      };
      try {
        await mkdir(path, { mode: 0o700 });
      } catch (error) {
        await rm(note, { force: true });
        throw error;
      }
      return folder;
    },
  };
}

/** The file that names the owner of a folder. */
export function ownerNote(path: string): string {
  return `${path}.owner.json`;
}

/** The file that tells how to undo a change of the caller's files. */
export function journalOf(path: string): string {
  return join(path, "journal.json");
}
