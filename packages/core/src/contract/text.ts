import { z } from "zod";

/** A schema for a short text: 1 to `maxBytes` bytes of UTF-8. */
export function shortText({ maxBytes }: { readonly maxBytes: number }): z.ZodString {
  return z.string().check((context) => {
    const problem = textProblem(context.value, { maxBytes });
    if (problem !== undefined) {
      context.issues.push({ code: "custom", message: problem, input: context.value });
    }
  });
}

/** Why `value` is not such a text; nothing if it is. */
export function textProblem(value: string, { maxBytes }: { readonly maxBytes: number }): string | undefined {
  if (value.length === 0) return "must not be empty";
  // UTF-8 cannot carry it: two different texts would be stored as the same one.
  if (!value.isWellFormed()) return "holds half a surrogate pair; call toWellFormed() first";
  if (value.length * 3 > maxBytes) {
    const bytes = Buffer.byteLength(value);
    if (bytes > maxBytes) return `is ${bytes} bytes long; at most ${maxBytes} are allowed`;
  }
  return undefined;
}
