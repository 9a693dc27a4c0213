import { isAbsolute } from "node:path";
import type { Writable } from "node:stream";
import { type Clock, type Logger, systemClock } from "@atlas/routing";
import { checkOptions, guardLogger } from "@atlas/routing/internal";
import { HarnessError } from "../contract/errors.ts";
import { checkProgram } from "./check-program.ts";
import { findProgram } from "./find-program.ts";
import { type LaunchRecord, RECORD_FORMAT, type WrittenRecord, writeLaunchRecord } from "./launch-record.ts";
import type { OwnedProcesses, Program, ProgramEnd, RunningProgram } from "./owned-processes.ts";
import { type OwnedRun, watchRun } from "./owned-run.ts";
import { checkPlatform } from "./platform.ts";
import type { ProcessSystem } from "./process-system.ts";
import type { ProcessStart } from "./process-table.ts";
import { feed, type Spawned, spawnProgram } from "./spawn-program.ts";
import { startFailure } from "./start-failure.ts";

export interface OwnedProcessesOptions {
  /** The state folder, as an absolute path. Launch records are kept in `runs` below it. */
  readonly stateDir: string;
  /** Default: the clock of the machine. */
  readonly clock?: Clock | undefined;
  /** Default: nothing is logged. */
  readonly log?: Logger | undefined;
  /** The `graceMs` of programs that name none. Default: 5,000. */
  readonly graceMs?: number | undefined;
  /** The name of the system, as `process.platform`. Default: that of this one. */
  readonly platform?: string | undefined;
}

/**
 * Makes the owner of child processes. It starts programs without a shell, in a group and a session of their own and with the tag
 * `ATLAS_HARNESS_RUN` in their environment, and ends all that they started. Before each start it writes a launch record, by which
 * `reapLeftOvers` ends what is left if this process is killed. Throws a `TypeError` for wrong options.
 *
 * On Linux, processes are found by group, session, tag and parents; one that clears its environment and detaches itself is not found. On
 * macOS, environments cannot be read: a process that has left the group and whose parent has ended is not found. Elsewhere, everything
 * but `stop` rejects with `ATLAS_HARNESS_PLATFORM_UNSUPPORTED`.
 *
 * @example
 * ```ts
 * const processes = createOwnedProcesses({ stateDir: process.cwd() });
 * let printed = "";
 * const end = await processes.run({
 *   runId: "run-1",
 *   harness: "echo",
 *   command: await processes.find("echo", { harness: "echo", env: process.env }),
 *   args: ["$(hello)"],
 *   cwd: process.cwd(),
 *   env: {},
 *   onOutput: (_, bytes) => { printed += Buffer.from(bytes).toString(); },
 * });
 * assert.equal(printed, "$(hello)\n");
 * assert.equal(end.exitCode, 0);
 * await processes.stop();
 * ```
 */
export function createOwnedProcesses(options: OwnedProcessesOptions): OwnedProcesses {
  checkOptions("createOwnedProcesses", options, ["stateDir", "clock", "log", "graceMs", "platform"]);
  const { stateDir, clock = systemClock, graceMs, platform = process.platform } = options;
  if (typeof stateDir !== "string" || !isAbsolute(stateDir)) {
    throw new TypeError(
      `createOwnedProcesses: "stateDir" must be an absolute path, but is ${JSON.stringify(stateDir)}.`,
    );
  }
  const log = guardLogger(options.log ?? silent);
  const starting = new Map<string, Promise<unknown>>();
  const running = new Map<string, OwnedRun>();
  let system: ProcessSystem | undefined;
  let owner: LaunchRecord["owner"] | undefined;
  let stopped: Promise<void> | undefined;

  return {
    async find(command, findOptions) {
      checkPlatform(platform);
      return findProgram(command, findOptions);
    },
    async run(program) {
      checkProgram(program);
      if (program.signal?.aborted === true) return NEVER_STARTED;
      const { run } = await launch(program, { keepsStdin: false });
      return run.ended;
    },
    async start(program): Promise<RunningProgram> {
      checkProgram(program);
      program.signal?.throwIfAborted();
      const { run, stdin } = await launch(program, { keepsStdin: true });
      return { stdin, stdout: run.stdout, ended: run.ended, end: () => run.end("stop") };
    },
    stop() {
      stopped ??= endAll();
      return stopped;
    },
  };

  async function launch(given: Program, options: StartOptions): Promise<Started> {
    const { runId } = given;
    const program = { ...given, graceMs: given.graceMs ?? graceMs };
    system ??= checkPlatform(platform);
    if (stopped !== undefined) throw stoppedError(program);
    if (starting.has(runId) || running.has(runId)) {
      throw new TypeError(
        `The runId "${runId}" names a program that runs. Give each program one of its own.`,
      );
    }
    const launched = startRecorded(program, system, options);
    starting.set(runId, launched);
    try {
      return await launched;
    } finally {
      starting.delete(runId);
    }
  }

  async function startRecorded(
    program: Program,
    system: ProcessSystem,
    options: StartOptions,
  ): Promise<Started> {
    const { runId, harness, cwd } = program;
    owner ??= await ownerOf(system);
    const record = writeLaunchRecord(stateDir, {
      format: RECORD_FORMAT,
      run_id: runId,
      harness,
      owner,
      started_at: clock.now(),
      cwd,
    });
    let spawned: Spawned;
    try {
      spawned = await spawnProgram(program, options);
    } catch (error) {
      removeRecord(record, program);
      throw startFailure(error, program);
    }
    const leader = { pid: spawned.pid, startTime: (await system.startTimeOf(spawned.pid)) ?? "unknown" };
    completeRecord(record, leader, program);
    const run = watchRun({
      spawned,
      program,
      leader,
      handsOutStdout: options.keepsStdin,
      system,
      clock,
      log,
    });
    feed(spawned.stdin, options.keepsStdin ? undefined : program.stdin);
    if (running.size === 0) process.once("exit", killAll);
    running.set(runId, run);
    const ended = run.ended.then((end) => {
      removeRecord(record, program);
      running.delete(runId);
      if (running.size === 0) process.off("exit", killAll);
      return end;
    });
    return {
      run: { ...run, ended, end: (reason) => run.end(reason).then(() => ended) },
      stdin: spawned.stdin,
    };
  }

  /** A program that was about to start is ended, too. */
  async function endAll(): Promise<void> {
    await Promise.allSettled(starting.values());
    await Promise.all([...running.values()].map((run) => run.end("stop")));
  }

  /** Where the host ends without `stop`, by `process.exit` or an uncaught error. What has left its group is ended at the next start. */
  function killAll(): void {
    for (const run of running.values()) run.kill();
  }

  function completeRecord(record: WrittenRecord, leader: ProcessStart, { runId, harness }: Program): void {
    try {
      record.complete(leader);
    } catch (error) {
      log.warn({ run_id: runId, harness, error }, "The launch record of an agent does not name its process.");
    }
  }

  function removeRecord(record: WrittenRecord, { runId, harness }: Program): void {
    try {
      record.remove();
    } catch (error) {
      log.warn(
        { run_id: runId, harness, error },
        "The launch record of an agent is left. The next start removes it.",
      );
    }
  }
}

interface StartOptions {
  /** Whether standard input stays open and standard output is handed out. */
  readonly keepsStdin: boolean;
}

interface Started {
  readonly run: OwnedRun;
  readonly stdin: Writable;
}

const NEVER_STARTED: ProgramEnd = {
  endedBy: "signal",
  durationMs: 0,
  truncated: { stdout: false, stderr: false },
  leftOvers: 0,
};

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

async function ownerOf(system: ProcessSystem): Promise<LaunchRecord["owner"]> {
  const startTime = await system.startTimeOf(process.pid);
  return { pid: process.pid, start_time: startTime ?? "unknown", boot_id: await system.bootId() };
}

function stoppedError({ harness, command }: Program): HarnessError {
  return new HarnessError(
    "ATLAS_HARNESS_UNAVAILABLE",
    { harness, command },
    `The agent "${harness}" cannot be started: its host is stopping. Ask again after the next start.`,
  );
}
