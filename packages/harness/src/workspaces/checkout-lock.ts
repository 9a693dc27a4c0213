import { createHash } from "node:crypto";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@atlas/routing";
import { HarnessError } from "../contract/errors.ts";
import { createOwnerNote, isOwned } from "../owner-note.ts";

/** Lets one task at a time change the files of a checkout, among all processes that share a state folder. */
export interface CheckoutLocks {
  /** Rejects with `ATLAS_HARNESS_BUSY` if another task has it and the caller does not want to wait. */
  take(
    root: string,
    options: { readonly whenBusy: "wait" | "refuse"; readonly signal: AbortSignal | undefined },
  ): Promise<CheckoutLock>;
}

export interface CheckoutLock {
  /** May be called twice. */
  release(): Promise<void>;
}

// A process of another gateway does not say when it is done.
const LOOK_AGAIN_MS = 100;

/** Makes the locks of one state folder. Tasks of this object are let in in the order in which they came. */
export function createCheckoutLocks({
  stateDir,
  clock,
}: {
  readonly stateDir: string;
  readonly clock: Clock;
}): CheckoutLocks {
  const folder = join(stateDir, "locks");
  // Who waits for each root that is taken, or about to be taken, by a task of this object.
  const queues = new Map<string, (() => void)[]>();

  return {
    async take(root, { whenBusy, signal }) {
      signal?.throwIfAborted();
      const queue = queues.get(root);
      if (queue === undefined) queues.set(root, []);
      else if (whenBusy === "refuse") throw busy(root);
      else await turn(queue, signal);

      const file = join(folder, `${createHash("sha256").update(root).digest("hex").slice(0, 32)}.json`);
      try {
        await takeFile(file, root, whenBusy, signal);
      } catch (error) {
        letNextIn(root);
        throw error;
      }
      let released: Promise<void> | undefined;
      return {
        release() {
          released ??= rm(file, { force: true })
            .catch(() => undefined)
            .then(() => letNextIn(root));
          return released;
        },
      };
    },
  };

  function letNextIn(root: string): void {
    const next = queues.get(root)?.shift();
    if (next === undefined) queues.delete(root);
    else next();
  }

  async function turn(queue: (() => void)[], signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    queue.push(resolve);
    try {
      await untilAborted(promise, signal);
    } catch (error) {
      const place = queue.indexOf(resolve);
      if (place !== -1) queue.splice(place, 1);
      throw error;
    }
  }

  async function takeFile(
    file: string,
    root: string,
    whenBusy: "wait" | "refuse",
    signal: AbortSignal | undefined,
  ): Promise<void> {
    try {
      await mkdir(folder, { recursive: true });
      while (!(await createOwnerNote(file))) {
        const content = await readFile(file, "utf8").catch(() => undefined);
        if (content === undefined) continue;
        if (!(await isOwned(content))) await breakLock(file, content);
        else if (whenBusy === "refuse") throw busy(root);
        else await pause(signal);
      }
    } catch (error) {
      if (error instanceof HarnessError || signal?.aborted) throw error;
      const message = `The lock of "${root}" could not be written to "${folder}". Make the state folder writable and free some space.`;
      throw new HarnessError("ATLAS_HARNESS_WORKSPACE_FAILED", { path: file }, message, { cause: error });
    }
  }

  async function pause(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = clock.after(LOOK_AGAIN_MS, resolve);
    try {
      await untilAborted(promise, signal);
    } finally {
      stop();
    }
  }
}

/**
 * Removes the lock of a process that is gone. Others may want to break the same lock, and one of them may take it right after: whoever
 * removes it holds a claim to that very lock while it looks again.
 */
export async function breakLock(file: string, content: string): Promise<void> {
  const claim = `${file}.${createHash("sha256").update(content).digest("hex").slice(0, 16)}`;
  if (!(await createOwnerNote(claim))) {
    const theirs = await readFile(claim, "utf8").catch(() => undefined);
    if (theirs !== undefined && !(await isOwned(theirs))) await breakLock(claim, theirs);
    return;
  }
  try {
    if ((await readFile(file, "utf8").catch(() => undefined)) === content) await rm(file, { force: true });
  } finally {
    await rm(claim, { force: true });
  }
}

function untilAborted(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return promise;
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener("abort", abort));
}

function busy(root: string): HarnessError {
  const message = `Another task is changing the files of "${root}". Wait for it, or pass whenBusy: "wait".`;
  return new HarnessError("ATLAS_HARNESS_BUSY", { root }, message);
}
