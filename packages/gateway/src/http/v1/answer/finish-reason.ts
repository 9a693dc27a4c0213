import type { FinishReason } from "../sdk-types.ts";

/** Why a chat completion ended. Clients run tools only where it says so. */
export function chatFinishReason(reason: FinishReason, callsTools: boolean) {
  if (reason === "length") return "length";
  if (reason === "content-filter") return "content_filter";
  return callsTools ? "tool_calls" : "stop";
}

/** Why a response is not whole; nothing where it is. */
export function incompleteReason(reason: FinishReason): "max_output_tokens" | "content_filter" | undefined {
  if (reason === "length") return "max_output_tokens";
  return reason === "content-filter" ? "content_filter" : undefined;
}
