import { z } from "zod";
import { effort, jsonSchema, optional, sampling, toolName } from "./fields.ts";
import { never, type OtherFields, off } from "./known-fields.ts";

const contentPart = z.discriminatedUnion("type", [
  z.object({ type: z.literal("input_text"), text: z.string() }),
  z.object({ type: z.literal("output_text"), text: z.string() }),
  z.object({ type: z.literal("refusal"), refusal: z.string() }),
  z.object({
    type: z.literal("input_image"),
    image_url: optional(z.string()),
    file_id: optional(z.string()),
    detail: optional(z.string()),
  }),
  z.object({
    type: z.literal("input_file"),
    file_data: optional(z.string()),
    file_url: optional(z.string()),
    file_id: optional(z.string()),
    filename: optional(z.string()),
  }),
]);
const content = z.union([z.string(), z.array(contentPart)]);

const messageItem = z.object({
  // Clients leave it out.
  type: z.literal("message").optional(),
  role: z.enum(["system", "developer", "user", "assistant"]),
  content,
});
const typedItem = z.discriminatedUnion("type", [
  messageItem.extend({ type: z.literal("message") }),
  z.object({ type: z.literal("function_call"), call_id: z.string(), name: toolName, arguments: z.string() }),
  z.object({ type: z.literal("function_call_output"), call_id: z.string(), output: content }),
  z.object({ type: z.literal("reasoning") }),
]);

const tool = z.object({
  type: z.string(),
  name: optional(toolName),
  description: optional(z.string()),
  parameters: optional(jsonSchema),
  strict: optional(z.boolean()),
});

const format = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text") }),
  z.object({ type: z.literal("json_object") }),
  z.object({
    type: z.literal("json_schema"),
    name: z.string(),
    description: optional(z.string()),
    schema: optional(jsonSchema),
    strict: optional(z.boolean()),
  }),
]);

const carried = {
  ...sampling,
  input: z.union([z.string(), z.array(z.union([typedItem, messageItem]))]),
  instructions: optional(z.string()),
  max_output_tokens: optional(z.int().min(1)),
  reasoning: optional(z.looseObject({ effort: optional(effort) })),
  tools: optional(z.array(tool)),
  tool_choice: optional(
    z.union([
      z.enum(["none", "auto", "required"]),
      z.object({ type: z.literal("function"), name: toolName }),
    ]),
  ),
  text: optional(z.looseObject({ format: optional(format) })),
};

/** The body of `POST /v1/responses`. Other fields come along, so that they are refused by name. */
export const responsesRequest = z.looseObject(carried);
export type ResponsesRequest = z.output<typeof responsesRequest>;
export type ResponsesItem = Exclude<ResponsesRequest["input"], string>[number];
export type ResponsesContent = z.output<typeof content>;

/** What a request for a response can have beside what is carried. */
export const responsesFields: OtherFields & { readonly carried: readonly string[] } = {
  carried: Object.keys(carried),
  ignored: [
    "client_metadata",
    "include",
    "metadata",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
    "service_tier",
    "store",
    "stream_options",
    "user",
  ],
  refused: {
    previous_response_id: {
      why: "Answers are not stored, so none can be continued by its id. Send the whole conversation as `input`.",
      asksNothing: never,
    },
    conversation: {
      why: "Conversations are not stored. Send the whole conversation as `input`.",
      asksNothing: never,
    },
    prompt: { why: "Prompts are not stored. Send `instructions` and `input`.", asksNothing: never },
    background: {
      why: "A response is answered at once. Create a job for work in the background.",
      asksNothing: off,
    },
    max_tool_calls: {
      why: "The gateway runs no tools, so it cannot count them. Leave `max_tool_calls` out.",
      asksNothing: never,
    },
    top_logprobs: {
      why: "Probabilities of tokens are not carried. Leave `top_logprobs` out.",
      asksNothing: off,
    },
    truncation: {
      why: "The gateway drops nothing of a conversation. Leave `truncation` out.",
      asksNothing: (value) => value === "disabled",
    },
  },
};
