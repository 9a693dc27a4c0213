import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import type { ReadStream, WriteStream } from "node:tty";
import { onTestFinished } from "vitest";
import { root } from "../../../../test/support/checkout.ts";
import { runAtlas } from "../../src/run-atlas.ts";

/** The program, from its sources. */
export const PROGRAM = join(root, "packages/cli/src/main.ts");

/** How a command ended. */
export interface Ended {
  /** The exit code, or the name of the signal. */
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where and how a command is run. */
export interface RunOptions {
  /** Default: the working folder. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Default: `atlas`. */
  readonly program?: string;
}

/** The environment of a command: this one, without what would change what it prints. */
export function commandEnvironment(env: RunOptions["env"] = {}): NodeJS.ProcessEnv {
  const own = /^(ATLAS_|NO_COLOR|FORCE_COLOR|COLORTERM|CI$|TEST$|[A-Z_]*API_KEY)/;
  const kept = Object.entries(process.env).filter(([name]) => !own.test(name));
  return { ...Object.fromEntries(kept), ...env };
}

/** Runs a command to its end. */
export async function atlas(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const running = startAtlas(args, options);
  running.child.stdin.end(options.input ?? "");
  return running.ended;
}

/**
 * Runs a command to its end in this process, as `main.ts` does in its own. That takes a tenth of the time, so what a command says is tested
 * with it. What the process itself does, such as its signals, its terminal and its exit, is tested with `atlas` and `startAtlas`.
 */
export async function atlasHere(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const { cwd = process.cwd(), env } = options;
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const printed = Promise.all([text(stdout), text(stderr)]);
  stdin.end(options.input ?? "");
  const before = process.cwd();
  try {
    const code = await runAtlas(args, {
      cwd,
      env: commandEnvironment(env),
      // Streams that are no terminal, as those of a pipe.
      stdin: stdin as unknown as ReadStream,
      stdout: stdout as unknown as WriteStream,
      stderr: stderr as unknown as WriteStream,
    });
    stdout.end();
    stderr.end();
    const [out, err] = await printed;
    return { code, stdout: out, stderr: err };
  } finally {
    // A configuration makes its folder the working folder.
    process.chdir(before);
  }
}

/** A command that goes on. */
export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  /** Resolves with the match once standard output has it. Rejects with all output if the command ends first. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
}

/** Starts a command. The test kills what it does not end. */
export function startAtlas(args: readonly string[], options: RunOptions = {}): Running {
  const { cwd = process.cwd(), env, program = PROGRAM } = options;
  const child = spawn(process.execPath, [program, ...args], { cwd, env: commandEnvironment(env) });
  let stdout = "";
  let stderr = "";
  const changed = new EventTarget();
  const note = (): void => void changed.dispatchEvent(new Event("change"));
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk;
    note();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk;
    note();
  });
  let isOver = false;
  const ended = once(child, "close").then(([code, signal]: unknown[]) => {
    isOver = true;
    note();
    return { code: (code ?? signal) as number | string, stdout, stderr };
  });
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  return {
    child,
    ended,
    async printed(pattern) {
      for (;;) {
        const match = pattern.exec(stdout);
        if (match !== null) return match;
        if (isOver) throw new Error(`The command ended without printing ${pattern}:\n${stdout}${stderr}`);
        await new Promise((resolve) => changed.addEventListener("change", resolve, { once: true }));
      }
    },
  };
}
