import { argumentsOf, event, type FakeAnswer, type Protocol } from "./protocol.ts";
import { fieldAt, strictProblem } from "./strict-schema.ts";

const created = 1_767_225_600;

const error: Protocol["error"] = (status, message) => ({
  error: {
    message,
    type: status === 429 ? "rate_limit_error" : status >= 500 ? "server_error" : "invalid_request_error",
    param: null,
    code: null,
  },
});

/** Refuses what OpenAI refuses of a schema for the answer: an open one in strict mode, and any that is not about an object. */
function refuseSchema(format: unknown, param: string): object | undefined {
  if (fieldAt(format, "type") !== "json_schema") return undefined;
  const schema = fieldAt(format, "schema");
  const type = fieldAt(schema, "type");
  const problem =
    type === "object"
      ? fieldAt(format, "strict") === true && strictProblem(schema)
      : `schema must be a JSON Schema of 'type: "object"', got 'type: "${String(type ?? "None")}"'.`;
  if (problem === undefined || problem === false) return undefined;
  const message = `Invalid schema for response_format '${String(fieldAt(format, "name"))}': ${problem}`;
  return { error: { message, type: "invalid_request_error", param, code: "invalid_json_schema" } };
}

/** OpenAI's chat completions, which most other services speak too. */
export const openaiChat: Protocol = {
  name: "openai-chat",
  contentType: "text/event-stream",
  whole: ({ text, model, inputTokens, outputTokens, finish, toolCalls }) => ({
    id: "chatcmpl-fake",
    object: "chat.completion",
    created,
    model,
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: text, ...chatCalls(toolCalls) },
        finish_reason: finishReason(finish, toolCalls),
      },
    ],
    usage: {
      prompt_tokens: inputTokens,
      completion_tokens: outputTokens,
      total_tokens: inputTokens + outputTokens,
    },
  }),
  stream({ model, inputTokens, outputTokens, finish, toolCalls }) {
    const chunk = (choices: readonly object[], more: object = {}): string =>
      event({ id: "chatcmpl-fake", object: "chat.completion.chunk", created, model, choices, ...more });
    const choice = (delta: object, finish_reason: string | null = null): readonly object[] => [
      { index: 0, delta, finish_reason },
    ];
    const usage = {
      prompt_tokens: inputTokens,
      completion_tokens: outputTokens,
      total_tokens: inputTokens + outputTokens,
    };
    return {
      begin: [chunk(choice({ role: "assistant", content: "" }))],
      piece: (content) => chunk(choice({ content })),
      end: [
        ...(toolCalls.length > 0 ? [chunk(choice(chatCalls(toolCalls)))] : []),
        chunk(choice({}, finishReason(finish, toolCalls))),
        chunk([], { usage }),
        event("[DONE]"),
      ],
    };
  },
  refuse: (body) => {
    const format = fieldAt(body, "response_format");
    return refuseSchema(
      { ...Object(fieldAt(format, "json_schema")), type: fieldAt(format, "type") },
      "response_format",
    );
  },
  error,
};

/** OpenAI's responses. */
export const openaiResponses: Protocol = {
  name: "openai-responses",
  contentType: "text/event-stream",
  whole({ text, model, inputTokens, outputTokens, finish, toolCalls }) {
    return {
      id: "resp_fake",
      object: "response",
      created_at: created,
      model,
      status: finish === "stop" ? "completed" : "incomplete",
      error: null,
      incomplete_details: incomplete(finish),
      output: [
        {
          type: "message",
          id: "msg_fake",
          role: "assistant",
          content: [{ type: "output_text", text, annotations: [] }],
        },
        ...toolCalls.map(responseCall),
      ],
      usage: { input_tokens: inputTokens, output_tokens: outputTokens },
    };
  },
  stream({ text, model, inputTokens, outputTokens, finish, toolCalls }) {
    const say = (type: string, rest: object): string => event({ type, ...rest }, type);
    const item = { type: "message", id: "msg_fake", role: "assistant" };
    const hasText = text !== "" || toolCalls.length === 0;
    const content = [{ type: "output_text", text, annotations: [] }];
    const first = hasText ? 1 : 0;
    return {
      begin: [
        say("response.created", { response: { id: "resp_fake", created_at: created, model } }),
        ...(hasText
          ? [say("response.output_item.added", { output_index: 0, item: { ...item, content: [] } })]
          : []),
      ],
      piece: (delta) =>
        say("response.output_text.delta", { item_id: "msg_fake", output_index: 0, content_index: 0, delta }),
      end: [
        ...(hasText
          ? [say("response.output_item.done", { output_index: 0, item: { ...item, content } })]
          : []),
        ...toolCalls
          .map(responseCall)
          .flatMap((call, index) => [
            say("response.output_item.added", { output_index: first + index, item: call }),
            say("response.output_item.done", { output_index: first + index, item: call }),
          ]),
        say(finish === "stop" ? "response.completed" : "response.incomplete", {
          response: {
            id: "resp_fake",
            incomplete_details: incomplete(finish),
            usage: {
              input_tokens: inputTokens,
              output_tokens: outputTokens,
              total_tokens: inputTokens + outputTokens,
            },
          },
        }),
      ],
    };
  },
  refuse: (body) => refuseSchema(fieldAt(body, "text", "format"), "text.format.schema"),
  error,
};

function incomplete(finish: "stop" | "length" | "content_filter"): object | null {
  if (finish === "stop") return null;
  return { reason: finish === "length" ? "max_output_tokens" : "content_filter" };
}

function finishReason(finish: FakeAnswer["finish"], { length }: FakeAnswer["toolCalls"]): string {
  return finish === "stop" && length > 0 ? "tool_calls" : finish;
}

function chatCalls(toolCalls: FakeAnswer["toolCalls"]): object {
  if (toolCalls.length === 0) return {};
  return {
    tool_calls: toolCalls.map((call, index) => ({
      index,
      id: call.id,
      type: "function",
      function: { name: call.name, arguments: argumentsOf(call) },
    })),
  };
}

/** A tool that takes a text has a kind of its own. */
function responseCall(call: FakeAnswer["toolCalls"][number]): object {
  const { id, name, input } = call;
  const named = { id: `item_${id}`, call_id: id, name, status: "completed" };
  return typeof input === "string"
    ? { type: "custom_tool_call", ...named, input }
    : { type: "function_call", ...named, arguments: argumentsOf(call) };
}
