import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";

/** A child process that runs one of the fixtures. */
export interface HostProcess {
  readonly pid: number;
  /** What it printed so far, by line. */
  readonly lines: readonly string[];
  /** Resolves when it has printed this many lines, or ended. */
  printed(lines: number): Promise<void>;
  kill(): void;
  /** Resolves when it has ended and all it printed was read. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

/** How a fixture is run, where it is not run plainly. */
export interface HostOptions {
  /** A program that runs what stands behind its own arguments, such as strace. */
  readonly through?: readonly [program: string, ...args: readonly string[]];
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a fixture with `options` as its only argument. It is killed after the test if it still lives. */
export function startHost(fixture: string, options: object, { through, env }: HostOptions = {}): HostProcess {
  const file = new URL(`../fixtures/${fixture}`, import.meta.url).pathname;
  const [program, ...args] = [...(through ?? []), process.execPath, file, JSON.stringify(options)] as const;
  const child: ChildProcess = spawn(program as string, args, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  const lines: string[] = [];
  let waiting: { readonly lines: number; readonly resolve: () => void } | undefined;
  const notice = (): void => {
    if (waiting !== undefined && lines.length >= waiting.lines) waiting.resolve();
  };
  if (child.stdout === null || child.pid === undefined) throw new Error("The fixture did not start.");
  const reader = createInterface({ input: child.stdout });
  reader.on("line", (line) => {
    lines.push(line);
    notice();
  });
  const ended = Promise.all([once(child, "exit"), once(reader, "close")]).then(([[code, signal]]) => ({
    code,
    signal,
  }));
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  return {
    pid: child.pid,
    lines,
    printed: (count) =>
      Promise.race([
        ended.then(() => undefined),
        new Promise<void>((resolve) => {
          waiting = { lines: count, resolve };
          notice();
        }),
      ]),
    kill: () => void child.kill("SIGKILL"),
    ended,
  };
}
