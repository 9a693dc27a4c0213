import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import {
  type HarnessCommand,
  type HarnessDriver,
  HarnessError,
  type HarnessErrorCode,
  type HarnessErrorDetails,
  type HarnessRun,
  type HarnessRunResult,
  type UnnamedHarnessEvent,
} from "@atlas/harness";

/** One thing that a scripted harness does. */
export type ScriptedStep =
  /** Writes a file below the folder of the run, with the folders above it. `null` removes it. */
  | { readonly write: string; readonly content: string | null }
  /** Prints a line, which listeners get as an `output` event. */
  | { readonly say: string; readonly stream?: "stdout" | "stderr" }
  /** Tells something, such as a message or a tool call. */
  | { readonly tell: UnnamedHarnessEvent }
  /** Asks `onCommand` whether a command may run, and tells a `tool_call` that was completed or denied. Nothing is run. */
  | { readonly command: HarnessCommand["argv"] }
  /** Fails with an error of this code. Steps after it are not reached. */
  | {
      readonly fail: HarnessErrorCode;
      readonly message?: string;
      /** Default: the name of the harness. */
      readonly details?: Readonly<Record<string, unknown>>;
    }
  /** Does nothing until the run is aborted, like an agent that hangs. */
  | { readonly hang: true }
  /** Returns this. Steps after it are not reached. Default: a summary, and no outputs. */
  | { readonly answer: Partial<HarnessRunResult> };

/** A harness that follows a script, and the runs that it was asked for. */
export interface ScriptedHarness extends HarnessDriver {
  readonly runs: readonly HarnessRun[];
}

/**
 * Creates a harness that does what a script says, without an agent, a key or a network. Pass the steps of every run, or a function that
 * returns the steps of one run, from its goal or from its number, which starts at 0. Hand it to a router or a gateway among the `drivers`.
 *
 * @example
 * ```ts
 * import { mkdirSync } from "node:fs";
 * import { createHarnessRouter } from "@atlas/harness";
 *
 * const agent = createScriptedHarness([
 *   { say: "working" },
 *   { write: "src/a.ts", content: "export const a = 1;\n" },
 *   { answer: { summary: "Added a." } },
 * ]);
 * mkdirSync("project");
 * const harness = createHarnessRouter({ stateDir: "state", drivers: { agent } });
 * const { summary, files } = await harness.runTask({ goal: "Add a.", cwd: "project" });
 * assert.equal(summary, "Added a.");
 * assert.deepEqual(files, [{ path: "src/a.ts", change: "added" }]); // proposed: project/src does not exist
 * await harness.stop();
 * ```
 */
export function createScriptedHarness(
  script: readonly ScriptedStep[] | ((run: HarnessRun, index: number) => readonly ScriptedStep[]),
): ScriptedHarness {
  const runs: HarnessRun[] = [];

  return {
    runs,
    async run(run) {
      run.signal.throwIfAborted();
      const index = runs.push(run) - 1;
      for (const step of typeof script === "function" ? script(run, index) : script) {
        run.signal.throwIfAborted();
        const answer = await follow(step, run);
        if (answer !== undefined) return answer;
      }
      return answerOf({});
    },
  };
}

/** Carries out one step. Returns the answer if it is the last one. */
async function follow(step: ScriptedStep, run: HarnessRun): Promise<HarnessRunResult | undefined> {
  if ("write" in step) await write(run.cwd, step);
  else if ("say" in step) run.onEvent({ type: "output", stream: step.stream ?? "stdout", line: step.say });
  else if ("tell" in step) run.onEvent(step.tell);
  else if ("command" in step) await ask(step.command, run);
  else if ("fail" in step) throw failure(step, run.harness);
  else if ("hang" in step) await untilAborted(run.signal);
  else return answerOf(step.answer);
  return undefined;
}

async function write(cwd: string, step: Extract<ScriptedStep, { readonly write: string }>): Promise<void> {
  const { write: path, content } = step;
  if (isAbsolute(path) || path.split(/[/\\]/).includes("..")) {
    throw new TypeError(
      `A scripted harness writes below the folder of the run, but the script says "${path}".`,
    );
  }
  const whole = join(cwd, path);
  if (content === null) return rm(whole, { recursive: true, force: true });
  await mkdir(dirname(whole), { recursive: true });
  await writeFile(whole, content);
}

async function ask(argv: readonly string[], run: HarnessRun): Promise<void> {
  const refusal = await refusalOf(argv, run);
  run.onEvent({
    type: "tool_call",
    name: "command",
    status: refusal === undefined ? "completed" : "denied",
    detail: refusal === undefined ? argv.join(" ") : `${argv.join(" ")}: ${refusal}`,
  });
}

/** Why a command may not run. A guard that throws refuses it. */
async function refusalOf(
  argv: readonly string[],
  { onCommand, cwd }: HarnessRun,
): Promise<string | undefined> {
  try {
    return (await onCommand?.({ argv, cwd }))?.message;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function failure(
  { fail, message, details }: Extract<ScriptedStep, { readonly fail: HarnessErrorCode }>,
  harness: string,
): HarnessError {
  // Sound: a test chooses the details that it wants to see, and those of most codes are the name alone.
  const given = { harness, ...details } as unknown as HarnessErrorDetails[HarnessErrorCode];
  return new HarnessError(fail, given, message ?? `"${harness}" failed, because its script says so.`);
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void => reject(signal.reason);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}

function answerOf(answer: Partial<HarnessRunResult>): HarnessRunResult {
  return { summary: "The script has ended.", outputs: [], ...answer };
}
