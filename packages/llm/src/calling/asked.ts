import type { LLMOptions } from "../contract/runtime.ts";
import { wrongCall } from "./wrong-call.ts";

/** Returns the text of a call. Throws a `TypeError` unless exactly one of `prompt` and `messages` is set. */
export function askedText({ prompt, messages }: LLMOptions): string {
  if (prompt !== undefined && messages !== undefined) {
    throw wrongCall("generateText got both `prompt` and `messages`. Set only one of them.");
  }
  if (prompt !== undefined) return textIn(prompt, "prompt");
  if (messages === undefined)
    throw wrongCall("generateText got neither `prompt` nor `messages`. Set one of them.");
  if (messages.length === 0)
    throw wrongCall("generateText got an empty list of `messages`. Add at least one message.");
  return messages.map(({ content }, index) => textIn(content, `messages[${index}].content`)).join("\n");
}

function textIn(value: unknown, place: string): string {
  if (typeof value === "string") return value;
  throw wrongCall(
    `generateText expected a string as ${place}, but got ${value === null ? "null" : typeof value}.`,
  );
}
