import type { HarnessConfig, OutputParserConfig } from "@atlas/routing";
import type { HarnessRun, HarnessRunResult } from "../contract/driver.ts";
import { HarnessError } from "../contract/errors.ts";
import type { HarnessOutput } from "../contract/output.ts";
import { fieldAt, textOf } from "../parsers/field-path.ts";
import { jsonIn } from "../parsers/json-output.ts";
import { parseOutput } from "../parsers/parse-output.ts";
import type { ProgramEnd } from "../processes/owned-processes.ts";
import type { OutputReader } from "./agent-program.ts";
import { withoutControls } from "./text-tail.ts";

const standardParsers: Readonly<Record<string, OutputParserConfig>> = { output: { type: "stdout_all" } };
const LONGEST_SUMMARY = 2_000;

/** Reads what a program of a routing file prints, as its `output_parsers` and `success` say. */
export function createConfigReader(config: HarnessConfig, { harness }: HarnessRun): OutputReader {
  const pieces: string[] = [];

  return {
    line: () => [],
    text(stream, text) {
      if (stream === "stdout") pieces.push(text);
    },
    async end(end, files): Promise<HarnessRunResult> {
      const stdout = pieces.join("");
      checkSuccess(config, { harness, stdout, end });
      const outputs: HarnessOutput[] = [];
      const parsers = config.output_parsers ?? standardParsers;
      let truncated = false;
      for (const [name, parser] of Object.entries(parsers)) {
        const parsed = await parseOutput(name, parser, { stdout, exitCode: end.exitCode, files });
        outputs.push(...parsed.outputs);
        truncated ||= parsed.truncated;
      }
      return {
        summary: summaryOf(
          harness,
          outputs.filter(({ name = "" }) => parsers[name]?.type !== "exit_code"),
        ),
        outputs: outputs.filter(({ name }) => name !== "summary"),
        ...(end.exitCode === undefined ? {} : { exitCode: end.exitCode }),
        ...(truncated ? { truncated } : {}),
      };
    },
  };
}

/** What the parser named `summary` found, or else the first words among the outputs. */
function summaryOf(harness: string, outputs: readonly HarnessOutput[]): string {
  const words =
    outputs.find(({ name }) => name === "summary") ??
    outputs.find(({ type }) => type === "text") ??
    outputs.find(({ type }) => type === "plan");
  const text = words !== undefined && "text" in words ? withoutControls(words.text).trim() : "";
  if (text !== "") return text.slice(-LONGEST_SUMMARY).toWellFormed();
  return outputs.some(({ type }) => type === "diff")
    ? `"${harness}" proposed changes, and said nothing else.`
    : `"${harness}" has ended, and said nothing.`;
}

/** Programs end with 0 although they have failed, so the configuration can say what else tells a success. */
function checkSuccess(
  { success = {} }: HarnessConfig,
  ended: { readonly harness: string; readonly stdout: string; readonly end: ProgramEnd },
): void {
  const { harness, stdout, end } = ended;
  const { exit_codes = [0], json_field, stdout_excludes } = success;
  const { exitCode, signal } = end;
  if (exitCode === undefined) throw failed(`was ended by the signal ${signal ?? "of another program"}`);
  if (!exit_codes.includes(exitCode)) throw failed(`ended with the exit code ${exitCode}`);
  if (json_field !== undefined) {
    const found = fieldAt(jsonIn(stdout), json_field.field);
    if (found !== json_field.equals) {
      const is = found === undefined ? "is missing" : `is ${excerpt(found)}`;
      throw failed(
        `says that it failed: "${json_field.field}" ${is}, not ${JSON.stringify(json_field.equals)}`,
      );
    }
  }
  if (stdout_excludes !== undefined && stdout.includes(stdout_excludes)) {
    throw failed(`says that it failed: it printed "${stdout_excludes}"`);
  }

  function failed(how: string): HarnessError {
    const details = {
      harness,
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(signal === undefined ? {} : { signal }),
    };
    return new HarnessError("ATLAS_HARNESS_FAILED", details, `"${harness}" ${how}.`);
  }
}

function excerpt(value: unknown): string {
  return (JSON.stringify(textOf(value)?.slice(0, 100)) ?? "nothing").toWellFormed();
}
