import { constants } from "node:fs";
import { open, readdir, realpath } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import { PluginError } from "../../contract/errors.ts";
import { sha256 } from "../external-id.ts";

/** A file that was found in a folder. */
export interface FoundFile {
  /** Relative to the folder, with forward slashes. */
  readonly path: string;
  readonly size_bytes: number;
  /** Its content; absent when the file is larger than allowed. */
  readonly text?: string;
  /** Changes whenever the file does. */
  readonly fingerprint: string;
}

/**
 * The regular files below `folder` with one of the extensions, sorted by path. Symbolic links and names that begin with a dot are
 * skipped, so nothing outside the folder is read. Throws `ATLAS_PLUGINS_FOLDER_UNREADABLE` when any part cannot be read: a file that
 * is merely unreadable must not look deleted.
 */
export async function* readFolder(options: {
  readonly folder: string;
  readonly extensions: readonly string[];
  readonly maxFileBytes: number;
  readonly signal: AbortSignal;
}): AsyncIterable<FoundFile> {
  const { extensions, maxFileBytes, signal } = options;
  const root = await unlessUnreadable(options.folder, realpath(options.folder));
  yield* walk("");

  async function* walk(below: string): AsyncIterable<FoundFile> {
    signal.throwIfAborted();
    const folder = join(root, below);
    const entries = await unlessUnreadable(folder, readdir(folder, { withFileTypes: true }));
    for (const entry of entries.sort((left, right) => (left.name < right.name ? -1 : 1))) {
      if (entry.name.startsWith(".")) continue;
      const path = join(below, entry.name);
      if (entry.isDirectory()) yield* walk(path);
      else if (entry.isFile() && extensions.includes(extname(entry.name).toLowerCase())) {
        signal.throwIfAborted();
        const file = await readFound(path);
        if (file !== undefined) yield file;
      }
    }
  }

  async function readFound(path: string): Promise<FoundFile | undefined> {
    const place = join(root, path);
    // A link or a pipe may have replaced the file since the folder was listed; opening must not follow or wait for it.
    const handle = await open(
      place,
      constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
    ).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ELOOP") return undefined;
      throw unreadable(place, error);
    });
    if (handle === undefined) return undefined;
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) return undefined;
      const { size, mtimeMs } = stats;
      const found = { path: path.split(sep).join("/"), size_bytes: size };
      if (size > maxFileBytes) return { ...found, fingerprint: sha256(`${size} ${mtimeMs}`) };
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(size), 0, size, 0);
      const content = buffer.subarray(0, bytesRead);
      return { ...found, text: new TextDecoder().decode(content), fingerprint: sha256(content) };
    } finally {
      await handle.close();
    }
  }
}

async function unlessUnreadable<Result>(path: string, reading: Promise<Result>): Promise<Result> {
  try {
    return await reading;
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, cause: unknown): PluginError {
  const { code = "unknown" } = cause as NodeJS.ErrnoException;
  const message = `"${path}" cannot be read (${code}). Nothing was taken for deleted; correct the path or the permissions.`;
  return new PluginError("ATLAS_PLUGINS_FOLDER_UNREADABLE", { path }, message, { cause });
}
