import type { GenerateResult } from "../sdk-types.ts";
import { callsOf, joinedText } from "./content.ts";
import { chatFinishReason } from "./finish-reason.ts";
import type { AnswerFrame } from "./frame.ts";
import { chatUsage } from "./usage.ts";

/** A whole answer as a chat completion. */
export function completionOf({ content, finishReason, usage: counted }: GenerateResult, frame: AnswerFrame) {
  const { requestId, model, created } = frame;
  const text = joinedText(content, "text");
  const reasoning = joinedText(content, "reasoning");
  const calls = callsOf(content);
  const usage = chatUsage(counted);
  return {
    id: `chatcmpl-${requestId}`,
    object: "chat.completion",
    created,
    model,
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: text === "" && calls.length > 0 ? null : text,
          refusal: null,
          ...(reasoning === "" ? {} : { reasoning_content: reasoning }),
          ...(calls.length === 0
            ? {}
            : {
                tool_calls: calls.map(({ toolCallId, toolName, input }) => ({
                  id: toolCallId,
                  type: "function",
                  function: { name: toolName, arguments: input },
                })),
              }),
        },
        logprobs: null,
        finish_reason: chatFinishReason(finishReason.unified, calls.length > 0),
      },
    ],
    ...(usage === undefined ? {} : { usage }),
  };
}
