import { didYouMean } from "@atlas/core/internal";
import { z } from "zod";
import type { EventFilter } from "../contract/event-filter.ts";

/** Checks the options of a built-in plugin. A `TypeError` names the first wrong one, never its value, which may be a secret. */
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
      ? `${maker} takes one object with options.`
      : `${maker}: the option "${path}" ${issue?.message}.`,
  );
}

/** A text that is not empty; `must` is the end of the sentence that says what it must be. */
export function textOption(must: string): z.ZodString {
  return z.string(must).min(1, must);
}

/** A whole number from `min` to `max`. */
export function countOption({ min, max }: { readonly min: number; readonly max: number }): z.ZodInt {
  const must = `must be a whole number from ${min} to ${max}`;
  return z.int(must).min(min, must).max(max, must);
}

/** A list of texts, such as types of entities. */
export function textsOption(must: string): z.ZodReadonly<z.ZodArray<z.ZodString>> {
  return z.array(textOption(must), must).readonly();
}

/** A function, taken as it is. */
export function functionOption<Callback extends (...args: never[]) => unknown>(): z.ZodCustom<
  Callback,
  Callback
> {
  return z.custom<Callback>((value) => typeof value === "function", "must be a function");
}

const ON_MUST = "must be a list of event types such as job.*, or of filters";

/** A sink's `on`. The registry checks what its entries say, as it does for every sink. */
export const onOption: z.ZodReadonly<z.ZodArray<z.ZodCustom<string | EventFilter>>> = z
  .array(
    z.custom<string | EventFilter>(
      (value) => (typeof value === "string" ? value !== "" : typeof value === "object" && value !== null),
      ON_MUST,
    ),
    ON_MUST,
  )
  .readonly();

/** The id of a plugin. The registry checks which characters it has. */
export const idOption: z.ZodString = textOption("must be the plugin's id");
