import { z } from "zod";
import { effort, jsonSchema, optional, sampling, toolName } from "./fields.ts";
import { empty, never, type OtherFields, off } from "./known-fields.ts";

const textPart = z.object({ type: z.literal("text"), text: z.string() });
const refusalPart = z.object({ type: z.literal("refusal"), refusal: z.string() });
const imagePart = z.object({
  type: z.literal("image_url"),
  image_url: z.object({ url: z.string(), detail: optional(z.enum(["auto", "low", "high"])) }),
});
const filePart = z.object({
  type: z.literal("file"),
  file: z.object({
    file_data: optional(z.string()),
    file_id: optional(z.string()),
    filename: optional(z.string()),
  }),
});
const audioPart = z.object({ type: z.literal("input_audio"), input_audio: z.unknown() });

const texts = z.union([z.string(), z.array(textPart)]);

const toolCall = z.object({
  id: z.string().min(1),
  type: z.string().optional(),
  function: z.object({ name: toolName, arguments: z.string() }),
});

const message = z.discriminatedUnion("role", [
  z.object({ role: z.literal("system"), content: texts }),
  z.object({ role: z.literal("developer"), content: texts }),
  z.object({
    role: z.literal("user"),
    content: z.union([
      z.string(),
      z.array(z.discriminatedUnion("type", [textPart, imagePart, filePart, audioPart])),
    ]),
  }),
  z.object({
    role: z.literal("assistant"),
    content: optional(z.union([z.string(), z.array(z.discriminatedUnion("type", [textPart, refusalPart]))])),
    refusal: optional(z.string()),
    tool_calls: optional(z.array(toolCall)),
  }),
  z.object({ role: z.literal("tool"), tool_call_id: z.string(), content: texts }),
]);

const tool = z.object({
  type: z.string(),
  function: optional(
    z.object({
      name: toolName,
      description: optional(z.string()),
      parameters: optional(jsonSchema),
      strict: optional(z.boolean()),
    }),
  ),
});

const toolChoice = z.union([
  z.enum(["none", "auto", "required"]),
  z.object({ type: z.literal("function"), function: z.object({ name: toolName }) }),
]);

const responseFormat = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text") }),
  z.object({ type: z.literal("json_object") }),
  z.object({
    type: z.literal("json_schema"),
    json_schema: z.object({
      name: z.string(),
      description: optional(z.string()),
      schema: optional(jsonSchema),
      strict: optional(z.boolean()),
    }),
  }),
]);

const carried = {
  ...sampling,
  messages: z.array(message).min(1),
  stream_options: optional(z.looseObject({ include_usage: optional(z.boolean()) })),
  max_tokens: optional(z.int().min(1)),
  max_completion_tokens: optional(z.int().min(1)),
  stop: optional(z.union([z.string(), z.array(z.string())])),
  seed: optional(z.int()),
  presence_penalty: optional(z.number()),
  frequency_penalty: optional(z.number()),
  reasoning_effort: optional(effort),
  tools: optional(z.array(tool)),
  tool_choice: optional(toolChoice),
  response_format: optional(responseFormat),
};

/** The body of `POST /v1/chat/completions`. Other fields come along, so that they are refused by name. */
export const chatRequest = z.looseObject(carried);
export type ChatRequest = z.output<typeof chatRequest>;
export type ChatMessage = z.output<typeof message>;

/** What a request for a chat completion can have beside what is carried. */
export const chatFields: OtherFields & { readonly carried: readonly string[] } = {
  carried: Object.keys(carried),
  ignored: [
    "metadata",
    "prediction",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
    "service_tier",
    "store",
    "user",
    "verbosity",
  ],
  refused: {
    n: {
      why: "One call gives one answer. Leave `n` out, or send the request several times.",
      asksNothing: (n) => n === 1,
    },
    logprobs: { why: "Probabilities of tokens are not carried. Leave `logprobs` out.", asksNothing: off },
    top_logprobs: {
      why: "Probabilities of tokens are not carried. Leave `top_logprobs` out.",
      asksNothing: off,
    },
    logit_bias: {
      why: "`logit_bias` is about the tokens of one model, and a profile has several. Leave it out.",
      asksNothing: empty,
    },
    audio: { why: "Answers are text. Leave `audio` out.", asksNothing: never },
    modalities: {
      why: 'Answers are text: `modalities` may be ["text"].',
      asksNothing: (value) => Array.isArray(value) && value.every((one) => one === "text"),
    },
    functions: { why: "`functions` is the old form of `tools`. Use `tools`.", asksNothing: empty },
    function_call: {
      why: "`function_call` is the old form of `tool_choice`. Use `tool_choice`.",
      asksNothing: never,
    },
    web_search_options: {
      why: "The gateway searches nothing. Leave `web_search_options` out, and offer a tool.",
      asksNothing: never,
    },
  },
};
