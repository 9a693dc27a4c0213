import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";

/** What a running gateway says of itself, beside its database. Only its user can read the file. */
export interface ServeFile {
  readonly url: string;
  /** The local token of that process, with all scopes. It ends with the process. */
  readonly token: string;
  readonly pid: number;
}

/** The path of the file beside a database. */
export function serveFilePath(database: string): string {
  return `${database}.serve.json`;
}

/** Writes the file in one step, readable by its user only. */
export function writeServeFile(database: string, content: ServeFile): void {
  const path = serveFilePath(database);
  const partial = `${path}.${process.pid}.partial`;
  rmSync(partial, { force: true });
  writeFileSync(partial, `${JSON.stringify(content)}\n`, { mode: 0o600, flag: "wx" });
  renameSync(partial, path);
}

/** Reads the file. Nothing if it is missing or is not one of ours. */
export function readServeFile(database: string): ServeFile | undefined {
  let content: Partial<ServeFile>;
  try {
    content = JSON.parse(readFileSync(serveFilePath(database), "utf8")) as Partial<ServeFile>;
  } catch {
    return undefined;
  }
  const { url, token, pid } = content ?? {};
  if (typeof url !== "string" || typeof token !== "string" || !Number.isInteger(pid)) return undefined;
  return { url, token, pid: pid as number };
}

/** Removes the file, unless another process has written its own. */
export function removeServeFile(database: string): void {
  if (readServeFile(database)?.pid === process.pid) rmSync(serveFilePath(database), { force: true });
}

/** True while a process with this id lives. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
