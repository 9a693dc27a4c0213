import { randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Logger } from "@atlas/routing";
import { expect, onTestFinished } from "vitest";
import {
  createOwnedProcesses,
  type OwnedProcessesOptions,
} from "../../src/processes/create-owned-processes.ts";
import type { OwnedProcesses, Program, ProgramEnd } from "../../src/processes/owned-processes.ts";

/** The path of a program in `test/fixtures`. */
export function fixture(name: string): string {
  return join(import.meta.dirname, "../fixtures", name);
}

/** Owned processes of one test, with what they wrote to their log. */
export interface Owned {
  readonly processes: OwnedProcesses;
  readonly stateDir: string;
  readonly logged: readonly string[];
  /** A program with defaults for everything but its command. */
  program(command: string, rest?: Partial<Program>): Program;
  /** Runs a fixture, and returns how it ended and what it printed. */
  run(
    name: string,
    rest?: Partial<Program>,
  ): Promise<ProgramEnd & { readonly stdout: string; readonly stderr: string }>;
  /** The records in the state folder. */
  records(): readonly string[];
}

/**
 * Makes owned processes that are stopped at the end of the test. The test fails if a process with the tag of one of its runs is alive then,
 * or a launch record is left.
 */
export function createOwned(options: Partial<OwnedProcessesOptions> = {}): Owned {
  const stateDir = mkdtempSync(join(tmpdir(), "harness-"));
  const runIds: string[] = [];
  const logged: string[] = [];
  const processes = createOwnedProcesses({ stateDir, log: logInto(logged), ...options });
  const records = (): readonly string[] => listRecords(stateDir);
  onTestFinished(async () => {
    await processes.stop();
    const left = { processes: runIds.flatMap(taggedPids), records: records() };
    rmSync(stateDir, { recursive: true });
    expect(left).toEqual({ processes: [], records: [] });
  });

  const program = (command: string, rest: Partial<Program> = {}): Program => {
    const runId = randomUUID();
    runIds.push(rest.runId ?? runId);
    return {
      runId,
      harness: "agent",
      command,
      args: [],
      cwd: stateDir,
      env: { PATH: "/usr/bin:/bin" },
      ...rest,
    };
  };
  return {
    processes,
    stateDir,
    logged,
    program,
    records,
    async run(name, rest = {}) {
      const printed = { stdout: "", stderr: "" };
      const end = await processes.run(
        program(fixture(name), {
          ...rest,
          onOutput(stream, bytes) {
            printed[stream] += Buffer.from(bytes).toString("latin1");
            rest.onOutput?.(stream, bytes);
          },
        }),
      );
      return { ...end, ...printed };
    },
  };
}

/** A logger that keeps the messages. */
export function logInto(messages: string[]): Logger {
  const keep = (_: object, message: string): void => void messages.push(message);
  return { debug: () => undefined, info: keep, warn: keep, error: keep };
}

/** The launch records below a state folder. */
export function listRecords(stateDir: string): readonly string[] {
  try {
    return readdirSync(join(stateDir, "runs"));
  } catch {
    return [];
  }
}

/** The processes that carry the tag of a run, read without the code under test. */
export function taggedPids(runId: string): readonly number[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const environment = readFileSync(`/proc/${name}/environ`, "latin1").split("\0");
      return environment.includes(`ATLAS_HARNESS_RUN=${runId}`) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}
