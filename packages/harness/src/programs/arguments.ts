import { type Placeholder, templateParts } from "@atlas/routing/internal";
import { HarnessError } from "../contract/errors.ts";

/** What stands in for each placeholder. One without a value is left out, together with its option. */
export type ArgumentValues = Readonly<Partial<Record<Exclude<Placeholder, "context_paths">, string>>> & {
  readonly context_paths?: readonly string[];
};

/**
 * Fills in the arguments of a program, each of which stays one argument: no shell sees them, and what a value holds is never replaced
 * again.
 *
 * - An argument with a placeholder that has no value is left out, together with the option before it: `["--model", "{model}"]`.
 * - An argument with `{context_paths}` is repeated for each path, together with the option before it: `["--file", "{context_paths}"]`.
 * - An argument that would begin with `-` only because of a value is refused, unless a `--` comes before it. Write `--opt={goal}`.
 *
 * Throws `ATLAS_HARNESS_INPUT_REFUSED`.
 */
export function fillArguments(
  template: readonly string[],
  values: ArgumentValues,
  harness: string,
): readonly string[] {
  const filled: string[] = [];
  let isAfterOptions = false;
  for (const [index, argument] of template.entries()) {
    const parts = templateParts(argument);
    const names = parts.flatMap((part) => (part.type === "placeholder" ? [part.name] : []));
    if (names.length === 0) {
      if (argument === "--") isAfterOptions = true;
      filled.push(parts.map((part) => (part.type === "text" ? part.text : "")).join(""));
      continue;
    }
    const before = index > 0 && parts.length === 1 ? template[index - 1] : undefined;
    const option = before !== undefined && isOption(before) ? [filled.pop() ?? ""] : [];
    for (const one of eachPath(values, names)) {
      if (names.some((name) => textFor(one, name) === undefined)) continue;
      const text = parts
        .map((part) => (part.type === "text" ? part.text : (textFor(one, part.name) ?? "")))
        .join("");
      if (text.startsWith("-") && !argument.startsWith("-") && !isAfterOptions)
        throw optionLike(harness, argument);
      if (text.includes("\0")) throw withNul(harness, names);
      filled.push(...option, text);
    }
  }
  return filled;
}

/** The values for each copy of an argument: one for each path where it holds the paths, otherwise one. */
function eachPath(
  values: ArgumentValues,
  names: readonly string[],
): readonly Readonly<Record<string, unknown>>[] {
  if (!names.includes("context_paths")) return [values];
  return (values.context_paths ?? []).map((path) => ({ ...values, context_paths: path }));
}

function textFor(values: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  return typeof value === "string" ? value : undefined;
}

/** A fixed argument such as `--model`, which the next argument belongs to. */
function isOption(argument: string): boolean {
  return (
    argument.startsWith("-") &&
    argument !== "--" &&
    argument !== "-" &&
    !argument.includes("=") &&
    !/\{\w/.test(argument)
  );
}

function optionLike(harness: string, argument: string): HarnessError {
  return new HarnessError(
    "ATLAS_HARNESS_INPUT_REFUSED",
    { harness, input: argument },
    `The value of "${argument}" begins with "-", so "${harness}" would take it for an option. Put "--" before "${argument}" in its args_template, write "--option=${argument}", or change the value.`,
  );
}

function withNul(harness: string, names: readonly string[]): HarnessError {
  const input = names.join(", ");
  return new HarnessError(
    "ATLAS_HARNESS_INPUT_REFUSED",
    { harness, input },
    `The value of "${input}" for "${harness}" holds a NUL character, which no argument can hold. Remove it.`,
  );
}
