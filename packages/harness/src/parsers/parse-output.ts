import type { OutputParserConfig } from "@atlas/routing";
import type { HarnessOutput } from "../contract/output.ts";
import type { WorkspaceFiles } from "../programs/agent-program.ts";
import { diffIn } from "./diff-in-text.ts";
import { fieldAt, textOf } from "./field-path.ts";
import { jsonIn, jsonLinesIn } from "./json-output.ts";
import { sectionIn } from "./section.ts";

/** All that a program has left behind. */
export interface FinishedOutput {
  readonly stdout: string;
  readonly exitCode: number | undefined;
  readonly files: WorkspaceFiles;
}

/** What a parser found. */
export interface ParsedOutput {
  readonly outputs: readonly HarnessOutput[];
  /** A limit cut what it found. */
  readonly truncated: boolean;
}

/** Runs one output parser. Its name decides the type of what it finds. */
export async function parseOutput(
  name: string,
  parser: OutputParserConfig,
  output: FinishedOutput,
): Promise<ParsedOutput> {
  if (parser.type !== "file_glob")
    return { outputs: outputsOf(name, textsOf(parser, output)), truncated: false };
  const { files, truncated } = await output.files.match(parser.pattern);
  const isCut = truncated || files.some((file) => file.truncated);
  if (hasOwnType(name)) {
    const texts = files.map(({ content }) => content);
    return { outputs: outputsOf(name, texts), truncated: isCut };
  }
  const outputs = files.map(
    ({ path, content, truncated: cut }): HarnessOutput => ({
      type: "file",
      path,
      content,
      ...(cut ? { truncated: true } : {}),
      name,
    }),
  );
  return { outputs, truncated: isCut };
}

function textsOf(
  parser: Exclude<OutputParserConfig, { readonly type: "file_glob" }>,
  { stdout, exitCode }: FinishedOutput,
): readonly string[] {
  switch (parser.type) {
    case "stdout_all":
      return [stdout];
    case "stdout_section":
      return given(
        sectionIn(stdout, {
          start: parser.start_marker,
          end: parser.end_marker,
          take: parser.take ?? "last",
        }),
      );
    case "json_field":
      return given(textOf(fieldAt(jsonIn(stdout), parser.field)));
    case "json_lines": {
      const conditions = parser.where === undefined ? [] : [parser.where].flat();
      const found = jsonLinesIn(stdout)
        .filter((line) => conditions.every(({ field, equals }) => fieldAt(line, field) === equals))
        .flatMap((line) => given(textOf(fieldAt(line, parser.field))));
      return parser.take === "all" ? found : found.slice(-1);
    }
    case "unified_diff":
      return [diffIn(stdout)];
    case "exit_code":
      return given(textOf(exitCode));
    default:
      return parser satisfies never;
  }
}

function given(text: string | undefined): readonly string[] {
  return text === undefined ? [] : [text];
}

function hasOwnType(name: string): boolean {
  return ["diff", "plan", "text", "summary", "command_log"].includes(name);
}

function outputsOf(name: string, texts: readonly string[]): readonly HarnessOutput[] {
  const found = texts.filter((text) => text.trim() !== "");
  if (found.length === 0) return [];
  switch (name) {
    case "diff": {
      // Without it, git takes the last line for one of a broken patch.
      const whole = found.map((text) => (text.endsWith("\n") ? text : `${text}\n`));
      return [{ type: "diff", diff: whole.join(""), source: "agent", name }];
    }
    case "plan":
      return [{ type: "plan", text: found.join("\n"), name }];
    case "command_log": {
      const commands = found.flatMap((text) => text.split(/\r?\n/)).filter((line) => line.trim() !== "");
      return [{ type: "command_log", commands: commands.map((command) => ({ command })), name }];
    }
    default:
      return [{ type: "text", text: found.join("\n"), name }];
  }
}
