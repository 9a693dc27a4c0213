import { open, realpath, stat } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";

/** The text of a file, or why it cannot be read; `undefined` if the file does not exist. */
export type TextFile = { readonly text: string } | { readonly problem: string } | undefined;

/** Reads text files, and reads a file again only after it has changed. */
export interface TextFiles {
  /**
   * The file at `path`, which must lie inside of `folder` (a real path) after every link was followed. The same object
   * comes back as long as the file is the same.
   */
  read(folder: string, path: string): Promise<TextFile>;
}

const LIMIT_BYTES = 1024 * 1024;
const NUL = "\0";
const OUTSIDE = "leads out of its folder";

/**
 * Of a file over 1 MiB, only the beginning is read, with a warning. A pipe, a device or a binary file is reported as a
 * problem instead of blocking the read.
 */
export function createTextFiles(warn: (path: string, problem: string) => void): TextFiles {
  const known = new Map<string, { readonly version: string; readonly file: TextFile }>();

  return {
    async read(folder, path) {
      const place = join(folder, path);
      if (!isInside(folder, place)) return { problem: OUTSIDE };
      try {
        const real = await realpath(place);
        if (!isInside(folder, real)) return { problem: OUTSIDE };
        const found = await stat(real);
        if (!found.isFile()) return { problem: "is not a file" };
        const version = [real, found.ino, found.size, found.mtimeMs, found.ctimeMs].join(":");
        const before = known.get(place);
        if (before?.version === version) return before.file;
        if (found.size > LIMIT_BYTES)
          warn(place, `is larger than ${LIMIT_BYTES} bytes; only the beginning is used`);
        const text = await readBeginning(real);
        const file = text.includes(NUL) ? { problem: "is not text" } : { text };
        known.set(place, { version, file });
        return file;
      } catch (error) {
        known.delete(place);
        return isMissing(error) ? undefined : { problem: `cannot be read (${codeOf(error)})` };
      }
    },
  };
}

/** Tells whether a real path lies inside a folder, which must be a real path too. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

async function readBeginning(path: string): Promise<string> {
  const handle = await open(path);
  try {
    const buffer = Buffer.allocUnsafe(LIMIT_BYTES);
    let filled = 0;
    for (let read = -1; read !== 0 && filled < LIMIT_BYTES; filled += read) {
      read = (await handle.read(buffer, filled, LIMIT_BYTES - filled)).bytesRead;
    }
    // `stream` drops half a character at the limit. The decoder also removes a byte order mark.
    const text = new TextDecoder().decode(buffer.subarray(0, filled), { stream: true });
    return text.replaceAll("\r\n", "\n");
  } finally {
    await handle.close();
  }
}

function isMissing(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes(codeOf(error));
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
