import { describe, expect, it } from "vitest";
import { LLMError } from "../../src/index.ts";
import { rejectionOf } from "../../src/router/rejection.ts";

// The messages have the shapes that the services document.
const cases: readonly [
  string,
  string,
  { readonly providerCode?: string; readonly status?: number },
  string | undefined,
][] = [
  [
    "OpenAI",
    "This model's maximum context length is 128000 tokens.",
    { providerCode: "context_length_exceeded" },
    "context_window",
  ],
  ["Anthropic", "prompt is too long: 210000 tokens > 200000 maximum", { status: 400 }, "context_window"],
  [
    "Google",
    "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
    {},
    "context_window",
  ],
  ["Bedrock", "Input is too long for requested model.", {}, "context_window"],
  ["Groq", "Please reduce the length of the messages or completion.", {}, "context_window"],
  ["xAI", "This model's maximum prompt length is 131072.", {}, "context_window"],
  ["llama.cpp", "the request exceeds the available context size", {}, "context_window"],
  ["any service with 413", "Too large.", { status: 413 }, "context_window"],
  [
    "OpenAI's policy",
    "Your request was rejected.",
    { providerCode: "content_policy_violation" },
    "content_filter",
  ],
  [
    "Azure",
    "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
    {},
    "content_filter",
  ],
  [
    "the AI SDK",
    "Its content filter stopped the answer.",
    { providerCode: "content-filter" },
    "content_filter",
  ],
  [
    "Google's filter",
    "The prompt was blocked: PROHIBITED_CONTENT",
    { providerCode: "prohibited_content" },
    "content_filter",
  ],
  ["OpenRouter", "Your input was flagged by moderation.", {}, "content_filter"],
  ["a wrong parameter", "temperature must be at most 2", { status: 400 }, undefined],
];

describe("a rejected request", () => {
  it.each(cases)("of %s: %s", (_, message, details, expected) => {
    const error = new LLMError("ATLAS_LLM_REJECTED", { provider: "house", ...details }, message);
    expect(rejectionOf(error).rejectedFor).toBe(expected);
  });

  it("is the only failure with such a reason", () => {
    const error = new LLMError("ATLAS_LLM_UNAVAILABLE", { provider: "house" }, "content filter is down");
    expect(rejectionOf(error)).toEqual({});
  });
});
