/** How an answer ended. `cut_off`: it was interrupted before its end. */
export type FinishedAs = "stop" | "length" | "filtered" | "tool_calls" | "cut_off";

/** The words of the AI SDK. Its `other` only says that the service used another word, which is the raw one. */
const unifiedReasons: ReadonlyMap<string, FinishedAs> = new Map<string, FinishedAs>([
  ["stop", "stop"],
  ["length", "length"],
  ["content-filter", "filtered"],
  ["tool-calls", "tool_calls"],
  ["error", "cut_off"],
]);

/** The words of services that the AI SDK passes on as `other`. The first row that matches counts. */
const rawReasons: readonly (readonly [reason: RegExp, as: FinishedAs])[] = [
  // docs.mistral.ai (model_length); Bedrock and Cohere.
  [/^(model_length|max_(output_)?tokens|length|error_limit|model_context_window_exceeded)$/i, "length"],
  // Bedrock (guardrail_intervened, content_filtered), Cohere (ERROR_TOXIC), Zhipu (sensitive), Gemini (IMAGE_SAFETY, …).
  [
    /guardrail|filter|toxic|^sensitive$|safety|refus|recitation|blocklist|prohibited|^spii$|moderat/i,
    "filtered",
  ],
  // api-docs.deepseek.com (insufficient_system_resource); openrouter.ai (error); vLLM and SGLang (abort); Zhipu (network_error).
  [/error|abort|cancel|interrupt|fail|insufficient_system_resource|timeout/i, "cut_off"],
  // ai.google.dev: OTHER, FINISH_REASON_UNSPECIFIED, LANGUAGE, MALFORMED_RESPONSE, UNEXPECTED_TOOL_CALL, … Ollama: load, unload.
  [
    /^(other|finish_reason_unspecified|language|malformed_\w+|unexpected_tool_call|too_many_tool_calls|missing_thought_signature|no_image|image_other|load|unload)$/i,
    "cut_off",
  ],
];

/** Reads why an answer ended, in any version of the AI SDK specification. */
export function finishedAs(
  reason: string | { readonly unified: string; readonly raw?: string | undefined } | undefined,
): FinishedAs {
  const [unified = "", raw] = typeof reason === "object" ? [reason.unified, reason.raw] : [reason];
  const known = unifiedReasons.get(unified);
  if (known !== undefined) return known;
  if (unified !== "other" || raw === undefined) return "cut_off";
  // A word that no row knows is a regular end, such as the `eos` of a server of one's own.
  return rawReasons.find(([word]) => word.test(raw))?.[1] ?? "stop";
}
