import { z } from "zod";
import { didYouMean } from "../nearest.ts";
import { isPlaceholder, placeholders, templateParts } from "./placeholders.ts";
import { credentialsIn, valueLooksLikeKey } from "./secret-in-config.ts";

const milliseconds = z.int().min(1).max(3_600_000);
const marker = z.string().min(1).max(1_000);
const argument = z
  .string()
  .max(100_000)
  .refine((text) => !text.includes("\0"), "expected a text without NUL characters")
  .superRefine((text, context) => {
    for (const part of templateParts(text)) {
      if (part.type === "text" || isPlaceholder(part.name)) continue;
      const known = placeholders.map((name) => `{${name}}`);
      const hint = didYouMean(`{${part.name}}`, known) || ` The placeholders are ${known.join(" ")}.`;
      context.addIssue({
        code: "custom",
        message: `there is no placeholder "{${part.name}}".${hint} Write "{{${part.name}}}" for the text itself`,
      });
    }
  });

/** A path such as `result.text`, `items[0].x` or `[-1].result`. */
const field = z
  .string()
  .max(500)
  .regex(
    /^(?:[^.[\]]+|\[-?\d{1,9}\])(?:\.[^.[\]]+|\[-?\d{1,9}\])*$/,
    "expected the path of a field, such as result.text or items[0].x",
  );
const fieldValue = z.union([z.string().max(1_000), z.number(), z.boolean(), z.null()]);
const condition = z.strictObject({ field, equals: fieldValue });

const parsers = {
  stdout_all: z
    .strictObject({ type: z.literal("stdout_all") })
    .describe("All that the program prints to standard output."),
  stdout_section: z
    .strictObject({
      type: z.literal("stdout_section"),
      start_marker: marker,
      end_marker: marker.optional().describe("Default: the end of the output."),
      take: z.enum(["first", "last"]).optional().describe("Which of several sections. Default: last."),
    })
    .describe("The text between two markers on standard output."),
  json_field: z
    .strictObject({ type: z.literal("json_field"), field })
    .describe(
      "A field of the JSON on standard output: of the whole output, or of its last line that is JSON.",
    ),
  json_lines: z
    .strictObject({
      type: z.literal("json_lines"),
      field,
      where: z
        .union([condition, z.array(condition).max(10)])
        .optional()
        .describe("Which lines. Default: all."),
      take: z.enum(["last", "all"]).optional().describe("Default: last."),
    })
    .describe("A field of the lines on standard output that are JSON."),
  unified_diff: z
    .strictObject({ type: z.literal("unified_diff") })
    .describe("The differences on standard output, without the prose around them."),
  file_glob: z
    .strictObject({
      type: z.literal("file_glob"),
      pattern: z
        .string()
        .min(1)
        .max(1_000)
        .refine(
          (pattern) => !/^[/\\]|^[A-Za-z]:|\0/.test(pattern) && !pattern.split(/[/\\]/).includes(".."),
          'expected a pattern below the working folder: without a leading "/" and without ".."',
        ),
    })
    .describe("Files of the working folder: at most 100, and 1 MiB of each."),
  exit_code: z.strictObject({ type: z.literal("exit_code") }).describe("The exit code of the program."),
};

/** The types of output parsers. */
export const outputParserTypes = Object.keys(parsers);

const outputParser = z.discriminatedUnion("type", [
  parsers.stdout_all,
  parsers.stdout_section,
  parsers.json_field,
  parsers.json_lines,
  parsers.unified_diff,
  parsers.file_glob,
  parsers.exit_code,
]);

const variable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,199}$/, "expected the name of an environment variable");
const fixedValue = z
  .string()
  .max(10_000)
  .refine((value) => !value.includes("\0"), "expected a text without NUL characters")
  .refine((value) => !valueLooksLikeKey(value) && credentialsIn(value) === undefined, {
    error:
      "this looks like a key. Put it into an environment variable of the gateway, write true here to pass that variable on, and replace the key if others could read the file",
  });

const modeOptions = z.strictObject({
  session_mode: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('The agent\'s own name of the mode, with "protocol": "acp". Default: the agent\'s default.'),
  args: z
    .array(argument)
    .max(100)
    .optional()
    .describe(
      'Further arguments in this mode. They come before the first "--", or at the end. Default: none.',
    ),
});
const modes = {
  plan: modeOptions.optional(),
  propose: modeOptions.optional(),
  apply: modeOptions.optional(),
};

const success = z.strictObject({
  exit_codes: z
    .array(z.int().min(0).max(255))
    .min(1)
    .max(50)
    .optional()
    .describe("Exit codes of a program that has succeeded. Default: [0]."),
  json_field: condition
    .optional()
    .describe("A field of the JSON on standard output, and the value that it has after a success."),
  stdout_excludes: marker.optional().describe("A text that standard output holds only after a failure."),
});

const programOptions = ["output_parsers", "idle_timeout_ms", "stdin", "success", "version_args"] as const;

const fields = z.strictObject({
  protocol: z
    .enum(["acp"])
    .optional()
    .describe(
      "acp: the program speaks the Agent Client Protocol over its standard streams. Needs the package @agentclientprotocol/sdk. Default: it works on one goal and ends.",
    ),
  command: z
    .string()
    .min(1)
    .max(1_000)
    .describe(
      "The name of a program that is looked up in PATH, or its absolute path. It is never run by a shell.",
    ),
  args_template: z
    .array(argument)
    .max(200)
    .optional()
    .describe(
      "The arguments. {goal} {cwd} {mode} {profile} {model} {prompt_file} {context_paths} {session_id} are replaced. Default: none.",
    ),
  output_parsers: z
    .record(z.string().min(1).max(100), outputParser)
    .optional()
    .describe(
      "What is taken from the output. The name of a parser is the type of what it finds: diff, plan, text or command_log. summary becomes the summary, and any other name a text of that name. Default: all output, as text.",
    ),
  timeout_ms: milliseconds.optional().describe("Time for one run. Default: 180000."),
  idle_timeout_ms: milliseconds
    .optional()
    .describe("The longest pause in which the program prints nothing. Default: no limit."),
  stdin: z
    .enum(["goal", "none"])
    .optional()
    .describe("What the program reads from standard input, which is always closed. Default: none."),
  success: success.optional().describe("When a run has succeeded. Default: with the exit code 0."),
  modes: z
    .union([
      z
        .array(z.enum(["plan", "propose", "apply"]))
        .min(1)
        .max(3),
      z.strictObject(modes).refine((given) => Object.keys(given).length > 0, "expected at least one mode"),
    ])
    .optional()
    .describe(
      "The modes that the program can be run in, as a list or with options for each. Default: all three.",
    ),
  env: z
    .union([z.array(variable).max(100), z.record(variable, z.union([fixedValue, z.literal(true)]))])
    .optional()
    .describe(
      "Environment variables of the program: a list of names that are passed on from the gateway, or an object with fixed values, in which true passes the gateway's value on. Default: none but those that every agent gets.",
    ),
  version_args: z
    .array(z.string().max(1_000))
    .min(1)
    .max(10)
    .optional()
    .describe(
      "Arguments with which the program prints its version, such as --version. Default: it is not asked.",
    ),
});

/** One entry of `harnesses`. */
export const harness = fields.superRefine((given, context) => {
  const modeEntries =
    given.modes === undefined || Array.isArray(given.modes) ? [] : Object.entries(given.modes);
  const refuse = (path: readonly (string | number)[], message: string): void =>
    context.addIssue({ code: "custom", path: [...path], message });
  if (given.protocol === undefined) {
    for (const [mode, options] of modeEntries) {
      if (options?.session_mode === undefined) continue;
      refuse(["modes", mode, "session_mode"], 'has an effect only with "protocol": "acp"');
    }
    return;
  }
  for (const name of programOptions) {
    if (given[name] !== undefined) refuse([name], 'has no effect with "protocol": "acp". Remove it');
  }
  for (const [mode, options] of modeEntries) {
    if (options?.args === undefined) continue;
    refuse(["modes", mode, "args"], 'has no effect with "protocol": "acp", which has session_mode');
  }
  for (const [index, argument] of (given.args_template ?? []).entries()) {
    if (templateParts(argument).every(({ type }) => type === "text")) continue;
    refuse(
      ["args_template", index],
      'cannot hold a placeholder with "protocol": "acp", which passes the goal on itself',
    );
  }
});

/** The names of all options of `harnesses`. */
export const harnessKeys: readonly string[] = [
  ...new Set([
    ...Object.keys(fields.shape),
    ...Object.values(parsers).flatMap((parser) => Object.keys(parser.shape)),
    ...Object.keys(condition.shape),
    ...Object.keys(success.shape),
    ...Object.keys(modes),
    ...Object.keys(modeOptions.shape),
  ]),
];
