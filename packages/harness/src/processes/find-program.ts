import { constants } from "node:fs";
import { access, realpath, stat } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import { HarnessError } from "../contract/errors.ts";
import type { FindOptions } from "./owned-processes.ts";
import { isInside } from "./roots.ts";

/** Finds the program of an agent, as `OwnedProcesses.find` says. */
export async function findProgram(command: string, options: FindOptions): Promise<string> {
  if (command === "" || command.includes("\0")) {
    throw unavailable(command, options, `${JSON.stringify(command)} cannot be the name of a program`);
  }
  if (isAbsolute(command)) return checkProgram(command, options);
  if (command.includes("/")) {
    throw unavailable(command, options, `"${command}" is a relative path, which depends on the folder`);
  }
  return searchPath(command, options);
}

async function checkProgram(path: string, options: FindOptions): Promise<string> {
  const finding = await lookAt(path, options);
  if (finding === "usable") return path;
  const problems = {
    missing: `"${path}" does not exist`,
    "no file": `"${path}" is not a file`,
    "not executable": `"${path}" is not executable (chmod +x)`,
    "in a workspace": `"${path}" lies in the folder that the agent works in`,
  };
  throw unavailable(path, options, problems[finding]);
}

async function searchPath(name: string, options: FindOptions): Promise<string> {
  const path = options.env["PATH"] ?? "";
  const folders = path.split(delimiter).filter((folder) => isAbsolute(folder));
  const notes: string[] = [];
  for (const folder of folders) {
    const candidate = join(folder, name);
    const finding = await lookAt(candidate, options);
    if (finding === "usable") return candidate;
    if (finding === "not executable") notes.push(`"${candidate}" is not executable`);
    if (finding === "in a workspace") notes.push(`"${candidate}" lies in the folder that the agent works in`);
  }
  const where =
    folders.length === 0 ? "PATH names no absolute folder" : `it is in no folder of PATH (${path})`;
  throw unavailable(name, options, [`"${name}" was not found: ${where}`, ...notes].join("; "));
}

type Finding = "usable" | "missing" | "no file" | "not executable" | "in a workspace";

async function lookAt(path: string, { notBelow = [] }: FindOptions): Promise<Finding> {
  let real: string;
  try {
    real = await realpath(path);
    if (!(await stat(real)).isFile()) return "no file";
  } catch {
    return "missing";
  }
  for (const folder of notBelow) {
    const realFolder = await realpath(folder).catch(() => folder);
    if (isInside(real, realFolder) || isInside(path, folder)) return "in a workspace";
  }
  try {
    await access(real, constants.X_OK);
    return "usable";
  } catch {
    return "not executable";
  }
}

function unavailable(
  command: string,
  { harness }: FindOptions,
  problem: string,
): HarnessError<"ATLAS_HARNESS_UNAVAILABLE"> {
  return new HarnessError(
    "ATLAS_HARNESS_UNAVAILABLE",
    { harness, command },
    `The program of the agent "${harness}" cannot be used: ${problem}. Install it, or set "command" to its absolute path.`,
  );
}
