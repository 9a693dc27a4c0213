import type { LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { convertArrayToReadableStream, MockLanguageModelV4 } from "ai/test";
import { describe, expect, it } from "vitest";
import { fromModel } from "../../src/ai-sdk/index.ts";
import { openRouter, openServer } from "../support/services.ts";

const usage = {
  inputTokens: { total: 9, noCache: 9, cacheRead: 0, cacheWrite: undefined },
  outputTokens: { total: 4, text: 4, reasoning: 0 },
};

/** What the answers of a model come to that end with the reason: with text and without, whole and streamed. */
async function endings(unified: "other" | "error" | "stop" | "length" | "content-filter", raw?: string) {
  const finishReason = { unified, raw };
  const ask = async (text: string, isStream: boolean): Promise<string> => {
    const parts: LanguageModelV4StreamPart[] = [
      ...(text === "" ? [] : [{ type: "text-delta", id: "1", delta: text } as const]),
      { type: "finish", finishReason, usage },
    ];
    const model = new MockLanguageModelV4({
      doGenerate: { content: [{ type: "text", text }], finishReason, usage, warnings: [] },
      doStream: { stream: convertArrayToReadableStream(parts) },
    });
    const runtime = fromModel(model);
    const answer = isStream
      ? runtime.streamText({ prompt: "Hello" }).result
      : runtime.generateText({ prompt: "Hello" });
    return answer.then(
      ({ finishReason: reason }) => `answered: ${reason}`,
      ({ code }) => code,
    );
  };
  const withText = [await ask("Some", false), await ask("Some", true)];
  const without = [await ask("", false), await ask("", true)];
  // Whole and streamed are the same.
  expect([withText[0], without[0]]).toEqual([withText[1], without[1]]);
  return [withText[0], without[0]];
}

const cutOff = ["ATLAS_LLM_TRUNCATED", "ATLAS_LLM_BAD_RESPONSE"];
const filtered = ["ATLAS_LLM_REJECTED", "ATLAS_LLM_REJECTED"];

describe("an answer that ends", () => {
  // Each raw word is one that a service documents as a reason, and that the AI SDK passes on as `other`.
  it.each([
    "error",
    "abort",
    "aborted",
    "cancelled",
    "insufficient_system_resource",
    "network_error",
    "OTHER",
    "FINISH_REASON_UNSPECIFIED",
    "LANGUAGE",
    "MALFORMED_RESPONSE",
    "UNEXPECTED_TOOL_CALL",
    "ERROR",
    "unload",
  ])("with %s is not complete", async (raw) => {
    expect(await endings("other", raw)).toEqual(cutOff);
  });

  it("with an error, in the word of the AI SDK, is not complete", async () => {
    expect(await endings("error", "MALFORMED_FUNCTION_CALL")).toEqual(cutOff);
    expect(await endings("error")).toEqual(cutOff);
    expect(await endings("other")).toEqual(cutOff);
  });

  it.each(["guardrail_intervened", "content_filtered", "ERROR_TOXIC", "sensitive"])(
    "with %s was filtered",
    async (raw) => {
      expect(await endings("other", raw)).toEqual(filtered);
    },
  );

  it.each(["model_length", "max_tokens", "ERROR_LIMIT"])("with %s is as long as it may be", async (raw) => {
    expect(await endings("other", raw)).toEqual(["answered: length", "ATLAS_LLM_BAD_RESPONSE"]);
  });

  it.each(["eos", "COMPLETE", "stop_sequence", "a_word_of_tomorrow"])("with %s is complete", async (raw) => {
    expect(await endings("other", raw)).toEqual(["answered: stop", "ATLAS_LLM_BAD_RESPONSE"]);
  });
});

const chunk = (delta: object, finish_reason: string | null, rest: object = {}): string =>
  `data: ${JSON.stringify({
    id: "1",
    object: "chat.completion.chunk",
    created: 1,
    model: "house-1",
    choices: [{ index: 0, delta, finish_reason }],
    ...rest,
  })}\n\n`;

describe("a stream of the real package", () => {
  it.each([
    ["DeepSeek's", chunk({}, "insufficient_system_resource"), "truncated"],
    ["vLLM's abort", chunk({}, "abort"), "truncated"],
    [
      "OpenRouter's error",
      chunk({ content: "" }, "error", { error: { code: 502, message: "Down" } }),
      "unavailable",
    ],
    [
      "OpenRouter's word for an error",
      chunk({ content: "" }, "error", { error: { code: "server_error", message: "Down" } }),
      "unavailable",
    ],
    [
      "Azure's filter",
      `data: ${JSON.stringify({ error: { code: "content_filter", message: "Filtered." } })}\n\n`,
      "rejected",
    ],
    [
      "Groq's limit",
      `data: ${JSON.stringify({ error: { code: "rate_limit_exceeded", message: "Please try again in 2s." } })}\n\n`,
      "rate_limited",
    ],
  ])("that ends with %s end is not an answer: %s", async (_, last, outcome) => {
    const server = await openServer();
    server.reply({
      status: 200,
      headers: { "content-type": "text/event-stream" },
      body: `${chunk({ role: "assistant", content: "Some" }, null)}${last}data: [DONE]\n\n`,
    });
    const { result } = openRouter(server).streamText({ profile: "compatible", prompt: "Hello" });
    await expect(result).rejects.toMatchObject({
      code: outcome === "rejected" ? "ATLAS_LLM_REJECTED" : "ATLAS_LLM_TRUNCATED",
      details: { text: "Some" },
      route: { attempts: [{ outcome }] },
    });
  });

  it("that begins with an error of Anthropic is the failure that it names", async () => {
    const failures = [
      ["overloaded_error", "unavailable"],
      ["rate_limit_error", "rate_limited"],
      ["billing_error", "misconfigured"],
      ["authentication_error", "misconfigured"],
      ["invalid_request_error", "rejected"],
    ] as const;
    for (const [type, outcome] of failures) {
      const server = await openServer();
      const message = {
        id: "m",
        type: "message",
        role: "assistant",
        model: "claude",
        content: [],
        usage: {},
      };
      const started = {
        type: "message_start",
        message: { ...message, usage: { input_tokens: 1, output_tokens: 0 } },
      };
      server.reply({
        status: 200,
        headers: { "content-type": "text/event-stream" },
        body: [started, { type: "error", error: { type, message: "No." } }]
          .map((data) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`)
          .join(""),
      });
      const router = openRouter(server, { policy: { retries: 0 } });
      await expect(router.streamText({ profile: "anthropic", prompt: "Hello" }).result).rejects.toMatchObject(
        {
          route: { attempts: [{ outcome }] },
        },
      );
    }
  });
});
