import { event, type FakeAnswer, identified, type Protocol } from "./protocol.ts";
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
        finish_reason: toolCalls.length > 0 ? "tool_calls" : finish,
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
        ...identified(toolCalls).flatMap(({ index, id, name, text }) => [
          chunk(choice({ tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }] })),
          chunk(choice({ tool_calls: [{ index, function: { arguments: text } }] })),
        ]),
        chunk(choice({}, toolCalls.length > 0 ? "tool_calls" : finish)),
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

function chatCalls(toolCalls: FakeAnswer["toolCalls"]): object {
  if (toolCalls.length === 0) return {};
  return {
    tool_calls: identified(toolCalls).map(({ id, name, text }) => ({
      id,
      type: "function",
      function: { name, arguments: text },
    })),
  };
}

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
        ...identified(toolCalls).map(callItem),
      ],
      usage: { input_tokens: inputTokens, output_tokens: outputTokens },
    };
  },
  stream({ model, inputTokens, outputTokens, finish, toolCalls }) {
    const say = (type: string, rest: object): string => event({ type, ...rest }, type);
    const item = { type: "message", id: "msg_fake" };
    const calls = identified(toolCalls).flatMap((call) => {
      const at = { output_index: call.index + 1 };
      const done = callItem(call);
      return [
        say("response.output_item.added", { ...at, item: { ...done, arguments: "", status: "in_progress" } }),
        say("response.function_call_arguments.delta", { ...at, item_id: done.id, delta: call.text }),
        say("response.output_item.done", { ...at, item: done }),
      ];
    });
    return {
      begin: [
        say("response.created", { response: { id: "resp_fake", created_at: created, model } }),
        say("response.output_item.added", { output_index: 0, item }),
      ],
      piece: (delta) =>
        say("response.output_text.delta", { item_id: "msg_fake", output_index: 0, content_index: 0, delta }),
      end: [
        say("response.output_item.done", { output_index: 0, item }),
        ...calls,
        say(finish === "stop" ? "response.completed" : "response.incomplete", {
          response: {
            incomplete_details: incomplete(finish),
            usage: { input_tokens: inputTokens, output_tokens: outputTokens },
          },
        }),
      ],
    };
  },
  refuse: (body) => refuseSchema(fieldAt(body, "text", "format"), "text.format.schema"),
  error,
};

function callItem({ index, id, name, text }: ReturnType<typeof identified>[number]) {
  return {
    type: "function_call",
    id: `fc_${index + 1}`,
    call_id: id,
    name,
    arguments: text,
    status: "completed",
  };
}

function incomplete(finish: "stop" | "length" | "content_filter"): object | null {
  if (finish === "stop") return null;
  return { reason: finish === "length" ? "max_output_tokens" : "content_filter" };
}
