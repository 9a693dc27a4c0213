import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { builtInCandidates, services, serviceTypeOf } from "@atlas/routing/internal";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createLLMRouter, type LLMRouterOptions } from "../../src/index.ts";
import { newServices, type ServiceCase } from "../support/new-services.ts";
import { openServiceServer } from "../support/service-server.ts";

afterEach(() => vi.unstubAllEnvs());

function routerTo({ name, config, env }: ServiceCase, options: Partial<LLMRouterOptions> = {}) {
  return createLLMRouter({
    config: { profiles: { all: [name] }, providers: { [name]: config } },
    env,
    random: () => 0,
    ...options,
  });
}

/** The environment variables that a package reads when a setting is left out. */
function variablesOf(packageName: string): readonly string[] {
  const file = createRequire(import.meta.url).resolve(packageName);
  const code = readFileSync(file, "utf8");
  const named = [...code.matchAll(/[vV]ariableName:\s*"([A-Z][A-Z0-9_]+)"/g)];
  const read = [...code.matchAll(/process\.env(?:\.|\[")([A-Z][A-Z0-9_]+)/g)];
  return [...named, ...read].flatMap(([, variable]) => variable ?? []);
}

describe.each(newServices.map((one) => [one.name, Object.keys(one.env).join(", "), one] as const))(
  "%s by %s",
  (name, _, service) => {
    it("is asked at its address, with its key, for its model", async () => {
      const server = await openServiceServer();
      const { fetch } = server;
      const result = await routerTo(service, { fetch }).generateText({ prompt: "Hello", maxTokens: 99 });
      expect(result).toMatchObject({
        text: "Ahoy",
        provider: name,
        usage: { inputTokens: 7, outputTokens: 5 },
        route: { candidate: name, skipped: [] },
      });
      const request = server.requests.at(-1);
      expect(request?.url.split("?")[0]).toBe(service.url);
      expect(request?.headers[service.key[0]]).toEqual(
        typeof service.key[1] === "string" ? service.key[1] : expect.stringMatching(service.key[1]),
      );
      const model = service.config.model ?? builtInCandidates.get(name)?.model;
      if (service.isModelInUrl) expect(request?.url).toContain(model);
      else expect(request?.body).toMatchObject({ model });
    });

    it("uses nothing of the environment of the process", async () => {
      const { packageName } = services[serviceTypeOf(name, undefined)];
      const variables = [...variablesOf(packageName), "GOOGLE_APPLICATION_CREDENTIALS", "AWS_PROFILE"];
      if (name === "bedrock") expect(variables).toContain("AWS_ENDPOINT_URL_BEDROCK_RUNTIME");
      for (const variable of variables) vi.stubEnv(variable, "http://other-canary.invalid");
      const server = await openServiceServer();
      const { fetch } = server;
      await routerTo(service, { fetch }).generateText({ prompt: "Hello" });
      expect(server.requests.at(-1)?.url.split("?")[0]).toBe(service.url);
      expect(JSON.stringify(server.requests)).not.toContain("other-canary");

      const asked = server.requests.length;
      if (service.config.api_key_env !== undefined) return;
      const router = routerTo({ ...service, env: {} }, { fetch });
      await expect(router.generateText({ prompt: "Hello" })).rejects.toMatchObject({
        code: "ATLAS_LLM_ALL_FAILED",
        route: { attempts: [], skipped: [{ candidate: name }] },
      });
      expect(server.requests.length).toBe(asked);
    });

    it("refuses a wrong key: the next candidate's turn, and no message repeats a secret", async () => {
      const server = await openServiceServer();
      const { fetch } = server;
      const echo = Object.values(service.env).join(" ");
      for (const end of ["/chat/completions", "/responses", "/converse", ":generateContent"]) {
        server.on(end, { status: 401, body: { message: `No: ${echo}`, error: { message: `No: ${echo}` } } });
      }
      const lines: unknown[] = [];
      const note = (fields: object, message: string): void => void lines.push([fields, message]);
      const log = { debug: note, info: note, warn: note, error: note };
      const error = await routerTo(service, { fetch, log })
        .generateText({ prompt: "Hello" })
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ route: { attempts: [{ outcome: "misconfigured", status: 401 }] } });
      const seen = `${JSON.stringify(error)} ${JSON.stringify(lines)} ${String(error)}`;
      expect(seen).toContain("[redacted]");
      expect(seen).not.toMatch(/canary|PRIVATE KEY|session-1|AKIA/);
    });
  },
);

const reasons: readonly [string, Partial<ServiceCase>, string][] = [
  ["azure", { env: {} }, "the environment variable AZURE_API_KEY is not set"],
  [
    "azure",
    { env: { AZURE_API_KEY: "k" } },
    "it has no resource_name: set llm.providers.azure.resource_name or the environment variable AZURE_RESOURCE_NAME",
  ],
  [
    "azure",
    { env: { AZURE_API_KEY: "k", AZURE_RESOURCE_NAME: "evil.example/#" } },
    "its resource_name has characters that it cannot have: correct llm.providers.azure.resource_name or the environment variable AZURE_RESOURCE_NAME",
  ],
  [
    "azure",
    { env: { AZURE_API_KEY: "k", AZURE_RESOURCE_NAME: "house" } },
    "it has no model: set llm.providers.azure.model",
  ],
  [
    "bedrock",
    { env: { AWS_ACCESS_KEY_ID: "AKIAsomebody" } },
    "it has no key: set the environment variable AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
  ],
  [
    "bedrock",
    { env: { AWS_BEARER_TOKEN_BEDROCK: "k" } },
    "it has no region: set llm.providers.bedrock.region or the environment variable AWS_REGION",
  ],
  [
    "bedrock",
    { config: { api_key_env: "OTHER" }, env: { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" } },
    "the environment variable OTHER is not set",
  ],
  [
    "vertex",
    { env: { GOOGLE_CLIENT_EMAIL: "a", GOOGLE_PRIVATE_KEY: "b", GOOGLE_VERTEX_LOCATION: "global" } },
    "it has no project: set llm.providers.vertex.project or the environment variable GOOGLE_VERTEX_PROJECT",
  ],
  ["lmstudio", {}, "it has no model: set llm.providers.lmstudio.model"],
];

it("asks Azure for the version of its API that the file names", async () => {
  const server = await openServiceServer();
  const config = { resource_name: "house", model: "deployed", api_version: "preview" };
  const env = { AZURE_API_KEY: "k" };
  await routerTo({ name: "azure", config, env } as unknown as ServiceCase, {
    fetch: server.fetch,
  }).generateText({
    prompt: "Hello",
  });
  expect(server.requests[0]?.url).toContain("?api-version=preview");
});

it.each(reasons)("says what %s lacks and what to do", (name, given, reason) => {
  const service = { name, config: {}, env: {}, ...given } as ServiceCase;
  const [planned] = routerTo(service).explainRoute().candidates;
  expect(planned).toMatchObject({ state: "skipped", reason });
});

/** Error bodies as the services document them, where the real package of the service has to be the one that reads them. */
const bodies: readonly [name: string, what: string, status: number, body: object, kind: string][] = [
  [
    "azure",
    "a wrong key",
    401,
    {
      error: {
        code: "401",
        message:
          "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource.",
      },
    },
    "misconfigured",
  ],
  [
    "azure",
    "no such deployment",
    404,
    {
      error: { code: "DeploymentNotFound", message: "The API deployment for this resource does not exist." },
    },
    "misconfigured",
  ],
  [
    "azure",
    "its content filter",
    400,
    {
      error: {
        code: "content_filter",
        message:
          "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
        param: "prompt",
        type: null,
        status: 400,
        innererror: { code: "ResponsibleAIPolicyViolation" },
      },
    },
    "rejected",
  ],
  [
    "bedrock",
    "a wrong key",
    403,
    { message: "The security token included in the request is invalid." },
    "misconfigured",
  ],
  [
    "bedrock",
    "a model that the region does not have",
    400,
    { message: "The provided model identifier is invalid." },
    "misconfigured",
  ],
  [
    "bedrock",
    "too many requests",
    429,
    { message: "Too many requests, please wait before trying again." },
    "rate_limited",
  ],
  [
    "bedrock",
    "a prompt that is too long",
    400,
    { message: "Input is too long for requested model." },
    "rejected",
  ],
  ["bedrock", "a model that failed", 424, { message: "The model returned an error." }, "unavailable"],
  [
    "vertex",
    "a permission that is missing",
    403,
    {
      error: {
        code: 403,
        message: "Permission 'aiplatform.endpoints.predict' denied on resource (or it may not exist).",
        status: "PERMISSION_DENIED",
      },
    },
    "misconfigured",
  ],
  [
    "vertex",
    "a quota that is used up",
    429,
    {
      error: {
        code: 429,
        message: "Resource exhausted. Please try again later.",
        status: "RESOURCE_EXHAUSTED",
      },
    },
    "rate_limited",
  ],
  ["mistral", "a wrong key", 401, { message: "Unauthorized", request_id: "1" }, "misconfigured"],
  [
    "mistral",
    "no such model",
    400,
    { object: "error", message: "Invalid model: nine", type: "invalid_model", param: null, code: "1500" },
    "misconfigured",
  ],
  [
    "xai",
    "a wrong key",
    400,
    { code: "Client specified an invalid argument", error: "Incorrect API key provided: xa***zz." },
    "misconfigured",
  ],
  [
    "groq",
    "a wrong key",
    401,
    { error: { message: "Invalid API Key", type: "invalid_request_error", code: "invalid_api_key" } },
    "misconfigured",
  ],
  [
    "groq",
    "a capacity that is used up",
    498,
    { error: { message: "Flex tier capacity exceeded", type: "capacity", code: "capacity_exceeded" } },
    "unavailable",
  ],
  [
    "deepseek",
    "an empty account",
    402,
    {
      error: {
        message: "Insufficient Balance",
        type: "unknown_error",
        param: null,
        code: "invalid_request_error",
      },
    },
    "misconfigured",
  ],
  [
    "openrouter",
    "an empty account",
    402,
    { error: { code: 402, message: "Insufficient credits. Add more using https://openrouter.ai/credits" } },
    "misconfigured",
  ],
  [
    "openrouter",
    "flagged input",
    403,
    { error: { code: 403, message: "Your input was flagged", metadata: { reasons: ["violence"] } } },
    "rejected",
  ],
  [
    "lmstudio",
    "a model that is not loaded",
    404,
    {
      error: {
        message: "No models loaded. Please load a model in the developer page.",
        type: "invalid_request_error",
        param: "model",
        code: "model_not_found",
      },
    },
    "misconfigured",
  ],
  [
    "vllm",
    "no such model",
    404,
    {
      object: "error",
      message: "The model `qwen3` does not exist.",
      type: "NotFoundError",
      param: null,
      code: 404,
    },
    "misconfigured",
  ],
  [
    "vllm",
    "a prompt that is too long",
    400,
    {
      object: "error",
      message: "This model's maximum context length is 4096 tokens. However, you requested 9000 tokens.",
      type: "BadRequestError",
      code: 400,
    },
    "rejected",
  ],
];

it.each(bodies)("%s, %s (%s): %s", async (name, _what, status, body, kind) => {
  const server = await openServiceServer();
  for (const end of ["/chat/completions", "/responses", "/converse", ":generateContent"]) {
    server.on(end, { status, body });
  }
  const service = newServices.find((one) => one.name === name);
  if (service === undefined) throw new Error(`There is no case for ${name}.`);
  const router = routerTo(service, { fetch: server.fetch, policy: { retries: 0 } });
  const thrown = await router.generateText({ prompt: "Hello" }).catch((error: unknown) => error);
  expect(thrown).toMatchObject({ route: { attempts: [{ outcome: kind, status }] } });
});

describe("structured_outputs", () => {
  const schema = {
    type: "object",
    properties: { sum: { type: "number" } },
    required: ["sum"],
    additionalProperties: false,
  };
  const local = { model: "qwen3" };
  const cases: readonly [string, ServiceCase["config"], boolean][] = [
    ["lmstudio", local, true],
    ["vllm", local, true],
    ["openrouter", {}, true],
    ["ollama", local, false],
    ["ollama", { ...local, structured_outputs: true }, true],
    ["vllm", { ...local, structured_outputs: false }, false],
    ["house", { ...local, base_url: "https://house.example/v1" }, false],
    ["house", { ...local, base_url: "https://house.example/v1", structured_outputs: true }, true],
  ];
  it.each(cases)("%s, %j: the schema is sent: %s", async (name, config, isSent) => {
    const server = await openServiceServer();
    const env = { OPENROUTER_API_KEY: "k" };
    const router = routerTo({ name, config, env } as unknown as ServiceCase, { fetch: server.fetch });
    await router.generateText({ prompt: "Hello", json: { schema } });
    expect(server.requests[0]?.body).toMatchObject({
      response_format: isSent ? { type: "json_schema", json_schema: { schema } } : { type: "json_object" },
    });
  });
});
