import { isAbsolute } from "node:path";
import { HarnessError } from "../contract/errors.ts";
import type { Program } from "./owned-processes.ts";

// The limit of Linux for one argument or variable is 128 KiB with the NUL at its end.
const LONGEST_TEXT_BYTES = 128 * 1024 - 1;

/**
 * Refuses what the operating system would refuse later or, worse, cut short. Throws a `TypeError` for wrong use and
 * `ATLAS_HARNESS_INPUT_REFUSED` for a text that no program can be given.
 */
export function checkProgram(program: Program): void {
  const { runId, harness, command, args, cwd, env } = program;
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(runId)) {
    throw new TypeError(
      `The runId ${JSON.stringify(runId)} must consist of 1 to 128 letters, digits, "-" and "_": it becomes a file name and a tag.`,
    );
  }
  if (!isAbsolute(command)) {
    throw new TypeError(`The command "${command}" must be an absolute path. Get one from "find".`);
  }
  for (const name of ["timeoutMs", "idleTimeoutMs", "graceMs", "maxOutputBytes"] as const) {
    checkLimit(name, program[name], name === "graceMs" || name === "maxOutputBytes" ? 0 : 1);
  }
  const texts: readonly (readonly [string, string])[] = [
    ["command", command],
    ["cwd", cwd],
    ...args.map((text, index) => [`args[${index}]`, text] as const),
    ...Object.entries(env).map(([name, value]) => [`env.${name}`, `${name}=${value}`] as const),
  ];
  for (const [input, text] of texts) {
    const problem = problemOf(text);
    if (problem === undefined) continue;
    throw new HarnessError(
      "ATLAS_HARNESS_INPUT_REFUSED",
      { harness, input },
      `The agent "${harness}" cannot be started: ${input} ${problem}`,
    );
  }
}

function checkLimit(name: string, value: number | undefined, least: number): void {
  if (value === undefined || value >= least) return;
  throw new TypeError(`"${name}" is ${value}, but must be at least ${least}.`);
}

function problemOf(text: string): string | undefined {
  if (text.includes("\0")) return "holds a NUL, at which a program would stop reading. Remove it.";
  // UTF-8 needs up to three bytes for one of the units that a text is counted in.
  if (text.length * 3 <= LONGEST_TEXT_BYTES || Buffer.byteLength(text) <= LONGEST_TEXT_BYTES)
    return undefined;
  return `has ${Buffer.byteLength(text)} bytes, but the system takes at most ${LONGEST_TEXT_BYTES}. Pass it by standard input or in a file.`;
}
