import type { LanguageModelV4Prompt } from "@ai-sdk/provider";
import type { LLMMessage } from "../contract/runtime.ts";

/** What users and models have said in a prompt, without files, tools and reasoning. */
export function promptTexts(prompt: LanguageModelV4Prompt): readonly LLMMessage[] {
  return prompt.flatMap((message) => {
    if (message.role !== "user" && message.role !== "assistant") return [];
    const content = message.content.map((part) => (part.type === "text" ? part.text : "")).join("");
    return [{ role: message.role, content }];
  });
}
