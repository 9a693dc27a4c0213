import OpenAI from "openai";
import { expect, it } from "vitest";
import { allOf } from "./all-of.ts";
import { serveModels } from "./served.ts";

const messages = [{ role: "user" as const, content: "Hello" }];
const asked = { model: "house", messages };

it("answers a chat completion, and says who answered", async () => {
  await using served = await serveModels();
  served.fake.reply({ text: "Ahoy", inputTokens: 3, outputTokens: 2 });
  const { data, response } = await served.client.chat.completions
    .create({ model: "house", messages, temperature: 0.5, max_tokens: 9, stop: ["END"], seed: 7, user: "u1" })
    .withResponse();

  expect(data).toMatchObject({
    object: "chat.completion",
    model: "house",
    choices: [{ index: 0, message: { role: "assistant", content: "Ahoy" }, finish_reason: "stop" }],
    usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
  });
  expect(data).not.toHaveProperty("system_fingerprint");
  expect(data.id).toBe(`chatcmpl-${response.headers.get("x-request-id")}`);
  expect(Object.fromEntries([...response.headers].filter(([name]) => name.startsWith("x-atlas")))).toEqual({
    "x-atlas-provider": "house",
    "x-atlas-model": "house-1",
    "x-atlas-degraded": "false",
    "x-atlas-attempts": "1",
  });
  expect(served.fake.requests[0]?.body).toMatchObject({
    model: "house-1",
    messages: [{ role: "user", content: "Hello" }],
    temperature: 0.5,
    max_tokens: 9,
    stop: ["END"],
    seed: 7,
  });
});

it("streams chunks, with the tokens where they are asked for, and [DONE]", async () => {
  await using served = await serveModels();
  served.fake.reply({ text: "one two three", inputTokens: 3, outputTokens: 2 });
  const stream = await served.client.chat.completions.create({
    model: "house",
    messages,
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks = await allOf(stream);
  expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe("one two three");
  expect(chunks[0]?.choices[0]?.delta.role).toBe("assistant");
  expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe("stop");
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 5 } });

  const response = await served.post("/v1/chat/completions", { model: "house", messages, stream: true });
  expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
  expect(response.headers.get("x-atlas-model")).toBe("house-1");
  const text = await response.text();
  expect(text).not.toContain('"usage"');
  expect(text).toMatch(
    /: atlas \{"provider":"house","model":"house-1","degraded":false,"attempts":1\}\n\ndata: \[DONE\]\n\n$/,
  );
});

const weather = {
  type: "function" as const,
  function: {
    name: "weather",
    description: "Tells the weather.",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
    strict: true,
  },
};

it("carries tools there and back, as a whole and in chunks", async () => {
  await using served = await serveModels();
  const { fake, client } = served;
  const toolCalls = [
    { name: "weather", input: { city: "Oslo" } },
    { name: "weather", input: { city: "Rome" } },
  ];
  fake.reply({ text: "", toolCalls });
  const first = await client.chat.completions.create({
    model: "house",
    messages,
    tools: [weather],
    tool_choice: { type: "function", function: { name: "weather" } },
  });
  const [choice] = first.choices;
  expect(choice?.finish_reason).toBe("tool_calls");
  expect(choice?.message.content).toBeNull();
  const calls = choice?.message.tool_calls ?? [];
  expect(calls.map((call) => call.type === "function" && JSON.parse(call.function.arguments))).toEqual([
    { city: "Oslo" },
    { city: "Rome" },
  ]);
  expect(fake.requests[0]?.body).toMatchObject({
    tools: [{ type: "function", function: { name: "weather", description: "Tells the weather." } }],
    tool_choice: { type: "function", function: { name: "weather" } },
  });

  fake.reply("Rain.");
  await client.chat.completions.create({
    model: "house",
    tools: [weather],
    messages: [
      ...messages,
      // As the client got it, with what it does not need.
      choice?.message ?? { role: "assistant" },
      ...calls.map(({ id }) => ({ role: "tool" as const, tool_call_id: id, content: "4 degrees" })),
    ],
  });
  expect(fake.requests[1]?.body).toMatchObject({
    messages: [
      { role: "user" },
      { role: "assistant", tool_calls: calls.map(({ id }) => ({ id, function: { name: "weather" } })) },
      ...calls.map(({ id }) => ({ role: "tool", tool_call_id: id, content: "4 degrees" })),
    ],
  });

  fake.reply({ text: "Let me see.", toolCalls });
  const streamed = client.chat.completions.stream({ model: "house", messages, tools: [weather] });
  const { message, finish_reason } = (await streamed.finalChatCompletion()).choices[0] ?? {};
  expect(finish_reason).toBe("tool_calls");
  expect(message?.content).toBe("Let me see.");
  expect(message?.tool_calls?.map((call) => call.type === "function" && call.function.arguments)).toEqual([
    '{"city":"Oslo"}',
    '{"city":"Rome"}',
  ]);
});

it("carries images, a form of the answer, and roles", async () => {
  await using served = await serveModels();
  const png = "data:image/png;base64,iVBORw0KGgo=";
  served.fake.reply('{"colour":"red"}');
  const schema = {
    type: "object",
    properties: { colour: { type: "string" } },
    required: ["colour"],
    additionalProperties: false,
  };
  await served.client.chat.completions.create({
    model: "house",
    messages: [
      { role: "developer", content: [{ type: "text", text: "Be brief." }] },
      {
        role: "user",
        content: [
          { type: "text", text: "What is it?" },
          { type: "image_url", image_url: { url: png, detail: "low" } },
          { type: "image_url", image_url: { url: "https://example.invalid/a.png" } },
        ],
      },
    ],
    response_format: { type: "json_schema", json_schema: { name: "colour", schema, strict: true } },
  });
  expect(served.fake.requests[0]?.body).toMatchObject({
    messages: [
      { role: "system", content: "Be brief." },
      {
        role: "user",
        content: [
          { type: "text", text: "What is it?" },
          { type: "image_url", image_url: { url: png } },
          { type: "image_url", image_url: { url: "https://example.invalid/a.png" } },
        ],
      },
    ],
    response_format: { type: "json_schema", json_schema: { name: "colour", schema } },
  });
});

it("marks an answer of the mock in place of a model", async () => {
  await using served = await serveModels();
  served.fake.reply({ status: 503 });
  const { response } = await served.client.chat.completions
    .create({ model: "safe", messages })
    .withResponse();
  expect(response.headers.get("x-atlas-degraded")).toBe("true");
  expect(response.headers.get("x-atlas-provider")).toBe("mock");
  expect(response.headers.get("x-atlas-attempts")).toBe("2");

  const streamed = await served.post("/v1/chat/completions", { model: "safe", messages, stream: true });
  expect(streamed.headers.get("x-atlas-degraded")).toBe("true");
  expect(await streamed.text()).toContain('"degraded":true');

  // The only candidate is no stand-in, and still says that it is a mock.
  const own = await served.client.chat.completions
    .create({ model: "mock", messages, top_p: 0.1 })
    .withResponse();
  expect(own.response.headers.get("x-atlas-degraded")).toBe("false");
  expect(own.response.headers.get("x-atlas-provider")).toBe("mock");
  expect(own.response.headers.get("x-atlas-ignored")).toBe("topP");
});

it.each([
  ["n", { n: 2 }],
  ["logprobs", { logprobs: true }],
  ["audio", { audio: { voice: "a", format: "wav" } }],
  ["modalities", { modalities: ["text", "audio"] }],
  ["temprature", { temprature: 1 }],
  ["functions", { functions: [{ name: "a" }] }],
  ["tools[0].type", { tools: [{ type: "custom", custom: { name: "a" } }] }],
  ["tool_choice", { tool_choice: "required" }],
  [
    "messages[0].content[0].input_audio",
    { messages: [{ role: "user", content: [{ type: "input_audio", input_audio: {} }] }] },
  ],
  [
    "messages[0].content[0].file",
    { messages: [{ role: "user", content: [{ type: "file", file: { file_id: "f1" } }] }] },
  ],
])("refuses %s by its name", async (param, field) => {
  await using served = await serveModels();
  const response = await served.post("/v1/chat/completions", { ...asked, ...field });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    error: { type: "invalid_request_error", code: "unsupported_parameter", param },
  });
  expect(served.fake.requests).toEqual([]);
});

it.each([
  ["messages[1].tool_call_id", { messages: [...messages, { role: "tool", tool_call_id: "x", content: "" }] }],
  [
    "messages[0].content[0].image_url.url",
    {
      messages: [
        { role: "user", content: [{ type: "image_url", image_url: { url: "http://example.invalid/" } }] },
      ],
    },
  ],
  [
    "messages[0].content[0].image_url.url",
    {
      messages: [
        { role: "user", content: [{ type: "image_url", image_url: { url: "data:image/png,abc" } }] },
      ],
    },
  ],
])("refuses a wrong %s", async (param, field) => {
  await using served = await serveModels();
  const response = await served.post("/v1/chat/completions", { ...asked, ...field });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { code: "invalid_value", param } });
});

it("reads over what changes nothing, and takes null for what is absent", async () => {
  await using served = await serveModels();
  const response = await served.post("/v1/chat/completions", {
    model: "house",
    messages,
    n: 1,
    logprobs: false,
    modalities: ["text"],
    temperature: null,
    tools: null,
    metadata: { a: "b" },
    store: true,
    service_tier: "auto",
    unheard_of: null,
  });
  expect(response.status).toBe(200);
});

it("names a field of the wrong type, and the nearest to an unknown one", async () => {
  await using served = await serveModels();
  const wrong = await served.post("/v1/chat/completions", { model: "house", messages, temperature: "hot" });
  expect(wrong.status).toBe(400);
  expect(await wrong.json()).toMatchObject({
    error: { type: "invalid_request_error", param: "temperature" },
  });
  const misspelt = await served.post("/v1/chat/completions", { model: "house", messages, max_token: 5 });
  expect(await misspelt.json()).toMatchObject({
    error: { message: expect.stringContaining('"max_tokens"') },
  });
});

it("throws the error classes of the client", async () => {
  await using served = await serveModels();
  const { fake, client, url } = served;
  const ask = (model = "house") => client.chat.completions.create({ model, messages });

  const unknown = await ask("hous").catch((error: unknown) => error);
  expect(unknown).toBeInstanceOf(OpenAI.NotFoundError);
  expect(unknown).toMatchObject({
    code: "model_not_found",
    param: "model",
    message: expect.stringContaining('"house"'),
  });

  const stranger = new OpenAI({ baseURL: `${url}/v1`, apiKey: "wrong", maxRetries: 0 });
  await expect(stranger.chat.completions.create({ model: "house", messages })).rejects.toBeInstanceOf(
    OpenAI.AuthenticationError,
  );

  fake.reply({ status: 429, headers: { "retry-after": "7" } });
  const limited = await ask().catch((error: unknown) => error);
  expect(limited).toBeInstanceOf(OpenAI.RateLimitError);
  expect(limited).toMatchObject({ code: "rate_limit_exceeded", type: "rate_limit_error" });
  expect((limited as InstanceType<typeof OpenAI.RateLimitError>).headers?.get("retry-after")).toBe("7");
});

it.each([
  [
    { status: 400, message: "This model's maximum context length is 8192 tokens." },
    400,
    "context_length_exceeded",
  ],
  [{ status: 400, message: "temperature must be below 3" }, 400, "ATLAS_LLM_REJECTED"],
  // The key is the gateway's.
  [{ status: 401, message: "Incorrect API key provided: house-key-1234567890" }, 502, "ATLAS_LLM_ALL_FAILED"],
  [{ status: 500 }, 503, "ATLAS_LLM_ALL_FAILED"],
])("answers what the service said with %j as %i %s", async (reply, status, code) => {
  await using served = await serveModels();
  served.fake.reply(reply);
  for (const stream of [false, true]) {
    const response = await served.post("/v1/chat/completions", { model: "house", messages, stream });
    const text = await response.text();
    expect(text).not.toContain("house-key");
    if (!stream)
      expect({ status: response.status, body: JSON.parse(text) }).toMatchObject({
        status,
        body: { error: { code } },
      });
    // The second call finds the circuit as the first one left it.
    else expect(response.status).toBeGreaterThanOrEqual(400);
  }
});

it("ends a stream that breaks off with an error, and without [DONE]", async () => {
  await using served = await serveModels();
  served.fake.reply({ fault: "reset_mid_stream" });
  const response = await served.post("/v1/chat/completions", { model: "house", messages, stream: true });
  expect(response.status).toBe(200);
  const text = await response.text();
  expect(text).toContain('"error":{"message":');
  expect(text).toContain('"code":"ATLAS_LLM_TRUNCATED"');
  expect(text).not.toContain("[DONE]");

  const stream = await served.client.chat.completions.create({ model: "house", messages, stream: true });
  await expect(allOf(stream)).rejects.toBeInstanceOf(OpenAI.APIError);
});

it("ends the call of the service at once when the client goes away", async () => {
  await using served = await serveModels();
  const { fake, client } = served;
  fake.reply({ fault: "hang_mid_stream" });
  const stream = await client.chat.completions.create({ model: "house", messages, stream: true });
  for await (const _ of stream) break;
  expect(await fake.requests[0]?.over).toBe("aborted");

  const controller = new AbortController();
  fake.reply(() => {
    queueMicrotask(() => controller.abort());
    return { fault: "hang" };
  });
  await expect(
    client.chat.completions.create({ model: "house", messages }, { signal: controller.signal }),
  ).rejects.toBeInstanceOf(OpenAI.APIUserAbortError);
  expect(await fake.requests[1]?.over).toBe("aborted");
});

it("logs who answered, under the id of the request", async () => {
  await using served = await serveModels();
  await served.post(
    "/v1/chat/completions",
    { model: "house", messages },
    { headers: { "x-request-id": "req-1" } },
  );
  expect(served.lines.find(({ message }) => message === "A model answered a request.")?.fields).toMatchObject(
    {
      request_id: "req-1",
      profile: "house",
      provider: "house",
      attempts: 1,
      inputTokens: 7,
    },
  );
});
