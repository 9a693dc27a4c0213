import type { LanguageModelV4Prompt } from "@ai-sdk/provider";
import type { LLMOptions } from "../contract/runtime.ts";

/** Translates a call into a prompt of the AI SDK. */
export function promptOf({ system, prompt, messages = [] }: LLMOptions): LanguageModelV4Prompt {
  return [
    ...(system === undefined ? [] : [{ role: "system" as const, content: system }]),
    ...messages.map(({ role, content }) => ({ role, content: [{ type: "text" as const, text: content }] })),
    ...(prompt === undefined
      ? []
      : [{ role: "user" as const, content: [{ type: "text" as const, text: prompt }] }]),
  ];
}
