import { constants } from "node:fs";
import { open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "@atlas/routing";
import { checkOptions, guardLogger } from "@atlas/routing/internal";
import { HarnessError } from "../contract/errors.ts";
import { endProcesses } from "./end-processes.ts";
import { type LaunchRecord, parseLaunchRecord, recordsFolder } from "./launch-record.ts";
import { checkPlatform } from "./platform.ts";
import type { ProcessSystem } from "./process-system.ts";

/** What the boot reaper found. */
export interface ReapedRuns {
  /** Runs whose owner had ended, so that nothing would have ended them. */
  readonly runs: number;
  /** Processes of these runs that were still alive, and were ended. */
  readonly processes: number;
  /** Runs of other processes that are alive. They were left alone. */
  readonly alive: number;
  /** Records that could not be read, and were moved aside. */
  readonly broken: number;
}

export interface ReapOptions {
  readonly stateDir: string;
  /** Default: nothing is logged. */
  readonly log?: Logger | undefined;
  /** The name of the system, as `process.platform`. */
  readonly platform?: string | undefined;
}

/**
 * Ends what the agents of killed processes have left running. Call it at start. It reads the launch records, and where the owner of a run
 * has ended, it kills every process with the tag of the run. A process whose pid a record names is killed only if it also started when the
 * record says. Rejects with `ATLAS_HARNESS_PLATFORM_UNSUPPORTED`, and with `ATLAS_HARNESS_WORKSPACE_FAILED` if the records cannot be read.
 */
export async function reapLeftOvers(options: ReapOptions): Promise<ReapedRuns> {
  checkOptions("reapLeftOvers", options, ["stateDir", "log", "platform"]);
  const log = guardLogger(options.log ?? silent);
  const system = checkPlatform(options.platform ?? process.platform);
  const folder = recordsFolder(options.stateDir);
  const found = { runs: 0, processes: 0, alive: 0, broken: 0 };
  for (const name of await recordNames(folder)) {
    const path = join(folder, name);
    const record = await readRecord(path, log);
    if (record === "broken") found.broken += 1;
    if (typeof record === "string") continue;
    if (await isAlive(record.owner, system)) {
      found.alive += 1;
      continue;
    }
    found.runs += 1;
    found.processes += await endRun(record, system, log);
    await rm(path, { force: true }).catch((error: unknown) => {
      log.warn({ path, error }, "A launch record could not be removed. The next start tries again.");
    });
  }
  if (found.runs > 0)
    log.warn({ ...found }, "Runs of agents had been left by an earlier process, and were ended.");
  return found;
}

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

async function recordNames(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith(".json"));
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return [];
    throw new HarnessError(
      "ATLAS_HARNESS_WORKSPACE_FAILED",
      { path: folder },
      `The launch records in "${folder}" could not be read (${cause instanceof Error ? cause.message : cause}). Check that it is a folder of this user.`,
      { cause },
    );
  }
}

// Far above what a record holds: the longest part is a path.
const LONGEST_RECORD_BYTES = 65_536;

async function readRecord(path: string, log: Logger): Promise<LaunchRecord | "broken" | "left alone"> {
  try {
    const text = await readBounded(path);
    // The owner was killed between making the file and writing to it, so it started nothing.
    if (text === "") {
      await rm(path, { force: true });
      return "left alone";
    }
    const record = parseLaunchRecord(text);
    if (record !== "of another version") return record;
    log.warn({ path }, "A launch record was written by another version of Atlas, and is left alone.");
    return "left alone";
  } catch (error) {
    // Its run has settled since the folder was read.
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "left alone";
    log.warn(
      { path, error },
      "A launch record cannot be read, and was moved aside. Processes may be left of its run.",
    );
    await rename(path, `${path}.broken`).catch(() => undefined);
    return "broken";
  }
}

/** Neither waits for a pipe that lies there instead of a record, nor follows a link. */
async function readBounded(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) throw new Error("it is not a file");
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LONGEST_RECORD_BYTES + 1), 0);
    if (bytesRead > LONGEST_RECORD_BYTES) throw new Error("it is too long");
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}

async function isAlive(
  { pid, start_time, boot_id }: LaunchRecord["owner"],
  system: ProcessSystem,
): Promise<boolean> {
  return boot_id === (await system.bootId()) && (await system.isAlive({ pid, startTime: start_time }));
}

async function endRun(record: LaunchRecord, system: ProcessSystem, log: Logger): Promise<number> {
  // No process outlives a start of the machine.
  if (record.owner.boot_id !== (await system.bootId())) return 0;
  const { run_id: runId, child } = record;
  const leader = child === undefined ? undefined : { pid: child.pid, startTime: child.start_time };
  return endProcesses({ runId, leader, ownsGroupWithoutLeader: false }, { system, log });
}
