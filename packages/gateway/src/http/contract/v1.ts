import { z } from "zod";
import { chatRequest } from "../v1/request/chat-request.ts";
import { embeddingsRequest } from "../v1/request/embeddings-request.ts";
import { responsesRequest } from "../v1/request/responses-request.ts";
import { defineRoute } from "./route.ts";

// Images come inside of the request.
const MAX_BODY_BYTES = 20 * 1024 * 1024;

const write = { group: "models", access: "write" } as const;
const read = { group: "models", access: "read" } as const;

const model = z.object({
  id: z.string(),
  object: z.literal("model"),
  created: z.int(),
  owned_by: z.string(),
});

const asked = {
  method: "POST",
  scope: write,
  problems: [404, 502, 504],
  maxBodyBytes: MAX_BODY_BYTES,
  errors: "openai",
} as const;

export const listModels = defineRoute({
  id: "v1.models.list",
  method: "GET",
  path: "/v1/models",
  scope: read,
  summary: "Lists the profiles of the routing file as models.",
  answer: {
    status: 200,
    description: "The models.",
    schema: z.object({ object: z.literal("list"), data: z.array(model).readonly() }),
  },
  errors: "openai",
});

export const getModel = defineRoute({
  id: "v1.models.get",
  method: "GET",
  path: "/v1/models/{id}",
  scope: read,
  summary: "Returns a profile of the routing file as a model.",
  params: z.strictObject({ id: z.string().min(1) }),
  answer: { status: 200, description: "The model.", schema: model },
  problems: [404],
  errors: "openai",
});

export const createChatCompletion = defineRoute({
  ...asked,
  id: "v1.chat.completions.create",
  path: "/v1/chat/completions",
  summary: "Asks a profile for a chat completion, as a whole or, with `stream`, in chunks.",
  body: chatRequest,
  answer: {
    status: 200,
    description: "A chat completion, or a stream of its chunks.",
    schema: z.looseObject({}),
  },
});

export const createResponse = defineRoute({
  ...asked,
  id: "v1.responses.create",
  path: "/v1/responses",
  summary: "Asks a profile for a response, as a whole or, with `stream`, in events.",
  body: responsesRequest,
  answer: { status: 200, description: "A response, or a stream of its events.", schema: z.looseObject({}) },
});

export const createEmbeddings = defineRoute({
  ...asked,
  id: "v1.embeddings.create",
  path: "/v1/embeddings",
  summary: "Asks a profile for embeddings.",
  body: embeddingsRequest,
  answer: { status: 200, description: "The embeddings.", schema: z.looseObject({}) },
});
