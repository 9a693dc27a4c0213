import { type BigIntStats, statSync } from "node:fs";
import type { Clock } from "../contract/clock.ts";

/** What has become of a file that a store has open. */
export interface FileLoss {
  readonly reason: "moved" | "taken";
  readonly message: string;
}

/** Watches the database, its lock and its owner file: by their names, another process finds them. */
export interface FileWatch {
  /** Looks at once. */
  look(): FileLoss | undefined;
  /** Looks if the last look is older than 100 ms: what a commit can afford. */
  lookNowAndThen(): FileLoss | undefined;
}

// Two or three calls of stat take 10 µs; a lone commit takes 200.
const EVERY_MS = 100;

/**
 * Remembers which files lie at these names. A store goes on writing into a file that was renamed or deleted, and the kernel
 * frees the lock of a process that opens and closes the lock file once more (a copy of the folder does). Neither is an error of
 * any call, so somebody has to look.
 */
export function createFileWatch(path: string, clock: Clock): FileWatch {
  const files = [path, `${path}.lock`].map((name) => ({ name, id: idOf(statOf(name)) }));
  const ownerFile = `${path}.owner`;
  const owner = stateOf(statOf(ownerFile));
  let lookedAt = clock.monotonic();
  const watch: FileWatch = {
    look() {
      lookedAt = clock.monotonic();
      for (const { name, id } of files) if (idOf(statOf(name)) !== id) return moved(name);
      return stateOf(statOf(ownerFile)) === owner ? undefined : taken(path);
    },
    lookNowAndThen: () => (clock.monotonic() - lookedAt < EVERY_MS ? undefined : watch.look()),
  };
  return watch;
}

/** Another process writes into the database of this store. */
export function taken(path: string): FileLoss {
  return {
    reason: "taken",
    message: `another process has taken over the database "${path}". Something in this process must have opened and closed "${path}.lock", which frees the lock: a copy of the folder does. Use backup() for copies, and start this process again when the other one has ended`,
  };
}

function moved(name: string): FileLoss {
  return {
    reason: "moved",
    message: `"${name}" was renamed, deleted or replaced while the store had it open. What was acknowledged is in the file that was there. Stop the process, put the file back, then start again`,
  };
}

/** Undefined where nothing can be read: a folder that is away for a moment is a trouble of the storage, which a write finds. */
function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function idOf(stats: BigIntStats | undefined): string {
  return stats === undefined ? "" : `${stats.dev} ${stats.ino}`;
}

function stateOf(stats: BigIntStats | undefined): string {
  return stats === undefined ? "" : `${idOf(stats)} ${stats.mtimeNs} ${stats.size}`;
}
