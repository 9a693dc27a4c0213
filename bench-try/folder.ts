import { mkdirSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";

/** A folder for the databases of one bench; it goes with the block that uses it, or with the process. */
export interface BenchFolder extends Disposable {
  readonly path: string;
}

// In Linux's statfs; the temporary folder of a system often lies there.
const TMPFS = 0x0102_1994;

/**
 * Makes the folder below the checkout's `node_modules`, on a real disk. Throws on one that is memory: there a commit
 * costs nothing, and every figure of a durable write would be wrong.
 */
export function createBenchFolder(): BenchFolder {
  const parent = join(import.meta.dirname, "../node_modules/.cache/bench");
  mkdirSync(parent, { recursive: true });
  if (statfsSync(parent).type === TMPFS) {
    throw new Error(`"${parent}" lies in memory (tmpfs). Run the bench from a checkout on a disk.`);
  }
  const path = mkdtempSync(join(parent, "run-"));
  const remove = (): void => rmSync(path, { recursive: true, force: true });
  process.once("exit", remove);
  return {
    path,
    [Symbol.dispose]() {
      process.off("exit", remove);
      remove();
    },
  };
}
