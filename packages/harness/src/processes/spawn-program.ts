import { spawn } from "node:child_process";
import { once } from "node:events";
import { PassThrough, type Readable, type Writable } from "node:stream";
import type { Program } from "./owned-processes.ts";
import { RUN_TAG } from "./run-tag.ts";

/** A program that has just been started. */
export interface Spawned {
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when the program has ended. */
  readonly exited: Promise<ProgramExit>;
  /** Resolves when its output is read to the end, too. */
  readonly closed: Promise<void>;
  /** Whether its pid still is its own: the system keeps it until the end has been noticed. */
  hasExited(): boolean;
}

/** How a program ended, as the system tells it. */
export interface ProgramExit {
  readonly exitCode?: number;
  readonly signal?: string;
}

/**
 * Starts a program without a shell, as the leader of a group and a session of its own, with the tag of its run. Rejects with the error of
 * the system.
 */
export async function spawnProgram(
  { runId, command, args, cwd, env, stdin }: Program,
  { keepsStdin }: { readonly keepsStdin: boolean },
): Promise<Spawned> {
  const child = spawn(command, args, {
    cwd,
    env: { ...env, [RUN_TAG]: runId },
    shell: false,
    detached: true,
    windowsHide: true,
    stdio: [keepsStdin || stdin !== undefined ? "pipe" : "ignore", "pipe", "pipe"],
  });
  // Where there is no pid, the error follows in a moment.
  if (child.pid === undefined) {
    const [error]: readonly unknown[] = await once(child, "error");
    throw error;
  }
  child.on("error", () => undefined);
  let hasExited = false;
  return {
    pid: child.pid,
    stdin: quiet(child.stdin ?? closedInput()),
    stdout: quiet(child.stdout),
    stderr: quiet(child.stderr),
    exited: new Promise((resolve) => {
      child.once("exit", (exitCode, signal) => {
        hasExited = true;
        resolve({ ...(exitCode !== null && { exitCode }), ...(signal !== null && { signal }) });
      });
    }),
    closed: new Promise((resolve) => {
      child.once("close", () => resolve());
    }),
    hasExited: () => hasExited,
  };
}

/** Writes the input of a program and closes it. */
export function feed(stdin: Writable, text: string | undefined): void {
  if (text !== undefined) stdin.end(text);
}

/** A pipe that breaks is an end: a program need not read its input, nor live until all of it is written. */
function quiet<Stream extends Readable | Writable>(stream: Stream | null): Stream {
  if (stream === null) throw new Error("A program was started without the pipes that were asked for.");
  stream.on("error", () => undefined);
  return stream;
}

function closedInput(): Writable {
  return new PassThrough().end();
}
