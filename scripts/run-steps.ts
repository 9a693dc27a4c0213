import { spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";

/** A tool of this repository and how to call it. */
export interface Step {
  readonly name: string;
  readonly command: readonly [tool: string, ...args: readonly string[]];
  /** Where it runs, relative to the root. Default: the root. */
  readonly folder?: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** How a row of steps ended. */
export interface Outcome {
  /** 0 when all steps passed; otherwise the exit code of the first that did not. */
  readonly exitCode: number;
  /** One line per step: its name, its time, and what became of it. */
  readonly summary: readonly string[];
}

/** The repository's root. */
export const root = join(import.meta.dirname, "..");

// The pinned Node and the pinned tools come first, whatever else the machine has.
const PATH = [join(root, "node_modules/.bin"), process.env["PATH"]].join(delimiter);

/** Runs the steps one after the other, with their output as it comes, up to the first that fails. */
export function runSteps(steps: readonly Step[]): Outcome {
  const width = Math.max(...steps.map((step) => step.name.length));
  const summary: string[] = [];
  let exitCode = 0;
  for (const step of steps) {
    if (exitCode !== 0) {
      summary.push(`${step.name.padEnd(width)}        –  not run`);
      continue;
    }
    console.log(`\n— ${step.name}: ${step.command.join(" ")}`);
    const startedAt = performance.now();
    exitCode = runStep(step);
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1).padStart(6);
    summary.push(
      `${step.name.padEnd(width)}  ${seconds} s  ${exitCode === 0 ? "passed" : `FAILED (exit ${exitCode})`}`,
    );
  }
  return { exitCode, summary };
}

function runStep({ command: [tool, ...args], folder = ".", env: added }: Step): number {
  // On Windows the tools are .cmd files, which only a shell can start; the arguments are our own constants.
  const shell = process.platform === "win32";
  const { status, signal, error } = spawnSync(tool, args, {
    cwd: join(root, folder),
    // Read now: a script sets its flags in the environment after it has imported this file.
    env: { ...process.env, PATH, ...added },
    stdio: "inherit",
    shell,
  });
  if (error !== undefined)
    console.error(`${tool} could not be started: ${error.message}. Run npm install first.`);
  if (signal !== null) console.error(`${tool} was ended by ${signal}.`);
  return status ?? 1;
}
