import { constants } from "node:fs";
import { type FileHandle, open, opendir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, systemClock } from "@atlas/routing";
import type { WorkspaceFiles } from "../programs/agent-program.ts";
import { type Glob, parseGlob } from "./glob.ts";

/** Limits of what output parsers read. */
export interface FileLimits {
  readonly files: number;
  readonly bytesPerFile: number;
  /** Entries of folders that are looked at. */
  readonly entries: number;
  readonly timeMs: number;
}

const standardLimits: FileLimits = {
  files: 100,
  bytesPerFile: 1_048_576,
  entries: 200_000,
  timeMs: 5_000,
};

/**
 * Reads files below a folder that an agent has worked in, so every name and every link in it may be a trap: links are not
 * followed, only regular files are opened, and nothing is waited for.
 */
export function createWorkspaceFiles(
  folder: string,
  {
    clock = systemClock,
    limits = standardLimits,
  }: { readonly clock?: Clock; readonly limits?: FileLimits } = {},
): WorkspaceFiles {
  return {
    async match(pattern) {
      const glob = parseGlob(checked(pattern));
      const root = await realpath(folder);
      const endsAt = clock.monotonic() + limits.timeMs;
      const isLate = (): boolean => clock.monotonic() >= endsAt;
      const found = await pathsBelow(root, glob, { limits, isLate });
      const files: { path: string; content: string; truncated: boolean }[] = [];
      let truncated = found.truncated;
      for (const path of found.paths) {
        if (files.length >= limits.files || isLate()) {
          truncated = true;
          break;
        }
        const read = await readBeginning(root, path, limits.bytesPerFile);
        if (read !== undefined) files.push({ path, ...read });
      }
      return { files, truncated };
    },
  };
}

function checked(pattern: string): string {
  const isOutside = /^[/\\]|^[A-Za-z]:|\0/.test(pattern) || pattern.split(/[/\\]/).includes("..");
  if (!isOutside) return pattern;
  throw new TypeError(
    `The pattern "${pattern.replaceAll("\0", "\\0")}" leads out of the working folder. Write it relative to that folder, without "..".`,
  );
}

/** The paths of files that match, sorted. Folders that are links, and those of git, are left out. */
async function pathsBelow(
  root: string,
  glob: Glob,
  { limits, isLate }: { readonly limits: FileLimits; readonly isLate: () => boolean },
): Promise<{ readonly paths: readonly string[]; readonly truncated: boolean }> {
  const paths: string[] = [];
  const folders = [""];
  let entries = 0;
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    try {
      for await (const entry of await opendir(join(root, folder))) {
        entries += 1;
        if (entries > limits.entries || isLate()) return { paths: paths.sort(), truncated: true };
        const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
        if (entry.isDirectory() && entry.name !== ".git" && glob.reachesInto(path)) folders.push(path);
        else if (entry.isFile() && glob.matches(path)) paths.push(path);
      }
    } catch {
      // It is not readable, or gone. What cannot be read does not match.
    }
  }
  return { paths: paths.sort(), truncated: false };
}

/** The beginning of a regular file; `undefined` for everything else, and where a part of its path has become a link. */
export async function readBeginning(
  root: string,
  path: string,
  mostBytes: number,
): Promise<{ readonly content: string; readonly truncated: boolean } | undefined> {
  const whole = join(root, path);
  let file: FileHandle | undefined;
  try {
    if ((await realpath(whole)) !== whole) return undefined;
    // Not blocking: a pipe that has come in place of the file would never open.
    file = await open(whole, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const { isFile } = await kindOf(file);
    if (!isFile) return undefined;
    const bytes = Buffer.alloc(mostBytes + 1);
    let length = 0;
    while (length < bytes.length) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    const content = bytes.subarray(0, Math.min(length, mostBytes)).toString("utf8");
    return { content, truncated: length > mostBytes };
  } catch {
    return undefined;
  } finally {
    await file?.close().catch(() => undefined);
  }
}

async function kindOf(file: FileHandle): Promise<{ readonly isFile: boolean }> {
  return { isFile: (await file.stat()).isFile() };
}
