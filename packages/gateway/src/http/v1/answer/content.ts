import type { ContentPart } from "../sdk-types.ts";

type ToolCall = Extract<ContentPart, { type: "tool-call" }>;

/** The texts of one kind, as one text. */
export function joinedText(content: readonly ContentPart[], type: "text" | "reasoning"): string {
  return content.map((part) => (part.type === type ? part.text : "")).join("");
}

/** The tools that the caller is to run. Those that the service has run itself are no business of the caller. */
export function callsOf(content: readonly ContentPart[]): readonly ToolCall[] {
  return content.filter(
    (part): part is ToolCall => part.type === "tool-call" && part.providerExecuted !== true,
  );
}

/** The kinds of content that have no place in an answer, such as `file` or `source`. */
export function omittedKinds(content: readonly ContentPart[]): readonly string[] {
  const omitted = content.filter((part) => {
    if (part.type === "tool-call") return part.providerExecuted === true;
    return part.type !== "text" && part.type !== "reasoning";
  });
  return [...new Set(omitted.map(({ type }) => type))];
}
