import { constants } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { pathInside } from "./inside.ts";

const MAX_FILE_BYTES = 10_485_760;

// A link in place of the file is not followed, and a pipe is not waited for.
const { O_RDONLY, O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW, O_NONBLOCK } = constants;

/** Part of a text file, as an agent asks for it. */
export interface TextRange {
  /** The first line, from 1. */
  readonly line?: number | null | undefined;
  /** How many lines. */
  readonly limit?: number | null | undefined;
}

/**
 * Reads a text file of the workspace. One that does not exist is empty: an agent that is told otherwise cannot create it. Throws an
 * `Error` in words for an agent.
 */
export async function readWorkspaceFile(
  cwd: string,
  path: string,
  { line, limit }: TextRange = {},
): Promise<string> {
  const target = await inWorkspace(cwd, path);
  const file = await open(target, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw cannot("read", path, error);
  });
  if (file === undefined) return "";
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new Error(`"${path}" is not a regular file.`);
    if (stats.size > MAX_FILE_BYTES) throw new Error(`"${path}" is larger than ${MAX_FILE_BYTES} bytes.`);
    const text = await file.readFile("utf8");
    if (line == null && limit == null) return text;
    const first = Math.max(0, (line ?? 1) - 1);
    return text
      .split(/(?<=\n)/)
      .slice(first, limit == null ? undefined : first + limit)
      .join("");
  } finally {
    await file.close();
  }
}

/** Writes a text file of the workspace, and makes the folders that it needs. Throws an `Error` in words for an agent. */
export async function writeWorkspaceFile(cwd: string, path: string, text: string): Promise<void> {
  const target = await inWorkspace(cwd, path);
  if (Buffer.byteLength(text) > MAX_FILE_BYTES) {
    throw new Error(`The text for "${path}" is larger than ${MAX_FILE_BYTES} bytes.`);
  }
  try {
    await mkdir(dirname(target), { recursive: true });
    const file = await open(target, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK, 0o666);
    try {
      if (!(await file.stat()).isFile()) throw new Error("it is not a regular file");
      await file.writeFile(text);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw cannot("written", path, error);
  }
}

async function inWorkspace(cwd: string, path: string): Promise<string> {
  const target = await pathInside(cwd, path);
  if (target !== undefined) return target;
  throw new Error(
    `${JSON.stringify(path)} is not a path of the workspace. Use an absolute path below ${JSON.stringify(cwd)}.`,
  );
}

function cannot(what: string, path: string, error: unknown): Error {
  const reason = error instanceof Error ? error.message : String(error);
  return new Error(`"${path}" cannot be ${what}: ${reason}`);
}
