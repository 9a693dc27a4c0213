import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { RUN_TAG } from "../../src/processes/run-tag.ts";
import type { Goal } from "./tasks.ts";

/** A process that an agent of this soak is, or has started. */
export interface MarkedProcess {
  readonly pid: number;
  /** Present if it is the agent itself. */
  readonly run?: number;
}

/** Finds the processes of a soak by a variable of their environment. Other agents of the machine are nobody's business. */
export function markedProcesses(mark: { readonly name: string; readonly value: string }): MarkedProcess[] {
  return eachProcess((name) => {
    const variables = readFileSync(`/proc/${name}/environ`, "latin1").split("\0");
    const isMarked = variables.includes(`${mark.name}=${mark.value}`);
    if (!isMarked || !variables.some((variable) => variable.startsWith(`${RUN_TAG}=`))) return [];
    const run = runOf(readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0"));
    return [{ pid: Number(name), ...(run === undefined ? {} : { run }) }];
  });
}

/** The processes that stand in a folder or below it, such as a git whose parent was killed. */
export function processesIn(folder: string): readonly number[] {
  return eachProcess((name) =>
    `${readlinkSync(`/proc/${name}/cwd`)}/`.startsWith(`${folder}/`) ? [Number(name)] : [],
  );
}

function eachProcess<Found>(look: (name: string) => Found[]): Found[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return look(name);
      } catch {
        // It has ended, or is another user's.
        return [];
      }
    });
}

function runOf(args: readonly string[]): number | undefined {
  const goal = args.find((argument) => argument.startsWith('{"run":'));
  return goal === undefined ? undefined : (JSON.parse(goal) as Goal).run;
}
