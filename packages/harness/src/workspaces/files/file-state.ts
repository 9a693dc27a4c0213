import { createHash } from "node:crypto";
import { lstat, readFile, readlink } from "node:fs/promises";
import { type PathBytes, pathBelow } from "./path-bytes.ts";

/** As git writes it: a file, an executable file, a link. */
export type FileMode = "100644" | "100755" | "120000";

/** A file as a difference sees it. Of a link, the content is its target. */
export interface FileState {
  readonly mode: FileMode;
  readonly content: Buffer;
}

/** The file that is at a path now, or what else is there. */
export type FoundFile = FileState | "absent" | "folder" | "below a file" | "below a link" | "no regular file";

/** Reads a file without going through a link. */
export async function readState(root: string, path: PathBytes): Promise<FoundFile> {
  const parts = path.split("/");
  for (let depth = 1; depth < parts.length; depth += 1) {
    const stats = await statOf(root, parts.slice(0, depth).join("/"));
    if (stats === undefined) return "absent";
    if (stats.isSymbolicLink()) return "below a link";
    if (!stats.isDirectory()) return "below a file";
  }
  const stats = await statOf(root, path);
  if (stats === undefined) return "absent";
  if (stats.isDirectory()) return "folder";
  if (stats.isSymbolicLink()) {
    return { mode: "120000", content: await readlink(pathBelow(root, path), { encoding: "buffer" }) };
  }
  if (!stats.isFile()) return "no regular file";
  const mode = (stats.mode & 0o100) === 0 ? "100644" : "100755";
  return { mode, content: await readFile(pathBelow(root, path)) };
}

/** Tells whether nothing would change. */
export function isSameFile(left: FoundFile, right: FoundFile): boolean {
  if (typeof left === "string" || typeof right === "string") return left === right;
  return left.mode === right.mode && left.content.equals(right.content);
}

/** The name that git gives to a content. */
export function contentId(content: Buffer, objectFormat: "sha1" | "sha256"): string {
  return createHash(objectFormat).update(`blob ${content.length}\0`).update(content).digest("hex");
}

async function statOf(root: string, path: PathBytes) {
  try {
    return await lstat(pathBelow(root, path));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
