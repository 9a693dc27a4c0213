import type { ResponsesRequest } from "../request/responses-request.ts";
import type { ContentPart, FinishReason, GenerateResult, Usage } from "../sdk-types.ts";
import { callsOf } from "./content.ts";
import { incompleteReason } from "./finish-reason.ts";
import type { AnswerFrame } from "./frame.ts";
import { responsesUsage } from "./usage.ts";

/** One entry of a response's `output`. */
export type OutputItem =
  | {
      readonly type: "message";
      readonly id: string;
      readonly status: ItemStatus;
      readonly role: "assistant";
      readonly content: readonly OutputText[];
    }
  | {
      readonly type: "function_call";
      readonly id: string;
      readonly status: ItemStatus;
      readonly call_id: string;
      readonly name: string;
      readonly arguments: string;
    }
  | { readonly type: "reasoning"; readonly id: string; readonly summary: readonly SummaryText[] };

type ItemStatus = "in_progress" | "completed" | "incomplete";
interface OutputText {
  readonly type: "output_text";
  readonly text: string;
  readonly annotations: readonly never[];
}
interface SummaryText {
  readonly type: "summary_text";
  readonly text: string;
}

/** How far a response is. */
export type ResponseState =
  | { readonly status: "in_progress" }
  | { readonly status: "ended"; readonly finish: FinishReason; readonly usage: Usage }
  | { readonly status: "failed"; readonly error: { readonly code: string; readonly message: string } };

/** A response with what it was asked for, as clients expect it in every event. */
export function responseObject(
  request: ResponsesRequest,
  {
    frame,
    output,
    state,
  }: { readonly frame: AnswerFrame; readonly output: readonly OutputItem[]; readonly state: ResponseState },
) {
  const { requestId, model, created } = frame;
  const reason = state.status === "ended" ? incompleteReason(state.finish) : undefined;
  const status =
    state.status === "ended" ? (reason === undefined ? "completed" : "incomplete") : state.status;
  return {
    id: `resp_${requestId}`,
    object: "response",
    created_at: created,
    status,
    error: state.status === "failed" ? state.error : null,
    incomplete_details: reason === undefined ? null : { reason },
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    metadata: {},
    model,
    output,
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: null,
    reasoning: { effort: request.reasoning?.effort ?? null, summary: null },
    store: false,
    temperature: request.temperature ?? null,
    text: { format: request.text?.format ?? { type: "text" } },
    tool_choice: request.tool_choice ?? "auto",
    tools: request.tools ?? [],
    top_p: request.top_p ?? null,
    truncation: "disabled",
    usage: state.status === "ended" ? responsesUsage(state.usage) : null,
  };
}

/** A whole answer as a response. */
export function responseOf(
  { content, finishReason, usage }: GenerateResult,
  request: ResponsesRequest,
  frame: AnswerFrame,
) {
  const kept = new Set<ContentPart>(callsOf(content));
  const status = incompleteReason(finishReason.unified) === undefined ? "completed" : "incomplete";
  const output = content.flatMap((part, index): OutputItem[] => {
    const id = itemId(part.type, frame, index);
    if (part.type === "text") return [messageItem(id, part.text, status)];
    if (part.type === "reasoning") return part.text === "" ? [] : [reasoningItem(id, part.text)];
    if (part.type === "tool-call" && kept.has(part))
      return [callItem(id, { call_id: part.toolCallId, name: part.toolName, arguments: part.input }, status)];
    return [];
  });
  return responseObject(request, {
    frame,
    output,
    state: { status: "ended", finish: finishReason.unified, usage },
  });
}

const PREFIXES: Readonly<Record<string, string>> = { text: "msg", reasoning: "rs", "tool-call": "fc" };

/** The id of an item: its kind, its request and its place. */
export function itemId(type: string, { requestId }: AnswerFrame, index: number): string {
  return `${PREFIXES[type] ?? "item"}_${requestId}_${index}`;
}

export function messageItem(id: string, text: string, status: ItemStatus): OutputItem {
  const content = [outputText(text)];
  return { type: "message", id, status, role: "assistant", content };
}

export function outputText(text: string): OutputText {
  return { type: "output_text", text, annotations: [] };
}

export function callItem(
  id: string,
  call: { readonly call_id: string; readonly name: string; readonly arguments: string },
  status: ItemStatus,
): OutputItem {
  return { type: "function_call", id, status, ...call };
}

export function reasoningItem(id: string, text: string): OutputItem {
  return { type: "reasoning", id, summary: text === "" ? [] : [{ type: "summary_text", text }] };
}
