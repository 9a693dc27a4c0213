import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { HarnessError } from "../contract/errors.ts";
import type { ProcessStart } from "./process-table.ts";

/** What is written to disk of a run before its program is started, for the case that this process does not live to end it. */
export interface LaunchRecord {
  readonly format: typeof RECORD_FORMAT;
  readonly run_id: string;
  readonly harness: string;
  /** The process that started the run. */
  readonly owner: { readonly pid: number; readonly start_time: string; readonly boot_id: string };
  /** Wall-clock time, in milliseconds since 1970. */
  readonly started_at: number;
  readonly cwd: string;
  /** The program. Absent where the owner ended before it knew. */
  readonly child?: { readonly pid: number; readonly start_time: string };
}

/** The version of the format. A record of another version is left alone. */
export const RECORD_FORMAT = 1;

/** The record of one run. */
export interface WrittenRecord {
  /** Adds who the program is. */
  complete(child: ProcessStart): void;
  /** Removes the record. The run is over. */
  remove(): void;
}

/** The folder of the launch records below the state folder. */
export function recordsFolder(stateDir: string): string {
  return join(stateDir, "runs");
}

/**
 * Writes the record of a run: a line before the start, and a line after it. A line is added by one write, so a killed owner leaves no half
 * of one. It is not flushed to the disk: no process outlives a power cut, and the record of an earlier boot is only removed.
 * Throws `ATLAS_HARNESS_WORKSPACE_FAILED`.
 */
export function writeLaunchRecord(stateDir: string, record: LaunchRecord): WrittenRecord {
  const folder = recordsFolder(stateDir);
  const path = join(folder, `${record.run_id}.json`);
  const file = attempt(path, "written", () => {
    const opened = openNew(folder, path);
    try {
      writeSync(opened, `${JSON.stringify(record)}\n`);
      return opened;
    } catch (error) {
      closeSync(opened);
      rmSync(path, { force: true });
      throw error;
    }
  });
  let isOpen = true;
  const close = (): void => {
    if (isOpen) closeSync(file);
    isOpen = false;
  };
  return {
    complete({ pid, startTime }) {
      try {
        attempt(path, "written", () =>
          writeSync(file, `${JSON.stringify({ child: { pid, start_time: startTime } })}\n`),
        );
      } finally {
        close();
      }
    },
    remove() {
      close();
      attempt(path, "removed", () => rmSync(path, { force: true }));
    },
  };
}

/** Reads the text of a record. Throws an `Error` that says what is wrong with it. */
export function parseLaunchRecord(text: string): LaunchRecord | "of another version" {
  const [first, second] = text.split("\n").filter((line) => line !== "");
  const launch = parseObject(first ?? "");
  if (typeof launch["format"] === "number" && launch["format"] !== RECORD_FORMAT) return "of another version";
  const owner = objectAt(launch, "owner");
  const child = parseChild(second);
  return {
    format: RECORD_FORMAT,
    run_id: textAt(launch, "run_id"),
    harness: textAt(launch, "harness"),
    owner: {
      pid: pidAt(owner, "pid"),
      start_time: textAt(owner, "start_time"),
      boot_id: textAt(owner, "boot_id"),
    },
    started_at: numberAt(launch, "started_at"),
    cwd: textAt(launch, "cwd"),
    ...(child !== undefined && { child }),
  };
}

/** Without it, the run is found by its tag alone: its owner was killed before it noted the start, or the disk was full. */
function parseChild(line: string | undefined): LaunchRecord["child"] {
  if (line === undefined) return undefined;
  try {
    const child = objectAt(parseObject(line), "child");
    return { pid: pidAt(child, "pid"), start_time: textAt(child, "start_time") };
  } catch {
    return undefined;
  }
}

function openNew(folder: string, path: string): number {
  try {
    return openSync(path, "wx", 0o600);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return openSync(path, "wx", 0o600);
  }
}

function attempt<Result>(path: string, what: "written" | "removed", work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    throw new HarnessError(
      "ATLAS_HARNESS_WORKSPACE_FAILED",
      { path },
      `The launch record "${path}" could not be ${what} (${cause instanceof Error ? cause.message : cause}). Check the permissions and the free space of the state folder.`,
      { cause },
    );
  }
}

type Fields = Readonly<Record<string, unknown>>;

function parseObject(line: string): Fields {
  const value: unknown = JSON.parse(line);
  if (!isObject(value)) throw new Error("it is not an object");
  return value;
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function objectAt(fields: Fields, name: string): Fields {
  const value = fields[name];
  if (!isObject(value)) throw new Error(`"${name}" is not an object`);
  return value;
}

function textAt(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== "string" || value === "") throw new Error(`"${name}" is not a text`);
  return value;
}

function numberAt(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== "number") throw new Error(`"${name}" is not a number`);
  return value;
}

/** Not 0 or 1: for signals, 0 is the own group and 1 starts every process. */
function pidAt(fields: Fields, name: string): number {
  const value = numberAt(fields, name);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`"${name}" is not a process id`);
  return value;
}
