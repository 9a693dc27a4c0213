import type { HarnessRun } from "../contract/driver.ts";
import { HarnessError } from "../contract/errors.ts";

/** How much an agent takes. */
export interface PromptLimit {
  readonly size: number;
  readonly unit: "characters" | "bytes";
}

/**
 * What an agent is told: the goal, the files to read first, and in mode `plan` that it is to change nothing. Throws
 * `ATLAS_HARNESS_INPUT_REFUSED` where this is longer than the agent takes: some programs then end well and do nothing.
 */
export function promptOf(run: HarnessRun, limit: PromptLimit): string {
  const parts = [run.goal];
  const paths = run.contextPaths ?? [];
  if (paths.length > 0) {
    // Quoted, so that a line break in a name does not look like words of the task.
    parts.push(`Read these first:\n${paths.map((path) => `- ${JSON.stringify(path)}`).join("\n")}`);
  }
  if (run.mode === "plan") {
    parts.push("Answer with a plan of what you would do. Do not change any file, and do not ask back.");
  }
  const prompt = parts.join("\n\n");
  const size = limit.unit === "bytes" ? Buffer.byteLength(prompt) : prompt.length;
  if (size > limit.size) {
    throw new HarnessError(
      "ATLAS_HARNESS_INPUT_REFUSED",
      { harness: run.harness, input: "goal" },
      `Agent "${run.harness}" takes a goal of up to ${limit.size.toLocaleString("en")} ${limit.unit}, with the names of the files to read; this one has ${size.toLocaleString("en")}. Put the text into a file of the workspace and name it in \`contextPaths\`.`,
    );
  }
  return prompt;
}

/** The name of a model or a session as an argument of its own. Throws where a program would take it for an option. */
export function argumentFrom(run: HarnessRun, input: "model" | "sessionId"): string | undefined {
  const value = run[input];
  if (value === undefined) return undefined;
  if (/^[\w@[][\w@.:/+~[\]-]*$/.test(value)) return value;
  throw new HarnessError(
    "ATLAS_HARNESS_INPUT_REFUSED",
    { harness: run.harness, input },
    `\`${input}\` of a task for agent "${run.harness}" is ${JSON.stringify(value.slice(0, 100))}; expected a name of letters, digits and "._:/@+~-" that does not begin with "-".`,
  );
}
