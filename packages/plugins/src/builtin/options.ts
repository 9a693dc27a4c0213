import { didYouMean } from "@atlas/core/internal";
import { z } from "zod";

/**
 * Checks the options of a built-in plugin at the door; throws a `TypeError` that names the first wrong one. It never says
 * what a value was: it may be a secret.
 */
export function readOptions<Shape extends z.ZodRawShape>(
  maker: string,
  schema: z.ZodObject<Shape, z.core.$strict>,
  given: z.input<z.ZodObject<Shape, z.core.$strict>>,
): z.output<z.ZodObject<Shape, z.core.$strict>> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue?.code === "unrecognized_keys") {
    const [wrong = ""] = issue.keys;
    const known = Object.keys(schema.shape);
    throw new TypeError(
      `${maker} has no option "${wrong}".${didYouMean(wrong, known)} Its options are ${known.join(", ")}.`,
    );
  }
  const path = issue?.path.join(".") ?? "";
  throw new TypeError(
    path === ""
      ? `${maker} takes one object with its options.`
      : `${maker}: the option "${path}" ${issue?.message}.`,
  );
}

/** A text that is not empty; `must` says what it has to be. */
export function textOption(must: string): z.ZodString {
  return z.string(must).min(1, must);
}

/** A whole number within bounds. */
export function countOption({ min, max }: { readonly min: number; readonly max: number }): z.ZodInt {
  const must = `must be a whole number from ${min} to ${max}`;
  return z.int(must).min(min, must).max(max, must);
}

/** A list of texts, such as the types that a plugin looks at. */
export function textsOption(must: string): z.ZodReadonly<z.ZodArray<z.ZodString>> {
  return z.array(textOption(must), must).readonly();
}

/** A function, which is taken as it is. */
export function functionOption<Callback extends (...args: never[]) => unknown>(): z.ZodCustom<
  Callback,
  Callback
> {
  return z.custom<Callback>((value) => typeof value === "function", "must be a function");
}

/** The id of a plugin; the registry says what an id may be. */
export const idOption: z.ZodString = textOption("must be the plugin's id");
