import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";

/** A child process that runs one of the fixtures. */
export interface HostProcess {
  readonly pid: number;
  /** What it printed so far, by line. */
  readonly lines: readonly string[];
  /** Resolves with the first line that begins so; rejects when the process ends without it. */
  printed(beginning: string): Promise<string>;
  kill(signal?: NodeJS.Signals): void;
  /** Resolves when it has ended and all it printed was read. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

/** Runs a fixture with `options` as its only argument. It is killed after the test if it still lives. */
export function startHost(fixture: string, options: object, flags: readonly string[] = []): HostProcess {
  const file = new URL(`../fixtures/${fixture}`, import.meta.url).pathname;
  const child: ChildProcess = spawn(process.execPath, [...flags, file, JSON.stringify(options)], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const lines: string[] = [];
  const waiting = new Set<{ readonly beginning: string; readonly resolve: (line: string) => void }>();
  if (child.stdout === null || child.pid === undefined) throw new Error("The fixture did not start.");
  const reader = createInterface({ input: child.stdout });
  reader.on("line", (line) => {
    lines.push(line);
    for (const waiter of waiting) if (line.startsWith(waiter.beginning)) waiter.resolve(line);
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
    printed(beginning) {
      const known = lines.find((line) => line.startsWith(beginning));
      if (known !== undefined) return Promise.resolve(known);
      return new Promise((resolve, reject) => {
        waiting.add({ beginning, resolve });
        void ended.then(() =>
          reject(new Error(`The host ended without "${beginning}"; it printed:\n${lines.join("\n")}`)),
        );
      });
    },
    kill: (signal = "SIGKILL") => void child.kill(signal),
    ended,
  };
}
