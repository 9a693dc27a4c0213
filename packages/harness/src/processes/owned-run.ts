import { PassThrough, type Readable } from "node:stream";
import type { Clock, Logger } from "@atlas/routing";
import { endProcesses } from "./end-processes.ts";
import { type LimitedOutput, readLimited } from "./output-limit.ts";
import type { Program, ProgramEnd } from "./owned-processes.ts";
import type { ProcessSystem } from "./process-system.ts";
import { type ProcessStart, processesOfRun, type RunToEnd } from "./process-table.ts";
import type { ProgramExit, Spawned } from "./spawn-program.ts";

const DEFAULT_TIMEOUT_MS = 180_000;
const DEFAULT_GRACE_MS = 5_000;
const DEFAULT_MAX_OUTPUT_BYTES = 1024 * 1024;
// What a program has printed is in the pipes when it ends. Only another process that holds them makes the wait longer.
const DRAIN_MS = 200;
// A killed program that waits for a disk or a network drive ends when that answers. Its host does not wait as long.
const GIVE_UP_MS = 5_000;

/** A program that was started, with everything that it starts. */
export interface OwnedRun {
  /** Resolves when the program has ended and nothing of it is alive. Never rejects. */
  readonly ended: Promise<ProgramEnd>;
  /** Ends it. The first reason counts. */
  end(reason: EndReason): Promise<ProgramEnd>;
  /** Kills its group without waiting, for the moment in which this process ends. */
  kill(): void;
  /** What it prints, where that is handed out; empty otherwise. */
  readonly stdout: Readable;
}

type EndReason = Exclude<ProgramEnd["endedBy"], "itself">;

export interface OwnedRunOptions {
  readonly spawned: Spawned;
  readonly program: Program;
  readonly leader: ProcessStart;
  /** Whether standard output is handed out instead of being passed to `onOutput`. */
  readonly handsOutStdout: boolean;
  readonly system: ProcessSystem;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Watches over a program from its start until nothing of it is alive. */
export function watchRun({
  spawned,
  program,
  leader,
  handsOutStdout,
  system,
  clock,
  log,
}: OwnedRunOptions): OwnedRun {
  const {
    runId,
    harness,
    graceMs = DEFAULT_GRACE_MS,
    maxOutputBytes: maxBytes = DEFAULT_MAX_OUTPUT_BYTES,
  } = program;
  const run: RunToEnd = { runId, leader, ownsGroupWithoutLeader: true };
  const startedAt = clock.monotonic();
  const cancels = new Set<() => void>();
  let endedBy: ProgramEnd["endedBy"] = "itself";
  let hasThrown = false;
  let lastOutputAt = startedAt;
  // What is seen before the first signal: where environments cannot be read, nothing else leads to a process whose parent has ended.
  let seen: readonly ProcessStart[] = [];

  const stdout = new PassThrough();
  if (handsOutStdout) handOut();
  const limited = { stdout: handsOutStdout ? undefined : limit("stdout"), stderr: limit("stderr") };

  let giveUp: (exit: ProgramExit) => void = () => undefined;
  const givenUp = new Promise<ProgramExit>((resolve) => {
    giveUp = resolve;
  });
  const onAbort = (): void => void end("signal");
  after(program.timeoutMs ?? DEFAULT_TIMEOUT_MS, () => void end("timeout"));
  if (program.idleTimeoutMs !== undefined) watchIdle(program.idleTimeoutMs, program.idleTimeoutMs);
  const ended = settle();
  program.signal?.addEventListener("abort", onAbort, { once: true });
  if (program.signal?.aborted === true) onAbort();
  return { ended, end, kill: () => signalGroup("SIGKILL"), stdout };

  async function settle(): Promise<ProgramEnd> {
    const exit = await Promise.race([spawned.exited, givenUp]);
    for (const cancel of cancels) cancel();
    program.signal?.removeEventListener("abort", onAbort);
    // Whoever asked for the end does not wait for words. After an end of its own, what it started may still have some.
    let leftOvers = 0;
    if (endedBy !== "itself") leftOvers = await sweep();
    await drained();
    destroyPipes();
    if (endedBy === "itself") leftOvers = await sweep();
    return {
      ...exit,
      endedBy,
      durationMs: clock.monotonic() - startedAt,
      truncated: {
        stdout: limited.stdout?.isTruncated ?? false,
        stderr: limited.stderr.isTruncated,
      },
      leftOvers,
    };
  }

  function end(reason: EndReason): Promise<ProgramEnd> {
    if (spawned.hasExited() || endedBy !== "itself") return ended;
    endedBy = reason;
    if (graceMs === 0) {
      kill();
      return ended;
    }
    void remember().then(() => {
      signalGroup("SIGINT");
      after(graceMs / 2, () => signalGroup("SIGTERM"));
      after(graceMs, kill);
    });
    return ended;
  }

  function kill(): void {
    signalGroup("SIGKILL");
    after(GIVE_UP_MS, () => {
      log.error(
        { run_id: runId, harness, pid: leader.pid },
        "An agent does not end, although it was killed.",
      );
      giveUp({});
    });
  }

  async function remember(): Promise<void> {
    if (system.readsEnvironments) return;
    try {
      seen = processesOfRun(await system.list(leader), run, process.pid);
    } catch (error) {
      log.warn(
        { run_id: runId, harness, error },
        "Processes of an agent could not be looked for before its end.",
      );
    }
  }

  /** Only until the program has been collected: later, its pid may name another group. */
  function signalGroup(signal: NodeJS.Signals): void {
    if (spawned.hasExited()) return;
    try {
      process.kill(-leader.pid, signal);
    } catch (error) {
      log.debug({ run_id: runId, harness, signal, error }, "A signal did not reach the group of an agent.");
    }
  }

  function sweep(): Promise<number> {
    return endProcesses({ ...run, seen }, { system, log });
  }

  /** Waits until the pipes are read to their end, or until the time for that is over. */
  async function drained(): Promise<void> {
    let cancel = (): void => undefined;
    const isLate = new Promise<boolean>((resolve) => {
      cancel = clock.after(DRAIN_MS, () => resolve(true));
    });
    const late = await Promise.race([spawned.closed.then(() => false), isLate]);
    cancel();
    // Where the host was busy, the time may be over before it got to read what has been there for long.
    if (late) for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  function destroyPipes(): void {
    spawned.stdin.destroy();
    spawned.stdout.destroy();
    spawned.stderr.destroy();
    stdout.end();
  }

  function limit(name: "stdout" | "stderr"): LimitedOutput {
    spawned[name].on("data", noteOutput);
    return readLimited(spawned[name], { maxBytes, onBytes: (bytes) => passOn(name, bytes) });
  }

  /** A reader that is slow holds the program back. */
  function handOut(): void {
    spawned.stdout.on("data", noteOutput);
    spawned.stdout.pipe(stdout);
  }

  function noteOutput(): void {
    lastOutputAt = clock.monotonic();
  }

  function passOn(stream: "stdout" | "stderr", bytes: Uint8Array): void {
    try {
      // An async function fits the type, too.
      const returned: unknown = program.onOutput?.(stream, bytes);
      if (returned instanceof Promise) returned.catch(complain);
    } catch (error) {
      complain(error);
    }
  }

  function complain(error: unknown): void {
    if (!hasThrown)
      log.error({ run_id: runId, harness, error }, "onOutput threw an error. Its output may be incomplete.");
    hasThrown = true;
  }

  function watchIdle(limitMs: number, delayMs: number): void {
    after(delayMs, () => {
      const idleMs = clock.monotonic() - lastOutputAt;
      if (idleMs >= limitMs) void end("idle");
      else watchIdle(limitMs, limitMs - idleMs);
    });
  }

  function after(delayMs: number, callback: () => void): void {
    if (spawned.hasExited()) return;
    const cancel = clock.after(delayMs, () => {
      cancels.delete(cancel);
      callback();
    });
    cancels.add(cancel);
  }
}
