import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A process of a bench that speaks in lines of JSON. It ends with the block that uses it. */
export interface BenchProcess extends Disposable {
  readonly child: ChildProcess;
  /** The next line. Rejects when the process ends first. */
  read<Value>(): Promise<Value>;
  write(line: string): void;
}

/** Starts a file of a bench with its arguments, in the way in which this process was started. */
export function startProcess(file: string, args: readonly string[]): BenchProcess {
  const child = spawn(process.execPath, [...process.execArgv, file, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  // A bench that is ended by a signal exits, and takes its processes along.
  const kill = (): void => void child.kill();
  process.once("exit", kill);
  child.once("exit", () => process.off("exit", kill));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    // Sound: both ends are files of the same bench.
    async read<Value>() {
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`"${file}" ended before it answered.`);
      return JSON.parse(value) as Value;
    },
    write: (line) => void child.stdin.write(`${line}\n`),
    [Symbol.dispose]: kill,
  };
}
