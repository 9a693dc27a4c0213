import type { StreamPart } from "../sdk-types.ts";
import { chatFinishReason } from "./finish-reason.ts";
import type { AnswerFrame } from "./frame.ts";
import { chatUsage } from "./usage.ts";

/** Turns the parts of a stream into chunks of a chat completion, each as soon as it can. */
export type Chunker = (part: StreamPart) => readonly object[];

interface OpenCall {
  readonly index: number;
  hasInput: boolean;
}

/** Creates the chunks of one answer. `includeUsage` adds one with the tokens at the end, as `stream_options` asks for. */
export function createChunker(frame: AnswerFrame, includeUsage: boolean): Chunker {
  const { requestId, model, created } = frame;
  const calls = new Map<string, OpenCall>();
  let hasBegun = false;

  const chunk = (choices: readonly object[], usage?: object | null) => ({
    id: `chatcmpl-${requestId}`,
    object: "chat.completion.chunk",
    created,
    model,
    choices,
    ...(includeUsage ? { usage: usage ?? null } : {}),
  });
  const delta = (content: object, finish_reason: string | null = null): object => {
    const opening = hasBegun ? {} : { role: "assistant" };
    hasBegun = true;
    return chunk([{ index: 0, delta: { ...opening, ...content }, logprobs: null, finish_reason }]);
  };
  const begin = (id: string, name: string, input: string): object => {
    const index = calls.size;
    calls.set(id, { index, hasInput: input !== "" });
    return delta({ tool_calls: [{ index, id, type: "function", function: { name, arguments: input } }] });
  };
  const goOn = (call: OpenCall, input: string): object => {
    call.hasInput = true;
    return delta({ tool_calls: [{ index: call.index, function: { arguments: input } }] });
  };

  return (part) => {
    switch (part.type) {
      case "text-delta":
        return part.delta === "" ? [] : [delta({ content: part.delta })];
      case "reasoning-delta":
        return part.delta === "" ? [] : [delta({ reasoning_content: part.delta })];
      case "tool-input-start":
        return part.providerExecuted === true ? [] : [begin(part.id, part.toolName, "")];
      case "tool-input-delta": {
        const call = calls.get(part.id);
        return call === undefined || part.delta === "" ? [] : [goOn(call, part.delta)];
      }
      case "tool-call": {
        if (part.providerExecuted === true) return [];
        const call = calls.get(part.toolCallId);
        if (call === undefined) return [begin(part.toolCallId, part.toolName, part.input)];
        // Some services name the tool first, and give its input as a whole.
        return call.hasInput || part.input === "" ? [] : [goOn(call, part.input)];
      }
      case "finish": {
        const end = delta({}, chatFinishReason(part.finishReason.unified, calls.size > 0));
        return includeUsage ? [end, chunk([], chatUsage(part.usage))] : [end];
      }
      default:
        return [];
    }
  };
}
