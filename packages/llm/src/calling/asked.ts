import type { LLMOptions } from "../contract/runtime.ts";

/** The text that a call asks about. Throws a `TypeError` where it asks nothing, or twice. */
export function askedText({ prompt, messages }: LLMOptions): string {
  if (prompt !== undefined && messages !== undefined) {
    throw new TypeError("generateText takes a prompt or messages, not both.");
  }
  if (prompt !== undefined) return textIn(prompt, "prompt");
  if (messages === undefined) throw new TypeError("generateText needs a prompt or messages.");
  if (messages.length === 0) throw new TypeError("generateText needs at least one message.");
  return messages.map(({ content }, index) => textIn(content, `messages[${index}].content`)).join("\n");
}

function textIn(value: unknown, place: string): string {
  if (typeof value === "string") return value;
  throw new TypeError(
    `generateText needs a text as ${place}, and got ${value === null ? "null" : typeof value}.`,
  );
}
