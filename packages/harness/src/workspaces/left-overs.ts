import { readdir, readFile, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Clock, Logger } from "@atlas/routing";
import { isDraftOfGone, isOwned, parseOwnerNote } from "../owner-note.ts";
import { breakLock } from "./checkout-lock.ts";
import { pathText } from "./files/path-bytes.ts";
import { removeFolder } from "./files/remove-folder.ts";
import { undoWrite, type WritePlan } from "./files/undo-write.ts";
import { journalOf, ownerNote } from "./run-folder.ts";

const NOTE = ownerNote("");
// A note is written in one go. One that cannot be read after this time was never finished.
const UNFINISHED_MS = 60_000;

export interface LeftOversOptions {
  readonly stateDir: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Removes folders and locks of processes that are gone. Resolves with how many folders that were. */
export async function removeLeftOvers({ stateDir, clock, log }: LeftOversOptions): Promise<number> {
  const parent = join(stateDir, "workspaces");
  const names = await namesIn(parent);
  for (const name of names.filter((name) => name.startsWith("."))) {
    if ((await abandoned(join(parent, name))) !== undefined) await rm(join(parent, name), { force: true });
  }
  const runs = names.filter((name) => !name.startsWith(".") && !name.endsWith(NOTE));
  const notes = names.filter((name) => name.endsWith(NOTE)).map((name) => name.slice(0, -NOTE.length));
  let removed = 0;
  for (const run of new Set([...runs, ...notes])) {
    const path = join(parent, run);
    // A folder without a note is nobody's: the note is there before it.
    const content = await readFile(ownerNote(path), "utf8").catch(() => "");
    if (await isOwned(content)) continue;
    try {
      await finishUndoing(path);
      await removeFolder(path);
      await rm(ownerNote(path), { force: true });
      if (runs.includes(run)) removed += 1;
    } catch (error) {
      log.warn({ path, error }, "The folder of an earlier task could not be removed.");
    }
  }
  // After the folders: as long as files are half changed, nobody else may change them.
  const locks = join(stateDir, "locks");
  for (const name of await namesIn(locks)) {
    const content = await abandoned(join(locks, name));
    if (content !== undefined) await breakLock(join(locks, name), content);
  }
  return removed;

  /** The process was killed while it changed the caller's files: they become what they were. */
  async function finishUndoing(path: string): Promise<void> {
    const text = await readFile(journalOf(path), "utf8").catch(() => undefined);
    if (text === undefined) return;
    // Sound: only `writeFiles` writes it, and it appears as a whole.
    const plan = JSON.parse(text) as WritePlan;
    const { root, staging } = plan;
    const failed = await undoWrite(plan);
    if (failed.length === 0) {
      await removeFolder(join(root, staging));
      log.warn({ root }, "A gateway was killed while it applied changes. They were undone.");
      return;
    }
    const files = failed.map(pathText);
    log.error(
      { root, files, earlier: join(root, staging) },
      "Changes that were half applied could not be undone.",
    );
  }

  /** The content of a note that nobody needs any more. */
  async function abandoned(file: string): Promise<string | undefined> {
    try {
      const content = await readFile(file, "utf8");
      if (parseOwnerNote(content) !== undefined) return (await isOwned(content)) ? undefined : content;
      if (isDraftOfGone(basename(file))) return content;
      return clock.now() - (await stat(file)).mtimeMs > UNFINISHED_MS ? content : undefined;
    } catch {
      return undefined;
    }
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return await readdir(folder).catch(() => []);
}
