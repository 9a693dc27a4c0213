import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, isAbsolute } from "node:path";
import { z } from "zod";
import { wholeNameOf } from "../file/fresh-file.ts";

/** What the work under way has made elsewhere and will remove or rename. After a kill, the next start removes it. */
export interface Unfinished {
  /** Call it before the file or the folder is filled. */
  add(path: string): void;
  /** Call it when nothing is left at the path. */
  remove(path: string): void;
}

const paths = z.array(z.string());

/** The prefix of temporary folders, for `mkdtemp`. */
export const TEMPORARY_FOLDER = "atlas-";

/** Keeps the list in a file beside the database at `path`, while there is something on it. Only the holder of the lock may write it. */
export function createUnfinished(path: string): Unfinished {
  const list = listFile(path);
  const known = new Set<string>();
  const write = (): void => {
    try {
      if (known.size === 0) rmSync(list, { force: true });
      else writeFileSync(list, JSON.stringify([...known]), { mode: 0o600 });
    } catch {
      // A full disk must not keep anybody from a backup on another one. What is not listed is not swept.
    }
  };
  return {
    add(unfinished) {
      known.add(unfinished);
      write();
    },
    remove(unfinished) {
      known.delete(unfinished);
      write();
    },
  };
}

/** Removes what a killed run left of its work. Call it with the lock held: then nobody works on any of it. */
export function sweepUnfinished(path: string): void {
  const list = listFile(path);
  for (const unfinished of readList(list)) {
    if (!isOurs(unfinished)) continue;
    for (const suffix of ["", "-wal", "-shm", "-journal"]) removeIfPossible(`${unfinished}${suffix}`);
  }
  removeIfPossible(list);
}

/** A start does not depend on it. */
function removeIfPossible(path: string): void {
  try {
    rmSync(path, { force: true, recursive: true });
  } catch {
    // What stays is listed no more, and harms nobody.
  }
}

function listFile(path: string): string {
  return `${path}.unfinished`;
}

/** Empty without a list, or if the process was killed while it wrote the list. */
function readList(list: string): readonly string[] {
  try {
    return paths.parse(JSON.parse(readFileSync(list, "utf8")));
  } catch {
    return [];
  }
}

/** True for the names that only Atlas gives, so that a list that somebody edited removes nothing else. */
function isOurs(path: string): boolean {
  if (!isAbsolute(path)) return false;
  return wholeNameOf(path) !== undefined || /^atlas-[0-9A-Za-z]{6}$/.test(basename(path));
}
