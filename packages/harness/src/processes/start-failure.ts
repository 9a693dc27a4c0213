import { statSync } from "node:fs";
import { HarnessError } from "../contract/errors.ts";
import type { Program } from "./owned-processes.ts";

/** Says in an error why a program could not be started. Node reports a missing folder as if the program were missing. */
export function startFailure(cause: unknown, program: Program): HarnessError {
  const { harness, command, cwd } = program;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown error";
  const folder = problemOfFolder(cwd);
  if (folder !== undefined) {
    return new HarnessError(
      "ATLAS_HARNESS_CWD_REFUSED",
      { cwd },
      `The agent "${harness}" cannot be started in "${cwd}": ${folder}. Pass a folder that exists.`,
      { cause },
    );
  }
  if (code === "E2BIG") {
    return new HarnessError(
      "ATLAS_HARNESS_INPUT_REFUSED",
      { harness, input: "args" },
      `The agent "${harness}" cannot be started: its arguments and its environment together are longer than the system allows. Pass texts by standard input or in a file.`,
      { cause },
    );
  }
  return new HarnessError(
    "ATLAS_HARNESS_UNAVAILABLE",
    { harness, command },
    `The agent "${harness}" cannot be started: ${problemOfCommand(code, command)}`,
    { cause },
  );
}

function problemOfFolder(cwd: string): string | undefined {
  try {
    return statSync(cwd).isDirectory() ? undefined : "it is not a folder";
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return code === "ENOENT" ? "it does not exist" : `it cannot be entered (${code})`;
  }
}

function problemOfCommand(code: string, command: string): string {
  const stats = statSync(command, { throwIfNoEntry: false });
  if (code === "ENOENT" && stats === undefined) return `"${command}" does not exist. Install it.`;
  if (code === "ENOENT") {
    return `"${command}" exists, but not the program that its first line names, or a library of it. Install that.`;
  }
  if (code === "EACCES")
    return `"${command}" is not executable, or lies on a disk that allows no programs (chmod +x).`;
  if (code === "EMFILE" || code === "ENFILE")
    return "too many files are open. Run fewer agents at the same time.";
  if (code === "EAGAIN" || code === "ENOMEM") return `the system has no room for another process (${code}).`;
  return `the system refused to run "${command}" (${code}).`;
}
