import { idText } from "@atlas/core";
import { messageOf } from "../calling/failure.ts";
import { handled } from "../calling/handled.ts";

/** A key, or why there is none. */
export type ReadKey = { readonly key: string } | { readonly reason: string; readonly cause?: unknown };

/** Asks a function of a workflow for the key of an input: a text of 1 to 255 bytes. Never throws. */
export function readKey<Input>(keyOf: (input: Input) => unknown, input: Input): ReadKey {
  let key: unknown;
  try {
    key = keyOf(input);
  } catch (cause) {
    return { reason: `it threw "${messageOf(cause)}"`, cause };
  }
  // Nobody awaits it, so its failure would end the process.
  if (key instanceof Promise) void handled(key);
  const read = idText.safeParse(key);
  if (read.success) return { key: read.data };
  return {
    reason:
      typeof key === "string" ? `its text ${read.error.issues[0]?.message}` : `it returned ${kindOf(key)}`,
  };
}

function kindOf(value: unknown): string {
  if (value instanceof Promise) return "a promise";
  return value === null ? "null" : typeof value;
}
