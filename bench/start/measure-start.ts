import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

/** What a start in a process of its own took. */
export interface Start {
  readonly importMs: number;
  readonly createMs: number;
  readonly startMs: number;
  /** The processor's time of all threads for importing and creating. */
  readonly cpuMs: number;
  /** The same for creating and starting. */
  readonly openCpuMs: number;
  /** The longest time in which the event loop ran nothing else, from creating on; absent without a gateway. */
  readonly heldMs?: number;
  /** The same by the processor's time of its thread. */
  readonly heldCpuMs?: number;
  /** Resident memory, a second after the start. */
  readonly rssMib: number;
}

/**
 * What the process does: only run, only import what Atlas is built on, open a gateway of nothing, or open one with a workflow
 * and a sink.
 */
export type StartKind = "nothing" | "dependencies" | "gateway" | "grown";

const BUILT = join(import.meta.dirname, "../../packages/gateway/dist/index.js");

/** Starts a process with the built packages, and lets it measure itself. Throws if they are not built. */
export async function measureStart(kind: StartKind, database: string): Promise<Start> {
  if (!existsSync(BUILT)) throw new Error(`"${BUILT}" is missing. Build the packages: npm run build.`);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(import.meta.dirname, "process.mjs"), kind, database],
    { maxBuffer: 2 ** 20 },
  );
  return JSON.parse(stdout) as Start;
}
