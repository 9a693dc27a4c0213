import { randomUUID } from "node:crypto";
import { link, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { currentOwner, isAlive, type Owner } from "./owner.ts";

/**
 * Writes a file that names this process as the owner of something. `false` if there is such a file already. It appears with its content,
 * so one that cannot be read was damaged by a crash of the machine. No two notes are alike.
 */
export async function createOwnerNote(file: string): Promise<boolean> {
  const draft = join(dirname(file), `.${process.pid}.${randomUUID()}`);
  try {
    const note = { owner: await currentOwner(), id: randomUUID() };
    await writeFile(draft, JSON.stringify(note), { flag: "wx", mode: 0o600 });
    await link(draft, file);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Tells from the name of a note's draft whether the process that wrote it is gone. `false` where only its content could tell. */
export function isDraftOfGone(name: string): boolean {
  const pid = /^\.(\d+)\./.exec(name)?.[1];
  if (pid === undefined) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    // Another user's process is alive, too.
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}

/** Tells whether the process that a note names is alive. */
export async function isOwned(content: string): Promise<boolean> {
  const owner = parseOwnerNote(content);
  return owner !== undefined && (await isAlive(owner));
}

/** Reads the owner from the content of a note. `undefined` for any other text. */
export function parseOwnerNote(content: string): Owner | undefined {
  try {
    const { owner }: { owner?: unknown } = JSON.parse(content) ?? {};
    if (typeof owner !== "object" || owner === null) return undefined;
    const { pid, startTime, bootId }: { pid?: unknown; startTime?: unknown; bootId?: unknown } = owner;
    if (typeof startTime !== "string" || typeof bootId !== "string") return undefined;
    return Number.isSafeInteger(pid) ? { pid: Number(pid), startTime, bootId } : undefined;
  } catch {
    return undefined;
  }
}
