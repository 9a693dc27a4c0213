import OpenAI from "openai";
import { expect, it } from "vitest";
import { allOf } from "./all-of.ts";
import { serveModels } from "./served.ts";

const weather = {
  type: "function" as const,
  name: "weather",
  description: "Tells the weather.",
  parameters: { type: "object", properties: { city: { type: "string" } } },
  strict: null,
};

it("answers with a response", async () => {
  await using served = await serveModels();
  served.fake.reply({ text: "Ahoy", inputTokens: 3, outputTokens: 2 });
  const { data, response } = await served.client.responses
    .create({ model: "house", instructions: "Be brief.", input: "Hello", max_output_tokens: 9, store: false })
    .withResponse();
  expect(data.output_text).toBe("Ahoy");
  expect(data).toMatchObject({
    object: "response",
    status: "completed",
    model: "house",
    incomplete_details: null,
    usage: { input_tokens: 3, output_tokens: 2, total_tokens: 5 },
  });
  expect(response.headers.get("x-atlas-provider")).toBe("house");
  expect(served.fake.requests[0]?.body).toMatchObject({
    max_tokens: 9,
    messages: [
      { role: "system", content: "Be brief." },
      { role: "user", content: "Hello" },
    ],
  });
});

it("says why a response is not whole", async () => {
  await using served = await serveModels();
  served.fake.reply({ text: "Half of", finish: "length" });
  const answer = await served.client.responses.create({ model: "house", input: "Hello" });
  expect(answer).toMatchObject({ status: "incomplete", incomplete_details: { reason: "max_output_tokens" } });
  const events = await allOf(
    await served.client.responses.create({ model: "house", input: "Hello", stream: true }),
  );
  expect(events.at(-1)).toMatchObject({
    type: "response.incomplete",
    response: { output: [{ status: "completed" }] },
  });
});

it("streams the events of a response in order", async () => {
  await using served = await serveModels();
  const toolCalls = [{ name: "weather", input: { city: "Oslo" } }];
  served.fake.reply({ text: "one two", toolCalls });
  const events = await allOf(
    await served.client.responses.create({ model: "house", input: "Hello", tools: [weather], stream: true }),
  );
  expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index));
  const types = events.map(({ type }) => type);
  expect([...new Set(types)]).toEqual([
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.function_call_arguments.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.function_call_arguments.done",
    "response.completed",
  ]);
  const last = events.at(-1);
  expect(last?.type === "response.completed" && last.response.output).toMatchObject([
    { type: "message", status: "completed", content: [{ type: "output_text", text: "one two" }] },
    { type: "function_call", name: "weather", arguments: '{"city":"Oslo"}' },
  ]);

  const stream = served.client.responses.stream({ model: "house", input: "Hello" });
  expect((await stream.finalResponse()).output_text).toBe("one two");
});

it("carries tools, their results, images and a form of the answer", async () => {
  await using served = await serveModels();
  const { fake, client } = served;
  const tools = [weather];
  fake.reply({ text: "", toolCalls: [{ name: "weather", input: { city: "Oslo" } }] });
  const first = await client.responses.create({
    model: "house",
    input: "Hello",
    tools,
    tool_choice: "required",
  });
  const call = first.output.find((item) => item.type === "function_call");
  expect(call).toMatchObject({ name: "weather", arguments: '{"city":"Oslo"}', status: "completed" });

  fake.reply('{"colour":"red"}');
  await client.responses.create({
    model: "house",
    tools,
    input: [
      {
        role: "user",
        content: [
          { type: "input_text", text: "Hello" },
          { type: "input_image", image_url: "data:image/png;base64,iVBORw0KGgo=", detail: "auto" },
        ],
      },
      { type: "reasoning", id: "rs_1", summary: [] },
      {
        type: "message",
        id: "msg_1",
        role: "assistant",
        status: "completed",
        content: [{ type: "output_text", text: "Let me see.", annotations: [] }],
      },
      ...first.output.flatMap((item) => (item.type === "function_call" ? [item] : [])),
      { type: "function_call_output", call_id: call?.call_id ?? "", output: "4 degrees" },
    ],
    text: {
      format: {
        type: "json_schema",
        name: "colour",
        schema: {
          type: "object",
          properties: { colour: { type: "string" } },
          required: ["colour"],
          additionalProperties: false,
        },
      },
      verbosity: "low",
    },
  });
  expect(fake.requests[1]?.body).toMatchObject({
    messages: [
      { role: "user", content: [{ type: "text" }, { type: "image_url" }] },
      {
        role: "assistant",
        content: "Let me see.",
        tool_calls: [{ id: call?.call_id, function: { name: "weather" } }],
      },
      { role: "tool", tool_call_id: call?.call_id, content: "4 degrees" },
    ],
    response_format: { type: "json_schema", json_schema: { name: "colour" } },
  });
});

it.each([
  ["previous_response_id", { previous_response_id: "resp_1" }],
  ["background", { background: true }],
  ["truncation", { truncation: "auto" }],
  ["tools[0].type", { tools: [{ type: "web_search" }] }],
  ["instruction", { instruction: "Be brief." }],
  [
    "input[0].content[0].file_id",
    { input: [{ role: "user", content: [{ type: "input_image", file_id: "f1" }] }] },
  ],
])("refuses %s by its name", async (param, field) => {
  await using served = await serveModels();
  const response = await served.post("/v1/responses", { model: "house", input: "Hello", ...field });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { code: "unsupported_parameter", param } });
});

it("ends a stream that breaks off with response.failed and an error", async () => {
  await using served = await serveModels();
  served.fake.reply({ fault: "reset_mid_stream" });
  const stream = await served.client.responses.create({ model: "house", input: "Hello", stream: true });
  const seen: string[] = [];
  const error = await (async () => {
    for await (const event of stream) seen.push(event.type);
  })().catch((thrown: unknown) => thrown);
  expect(seen.at(-1)).toBe("response.failed");
  expect(error).toBeInstanceOf(OpenAI.APIError);
  expect(seen).not.toContain("response.completed");
});
