import fs, { readdirSync, readlinkSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { sep } from "node:path";

/** True where this process can tell which files it has open. */
export const canWatchOpenFiles: boolean = fs.existsSync("/proc/self/fd");

/** The files that this process has open, those of SQLite and of all threads included. */
function openFiles(): readonly string[] {
  return readdirSync("/proc/self/fd").flatMap((file) => {
    try {
      return readlinkSync(`/proc/self/fd/${file}`);
    } catch {
      return [];
    }
  });
}

function refused(call: string, path: string): Error {
  return Object.assign(new Error(`EPERM: operation not permitted, ${call} '${path}'`), { code: "EPERM" });
}

/** Throws as Windows does for what is open, or lies below a folder. */
function requireClosed(call: string, path: string): void {
  const open = openFiles().find((file) => file === path || file.startsWith(`${path}${sep}`));
  if (open !== undefined) throw refused(call, open);
}

/**
 * Gives the file system Windows' rules until the returned function is called: what is open cannot be removed, renamed or replaced, a
 * handle that cannot write cannot be flushed, and folders cannot be opened. Returns what was refused as well.
 */
export function asWindows(): { readonly refusals: readonly string[]; readonly end: () => void } {
  const { promises } = fs;
  const { open, rename, unlink, rm } = promises;
  const { rmSync } = fs;
  const refusals: string[] = [];
  const guarded = (call: string, path: unknown): void => {
    try {
      requireClosed(call, String(path));
    } catch (error) {
      refusals.push((error as Error).message);
      throw error;
    }
  };
  Object.assign(promises, {
    open: async (...given: Parameters<typeof open>): Promise<FileHandle> => {
      const [path, flags] = given;
      if (fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
        throw refused("open", String(path));
      const handle = await open(...given);
      if (flags === "r" || flags === undefined) {
        handle.sync = async () => {
          refusals.push(`fsync ${path}`);
          throw refused("fsync", String(path));
        };
      }
      return handle;
    },
    rename: async (from: string, to: string) => {
      guarded("rename", from);
      guarded("rename", to);
      return rename(from, to);
    },
    unlink: async (path: string) => {
      guarded("unlink", path);
      return unlink(path);
    },
    rm: async (...given: Parameters<typeof rm>) => {
      guarded("rm", given[0]);
      return rm(...given);
    },
  });
  Object.assign(fs, {
    rmSync: (...given: Parameters<typeof rmSync>) => {
      guarded("rm", given[0]);
      rmSync(...given);
    },
  });
  syncBuiltinESMExports();
  return {
    refusals,
    end: () => {
      Object.assign(promises, { open, rename, unlink, rm });
      Object.assign(fs, { rmSync });
      syncBuiltinESMExports();
    },
  };
}
