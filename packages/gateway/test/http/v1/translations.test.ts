import { describe, expect, it } from "vitest";
import { createChunker } from "../../../src/http/v1/answer/chunks.ts";
import { completionOf } from "../../../src/http/v1/answer/completion.ts";
import { createResponseEvents } from "../../../src/http/v1/answer/response-events.ts";
import { responseOf } from "../../../src/http/v1/answer/response-object.ts";
import { chatCallOf } from "../../../src/http/v1/request/chat-call.ts";
import { chatRequest } from "../../../src/http/v1/request/chat-request.ts";
import { responsesCallOf } from "../../../src/http/v1/request/responses-call.ts";
import { responsesRequest } from "../../../src/http/v1/request/responses-request.ts";
import type { GenerateResult, StreamPart } from "../../../src/http/v1/sdk-types.ts";

const frame = { requestId: "r1", model: "house", created: 1_767_225_600 };
const noTokens = {
  inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: undefined, text: undefined, reasoning: undefined },
};
const tokens = {
  inputTokens: { total: 9, noCache: 5, cacheRead: 4, cacheWrite: undefined },
  outputTokens: { total: 6, text: 4, reasoning: 2 },
};
const stop = { unified: "stop", raw: "stop" } as const;

/** Everything that an answer can hold, in both forms. */
const content: GenerateResult["content"] = [
  { type: "reasoning", text: "Hm." },
  { type: "text", text: "Ahoy " },
  { type: "text", text: "there" },
  { type: "tool-call", toolCallId: "s1", toolName: "search", input: "{}", providerExecuted: true },
  { type: "tool-result", toolCallId: "s1", toolName: "search", result: "found" },
  { type: "source", sourceType: "url", id: "u1", url: "https://example.invalid" },
  { type: "tool-call", toolCallId: "c1", toolName: "weather", input: '{"city":"Oslo"}' },
];
const parts: readonly StreamPart[] = [
  { type: "stream-start", warnings: [] },
  { type: "reasoning-start", id: "0" },
  { type: "reasoning-delta", id: "0", delta: "Hm." },
  { type: "reasoning-end", id: "0" },
  // One kind of part does not share its ids with another.
  { type: "text-start", id: "0" },
  { type: "text-delta", id: "0", delta: "Ahoy " },
  { type: "text-delta", id: "0", delta: "" },
  { type: "text-delta", id: "0", delta: "there" },
  { type: "text-end", id: "0" },
  { type: "tool-input-start", id: "s1", toolName: "search", providerExecuted: true },
  { type: "tool-input-delta", id: "s1", delta: "{}" },
  { type: "tool-call", toolCallId: "s1", toolName: "search", input: "{}", providerExecuted: true },
  { type: "tool-input-start", id: "c1", toolName: "weather" },
  { type: "tool-input-delta", id: "c1", delta: '{"city":' },
  { type: "tool-input-delta", id: "c1", delta: '"Oslo"}' },
  { type: "tool-call", toolCallId: "c1", toolName: "weather", input: '{"city":"Oslo"}' },
  { type: "tool-input-start", id: "c2", toolName: "weather" },
  { type: "tool-call", toolCallId: "c2", toolName: "weather", input: '{"city":"Rome"}' },
  { type: "tool-call", toolCallId: "c3", toolName: "weather", input: "{}" },
  { type: "finish", finishReason: stop, usage: tokens },
];

describe("a chat completion", () => {
  it("has the text, the reasoning, the tools to run and the tokens of an answer", () => {
    expect(completionOf({ content, finishReason: stop, usage: tokens, warnings: [] }, frame)).toMatchObject({
      created: 1_767_225_600,
      choices: [
        {
          message: {
            content: "Ahoy there",
            reasoning_content: "Hm.",
            tool_calls: [
              { id: "c1", type: "function", function: { name: "weather", arguments: '{"city":"Oslo"}' } },
            ],
          },
          // Services say "stop" there, and clients run tools only after "tool_calls".
          finish_reason: "tool_calls",
        },
      ],
      usage: {
        prompt_tokens: 9,
        completion_tokens: 6,
        total_tokens: 15,
        prompt_tokens_details: { cached_tokens: 4 },
        completion_tokens_details: { reasoning_tokens: 2 },
      },
    });
  });

  it("has no tokens where nobody counted them, and the reason that cut it off", () => {
    const finishReason = { unified: "length", raw: "length" } as const;
    const answer = completionOf({ content: [], finishReason, usage: noTokens, warnings: [] }, frame);
    expect(answer).not.toHaveProperty("usage");
    expect(answer.choices[0]).toMatchObject({ finish_reason: "length", message: { content: "" } });
    const filtered = { unified: "content-filter", raw: undefined } as const;
    const stopped = completionOf(
      { content: [], finishReason: filtered, usage: noTokens, warnings: [] },
      frame,
    );
    expect(stopped.choices[0]?.finish_reason).toBe("content_filter");
  });

  it("says in chunks what it says as a whole", () => {
    const chunksOf = createChunker(frame, true);
    const chunks = parts.flatMap(chunksOf) as readonly {
      choices: { delta: Record<string, unknown>; finish_reason: unknown }[];
      usage: unknown;
    }[];
    const deltas = chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta));
    const joined = (name: string) => deltas.map((delta) => delta[name] ?? "").join("");
    expect(joined("content")).toBe("Ahoy there");
    expect(joined("reasoning_content")).toBe("Hm.");
    expect(deltas.filter(({ role }) => role !== undefined)).toHaveLength(1);
    const calls = new Map<number, { id?: string; arguments: string }>();
    for (const one of deltas.flatMap(
      ({ tool_calls = [] }) =>
        tool_calls as { index: number; id?: string; function: { arguments: string } }[],
    )) {
      const call = calls.get(one.index) ?? { arguments: "" };
      calls.set(one.index, {
        ...call,
        ...(one.id === undefined ? {} : { id: one.id }),
        arguments: call.arguments + one.function.arguments,
      });
    }
    expect([...calls.values()]).toEqual([
      { id: "c1", arguments: '{"city":"Oslo"}' },
      { id: "c2", arguments: '{"city":"Rome"}' },
      { id: "c3", arguments: "{}" },
    ]);
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe("tool_calls");
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 15 } });
  });
});

describe("a response", () => {
  const request = responsesRequest.parse({
    model: "house",
    input: "Hello",
    tools: null,
    instructions: "Be brief.",
  });

  it("has an item for each thing that was said", () => {
    const answer = responseOf({ content, finishReason: stop, usage: tokens, warnings: [] }, request, frame);
    expect(answer.output).toMatchObject([
      { type: "reasoning", id: "rs_r1_0", summary: [{ type: "summary_text", text: "Hm." }] },
      { type: "message", content: [{ text: "Ahoy " }] },
      { type: "message", content: [{ text: "there" }] },
      {
        type: "function_call",
        call_id: "c1",
        name: "weather",
        arguments: '{"city":"Oslo"}',
        status: "completed",
      },
    ]);
    expect(answer).toMatchObject({
      id: "resp_r1",
      instructions: "Be brief.",
      usage: {
        input_tokens: 9,
        input_tokens_details: { cached_tokens: 4 },
        output_tokens: 6,
        output_tokens_details: { reasoning_tokens: 2 },
        total_tokens: 15,
      },
    });
  });

  it("says in events what it says at their end, with numbers without gaps", () => {
    const events = createResponseEvents(request, frame);
    const all = [...events.begin(), ...parts.flatMap(events.part)];
    expect(all.map(({ sequence_number }) => sequence_number)).toEqual(all.map((_, index) => index));
    const { output } = Object(all.at(-1)?.["response"]) as { output: readonly unknown[] };
    expect(output).toMatchObject([
      { type: "reasoning", summary: [{ text: "Hm." }] },
      { type: "message", content: [{ text: "Ahoy there" }] },
      { type: "function_call", call_id: "c1", arguments: '{"city":"Oslo"}' },
      { type: "function_call", call_id: "c2", arguments: '{"city":"Rome"}' },
      { type: "function_call", call_id: "c3", arguments: "{}" },
    ]);
    const done = all.filter(({ type }) => type === "response.output_item.done");
    expect(done.map(({ item, output_index }) => [output_index, item])).toEqual([...output.entries()]);
    expect(all.filter(({ type }) => type === "response.completed")).toHaveLength(1);
  });

  it("that breaks off holds what had come, and no end", () => {
    const events = createResponseEvents(request, frame);
    events.begin();
    for (const part of parts.slice(0, 9)) events.part(part);
    const failed = events.failed({ message: "Broken.", type: "server_error", code: "broken", param: null });
    expect(failed).toMatchObject([
      {
        type: "response.failed",
        response: {
          status: "failed",
          error: { code: "broken", message: "Broken." },
          output: [{}, { content: [{ text: "Ahoy there" }] }],
        },
      },
      { type: "error", code: "broken", message: "Broken." },
    ]);
  });
});

describe("a request", () => {
  const chat = (fields: object) =>
    chatCallOf(chatRequest.parse({ model: "house", messages: [{ role: "user", content: "Hi" }], ...fields }));

  it("becomes a call with everything that a call has a place for", () => {
    expect(
      chat({
        max_tokens: 5,
        max_completion_tokens: 9,
        temperature: 0,
        top_p: 0.5,
        stop: "END",
        seed: 1,
        presence_penalty: 0.1,
        frequency_penalty: -0.1,
        reasoning_effort: "low",
        parallel_tool_calls: false,
        tools: [{ type: "function", function: { name: "now", strict: false } }],
        tool_choice: "none",
        response_format: { type: "json_object" },
      }),
    ).toEqual({
      prompt: [{ role: "user", content: [{ type: "text", text: "Hi" }] }],
      maxOutputTokens: 9,
      temperature: 0,
      topP: 0.5,
      stopSequences: ["END"],
      seed: 1,
      presencePenalty: 0.1,
      frequencyPenalty: -0.1,
      reasoning: "low",
      tools: [
        { type: "function", name: "now", inputSchema: { type: "object", properties: {} }, strict: false },
      ],
      toolChoice: { type: "none" },
      responseFormat: { type: "json" },
      providerOptions: { openai: { parallelToolCalls: false }, anthropic: { disableParallelToolUse: true } },
    });
  });

  it("leaves out what was not asked for", () => {
    expect(Object.keys(chat({ tools: [], response_format: { type: "text" } }))).toEqual(["prompt"]);
  });

  it("carries files, the detail of images, and what the assistant refused", () => {
    const { prompt } = chat({
      messages: [
        {
          role: "user",
          content: [
            {
              type: "image_url",
              image_url: { url: "data:image/PNG;charset=utf-8;base64,aGk=", detail: "high" },
            },
            { type: "file", file: { file_data: "data:application/pdf;base64,aGk=", filename: "a.pdf" } },
          ],
        },
        { role: "assistant", content: null, refusal: "No." },
        {
          role: "assistant",
          content: [
            { type: "text", text: "Yes" },
            { type: "refusal", refusal: "." },
          ],
        },
      ],
    });
    expect(prompt).toEqual([
      {
        role: "user",
        content: [
          {
            type: "file",
            mediaType: "image/png",
            data: { type: "data", data: "aGk=" },
            providerOptions: { openai: { imageDetail: "high" } },
          },
          {
            type: "file",
            mediaType: "application/pdf",
            data: { type: "data", data: "aGk=" },
            filename: "a.pdf",
          },
        ],
      },
      { role: "assistant", content: [{ type: "text", text: "No." }] },
      {
        role: "assistant",
        content: [
          { type: "text", text: "Yes" },
          { type: "text", text: "." },
        ],
      },
    ]);
  });

  it("joins the results of tools that were called together", () => {
    const call = (id: string) => ({ id, type: "function", function: { name: "weather", arguments: "{}" } });
    const { prompt } = chat({
      messages: [
        { role: "assistant", tool_calls: [call("c1"), call("c2")] },
        { role: "tool", tool_call_id: "c1", content: "cold" },
        { role: "tool", tool_call_id: "c2", content: [{ type: "text", text: "warm" }] },
        { role: "user", content: "Thanks" },
      ],
    });
    expect(prompt.map(({ role }) => role)).toEqual(["assistant", "tool", "user"]);
    expect(prompt[1]?.content).toMatchObject([
      { toolCallId: "c1", output: { value: "cold" } },
      { toolCallId: "c2", output: { value: "warm" } },
    ]);
  });

  it("for a response joins what was said in one turn, and the results of its tools", () => {
    const { prompt } = responsesCallOf(
      responsesRequest.parse({
        model: "house",
        input: [
          { role: "developer", content: "Be brief." },
          { role: "assistant", content: "Let me see." },
          { type: "function_call", call_id: "c1", name: "weather", arguments: "" },
          { type: "function_call", call_id: "c2", name: "weather", arguments: '{"a":1}' },
          { type: "function_call_output", call_id: "c1", output: "cold" },
          { type: "function_call_output", call_id: "c2", output: [{ type: "input_text", text: "warm" }] },
        ],
      }),
    );
    expect(prompt).toMatchObject([
      { role: "system", content: "Be brief." },
      {
        role: "assistant",
        content: [{ type: "text" }, { toolCallId: "c1", input: {} }, { toolCallId: "c2", input: { a: 1 } }],
      },
      {
        role: "tool",
        content: [
          { toolCallId: "c1", toolName: "weather", output: { type: "text", value: "cold" } },
          { toolCallId: "c2", output: { type: "content", value: [{ type: "text", text: "warm" }] } },
        ],
      },
    ]);
  });
});
