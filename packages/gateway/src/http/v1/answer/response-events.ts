import type { OpenAIErrorBody } from "../openai-error.ts";
import type { ResponsesRequest } from "../request/responses-request.ts";
import type { StreamPart } from "../sdk-types.ts";
import type { AnswerFrame } from "./frame.ts";
import {
  callItem,
  itemId,
  messageItem,
  type OutputItem,
  outputText,
  type ResponseState,
  reasoningItem,
  responseObject,
} from "./response-object.ts";

/** One event of a streamed response. */
export interface ResponseEvent {
  readonly type: string;
  readonly sequence_number: number;
  readonly [field: string]: unknown;
}

/** Turns the parts of a stream into the events of a response. */
export interface ResponseEvents {
  begin(): readonly ResponseEvent[];
  part(part: StreamPart): readonly ResponseEvent[];
  /** The end of a response that broke off. Nothing follows it. */
  failed(error: OpenAIErrorBody): readonly ResponseEvent[];
}

interface OpenItem {
  readonly type: "text" | "reasoning" | "tool-call";
  readonly id: string;
  readonly index: number;
  readonly call_id: string;
  readonly name: string;
  text: string;
}

/** Creates the events of one response. */
export function createResponseEvents(request: ResponsesRequest, frame: AnswerFrame): ResponseEvents {
  // By the ids of the stream, which one kind of part does not share with another.
  const open = new Map<string, OpenItem>();
  // By their places; one that has not ended yet is missing.
  const output: OutputItem[] = [];
  let items = 0;
  let sequence = 0;

  const event = (type: string, fields: object): ResponseEvent => {
    const made = { type, sequence_number: sequence, ...fields };
    sequence += 1;
    return made;
  };
  const response = (state: ResponseState) => ({
    response: responseObject(request, { frame, output: output.filter(Boolean), state }),
  });

  return {
    begin: () => [
      event("response.created", response({ status: "in_progress" })),
      event("response.in_progress", response({ status: "in_progress" })),
    ],
    part(part) {
      switch (part.type) {
        case "text-start":
          return start("text", part.id);
        case "text-delta":
          return grow(`text:${part.id}`, part.delta);
        case "text-end":
          return close(`text:${part.id}`);
        case "reasoning-start":
          return start("reasoning", part.id);
        case "reasoning-delta":
          return grow(`reasoning:${part.id}`, part.delta);
        case "reasoning-end":
          return close(`reasoning:${part.id}`);
        case "tool-input-start":
          return part.providerExecuted === true ? [] : start("tool-call", part.id, part.toolName);
        case "tool-input-delta":
          return grow(`tool-call:${part.id}`, part.delta);
        case "tool-call":
          return part.providerExecuted === true ? [] : called(part.toolCallId, part.toolName, part.input);
        case "finish": {
          const last = [...open.keys()].flatMap(close);
          const { unified: finish } = part.finishReason;
          const ended = response({ status: "ended", finish, usage: part.usage });
          return [...last, event(`response.${ended.response.status}`, ended)];
        }
        default:
          return [];
      }
    },
    failed: ({ code, message, param }) => [
      event("response.failed", response({ status: "failed", error: { code, message } })),
      event("error", { code, message, param }),
    ],
  };

  function start(type: OpenItem["type"], key: string, name = ""): readonly ResponseEvent[] {
    const index = items;
    items += 1;
    const item: OpenItem = { type, id: itemId(type, frame, index), index, call_id: key, name, text: "" };
    open.set(`${type}:${key}`, item);
    const added = event("response.output_item.added", {
      output_index: index,
      item: shown(item, "in_progress"),
    });
    const at = placeOf(item);
    switch (type) {
      case "text":
        return [added, event("response.content_part.added", { ...at, part: outputText("") })];
      case "reasoning":
        return [
          added,
          event("response.reasoning_summary_part.added", { ...at, part: { type: "summary_text", text: "" } }),
        ];
      case "tool-call":
        return [added];
      default:
        return type satisfies never;
    }
  }

  function grow(key: string, delta: string): readonly ResponseEvent[] {
    const item = open.get(key);
    if (item === undefined || delta === "") return [];
    item.text += delta;
    return [event(DELTAS[item.type], { ...placeOf(item), delta })];
  }

  function called(id: string, name: string, input: string): readonly ResponseEvent[] {
    const key = `tool-call:${id}`;
    const begun = open.has(key) ? [] : start("tool-call", id, name);
    // Some services give the input as a whole.
    const rest = open.get(key)?.text === "" ? grow(key, input) : [];
    return [...begun, ...rest, ...close(key)];
  }

  function close(key: string): readonly ResponseEvent[] {
    const item = open.get(key);
    if (item === undefined) return [];
    open.delete(key);
    const done = shown(item, "completed");
    output[item.index] = done;
    return [...lastOf(item), event("response.output_item.done", { output_index: item.index, item: done })];
  }

  /** What says the whole of an item before the item itself does. Events get their numbers here, so they are made in their order. */
  function lastOf(item: OpenItem): readonly ResponseEvent[] {
    const { text } = item;
    const at = placeOf(item);
    switch (item.type) {
      case "text":
        return [
          event("response.output_text.done", { ...at, text }),
          event("response.content_part.done", { ...at, part: outputText(text) }),
        ];
      case "reasoning":
        return [
          event("response.reasoning_summary_text.done", { ...at, text }),
          event("response.reasoning_summary_part.done", { ...at, part: { type: "summary_text", text } }),
        ];
      case "tool-call":
        return [event("response.function_call_arguments.done", { ...at, name: item.name, arguments: text })];
      default:
        return item.type satisfies never;
    }
  }
}

const DELTAS = {
  text: "response.output_text.delta",
  reasoning: "response.reasoning_summary_text.delta",
  "tool-call": "response.function_call_arguments.delta",
} as const;

function placeOf({ type, id, index }: OpenItem): object {
  const at = { item_id: id, output_index: index };
  if (type === "text") return { ...at, content_index: 0 };
  return type === "reasoning" ? { ...at, summary_index: 0 } : at;
}

function shown({ type, id, text, call_id, name }: OpenItem, status: "in_progress" | "completed"): OutputItem {
  if (type === "tool-call") return callItem(id, { call_id, name, arguments: text }, status);
  if (type === "reasoning") return reasoningItem(id, text);
  if (status === "in_progress") return { type: "message", id, status, role: "assistant", content: [] };
  return messageItem(id, text, status);
}
