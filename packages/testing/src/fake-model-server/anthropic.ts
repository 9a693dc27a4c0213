import { argumentsOf, event, type FakeAnswer, type Protocol } from "./protocol.ts";

const reasons = { stop: "end_turn", length: "max_tokens", content_filter: "refusal" } as const;

/** Anthropic's messages. */
export const anthropic: Protocol = {
  name: "anthropic",
  contentType: "text/event-stream",
  whole: ({ text, model, inputTokens, outputTokens, finish, toolCalls }) => ({
    type: "message",
    id: "msg_fake",
    role: "assistant",
    model,
    content: [
      ...(text === "" && toolCalls.length > 0 ? [] : [{ type: "text", text }]),
      ...toolCalls.map(({ id, name, input }) => ({ type: "tool_use", id, name, input })),
    ],
    stop_reason: stopReason(finish, toolCalls),
    stop_sequence: null,
    usage: { input_tokens: inputTokens, output_tokens: outputTokens },
  }),
  stream({ text, model, inputTokens, outputTokens, finish, toolCalls }) {
    const say = (type: string, rest: object): string => event({ type, ...rest }, type);
    const hasText = text !== "" || toolCalls.length === 0;
    const calls = toolCalls.flatMap((call, at) => {
      const index = at + (hasText ? 1 : 0);
      return [
        say("content_block_start", {
          index,
          content_block: { type: "tool_use", id: call.id, name: call.name, input: {} },
        }),
        say("content_block_delta", {
          index,
          delta: { type: "input_json_delta", partial_json: argumentsOf(call) },
        }),
        say("content_block_stop", { index }),
      ];
    });
    return {
      begin: [
        say("message_start", {
          message: {
            type: "message",
            id: "msg_fake",
            role: "assistant",
            model,
            content: [],
            stop_reason: null,
            usage: { input_tokens: inputTokens, output_tokens: 0 },
          },
        }),
        ...(hasText
          ? [say("content_block_start", { index: 0, content_block: { type: "text", text: "" } })]
          : []),
      ],
      piece: (text) => say("content_block_delta", { index: 0, delta: { type: "text_delta", text } }),
      end: [
        ...(hasText ? [say("content_block_stop", { index: 0 })] : []),
        ...calls,
        say("message_delta", {
          delta: { stop_reason: stopReason(finish, toolCalls), stop_sequence: null },
          usage: { output_tokens: outputTokens },
        }),
        say("message_stop", {}),
      ],
    };
  },
  error: (status, message) => ({
    type: "error",
    error: {
      type: status === 429 ? "rate_limit_error" : status >= 500 ? "api_error" : "invalid_request_error",
      message,
    },
  }),
};

function stopReason(finish: FakeAnswer["finish"], { length }: FakeAnswer["toolCalls"]): string {
  return finish === "stop" && length > 0 ? "tool_use" : reasons[finish];
}
