import type { LanguageModelV4Content, LanguageModelV4StreamPart } from "@ai-sdk/provider";

/** Tells whether an answer says anything: a text, a call of a tool, a file, or anything else that is not empty. */
export function hasContent(content: readonly LanguageModelV4Content[]): boolean {
  return content.some((part) =>
    part.type === "text" || part.type === "reasoning" ? part.text !== "" : true,
  );
}

/** The text of an answer. */
export function textIn(content: readonly LanguageModelV4Content[]): string {
  return content.map((part) => (part.type === "text" ? part.text : "")).join("");
}

/** Tells whether a reader who has seen this part has seen a part of the answer. */
export function isContent(part: LanguageModelV4StreamPart): boolean {
  switch (part.type) {
    case "text-delta":
    case "reasoning-delta":
    case "tool-input-delta":
      return part.delta !== "";
    case "stream-start":
    case "response-metadata":
    case "raw":
    case "ping":
    case "text-start":
    case "text-end":
    case "reasoning-start":
    case "reasoning-end":
    case "tool-input-start":
    case "tool-input-end":
    case "finish":
    case "error":
      return false;
    default:
      return true;
  }
}
