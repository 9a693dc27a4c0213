import type { FakeModelServer } from "@atlas/testing";
import {
  dynamicTool,
  generateObject,
  generateText,
  isStepCount,
  jsonSchema,
  Output,
  streamObject,
  streamText,
  ToolLoopAgent,
  tool,
} from "ai";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { openRouter, openServer } from "../support/services.ts";

// A pixel, as a real image is told by its first bytes.
const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
const withTools = ["openai", "compatible", "anthropic", "google"] as const;

/** The model of a profile whose first candidate is down, so that every answer comes after a fail-over. */
async function open(service: (typeof withTools)[number]) {
  const server = await openServer();
  const router = openRouter(server, {
    profiles: { chain: ["nobody", "down", service] },
    policy: { retries: 0 },
  });
  return { server, router, model: router.model("chain") };
}

const weather = () => {
  const asked: unknown[] = [];
  const tools = {
    weather: tool({
      description: "Tells the weather.",
      inputSchema: z.object({ city: z.string() }),
      async execute(input) {
        asked.push(input);
        return { sky: "blue" };
      },
    }),
  };
  return { tools, asked };
};
const calling = { text: "", toolCalls: [{ name: "weather", input: { city: "Brno" } }] };
const bodies = ({ requests }: FakeModelServer): string =>
  requests.map(({ body }) => JSON.stringify(body)).join("\n");

describe.each(withTools)("the AI SDK over a routed model of %s", (service) => {
  it("calls tools in several steps", async () => {
    const { server, model } = await open(service);
    const { tools, asked } = weather();
    server.reply(calling, "It is blue.");
    const { text, steps, providerMetadata } = await generateText({
      model,
      tools,
      prompt: "How is the weather?",
      stopWhen: isStepCount(3),
    });
    expect(text).toBe("It is blue.");
    expect(asked).toEqual([{ city: "Brno" }]);
    expect(steps).toHaveLength(2);
    expect(steps[0]?.finishReason).toBe("tool-calls");
    expect(providerMetadata?.["atlas"]).toMatchObject({
      candidate: service,
      route: { profile: "chain", skipped: [{ candidate: "nobody" }, { candidate: "down" }] },
    });
    expect(bodies(server)).toContain("Tells the weather.");
    expect(bodies(server)).toContain("blue");
  });

  it("streams the steps of an agent to a user interface", async () => {
    const { server, model } = await open(service);
    const { tools, asked } = weather();
    server.reply(calling, "It is blue.");
    const agent = new ToolLoopAgent({ model, tools, instructions: "Be brief." });
    const stream = await agent.stream({ prompt: "How is the weather?" });
    const response = stream.toUIMessageStreamResponse();
    const body = await response.text();
    expect(asked).toEqual([{ city: "Brno" }]);
    expect(body).toContain('"toolName":"weather"');
    expect(body).toContain('"delta":" blue."');
    expect(await stream.finishReason).toBe("stop");
    expect(bodies(server)).toContain("Be brief.");
  });

  it("takes an image, and a tool that is known only at run time", async () => {
    const { server, model } = await open(service);
    server.reply(calling);
    const asked: unknown[] = [];
    await generateText({
      model,
      tools: {
        weather: dynamicTool({
          description: "From elsewhere, as tools of MCP are.",
          inputSchema: jsonSchema({ type: "object", properties: { city: { type: "string" } } }),
          execute: async (input) => asked.push(input),
        }),
      },
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "Where is it?" },
            { type: "file", mediaType: "image/png", data: png },
          ],
        },
      ],
    });
    expect(asked).toEqual([{ city: "Brno" }]);
    expect(bodies(server)).toContain(png.toString("base64"));
  });

  it("answers with objects, whole and streamed", async () => {
    const { server, model } = await open(service);
    const schema = z.object({ city: z.string() });
    server.reply('{"city":"Brno"}');
    expect((await generateObject({ model, schema, prompt: "Where?" })).object).toEqual({ city: "Brno" });
    const { output } = await generateText({ model, output: Output.object({ schema }), prompt: "Where?" });
    expect(output).toEqual({ city: "Brno" });
    const stream = streamObject({ model, schema, prompt: "Where?" });
    for await (const _ of stream.partialObjectStream);
    expect(await stream.object).toEqual({ city: "Brno" });
    const streamed = streamText({ model, output: Output.object({ schema }), prompt: "Where?" });
    expect(await streamed.output).toEqual({ city: "Brno" });
  });

  it("goes to the next service on 429, and streams from there", async () => {
    const server = await openServer();
    const other = service === "openai" ? "anthropic" : "openai";
    const router = openRouter(server, { profiles: { chain: [service, other] }, policy: { retries: 0 } });
    server.reply({ status: 429, headers: { "retry-after": "60" } }, "Ahoy there.");
    const stream = streamText({ model: router.model("chain"), prompt: "Hello" });
    expect(await stream.text).toBe("Ahoy there.");
    expect((await stream.providerMetadata)?.["atlas"]).toMatchObject({
      candidate: other,
      route: { attempts: [{ outcome: "rate_limited", retryAfterMs: 60_000 }, { outcome: "answered" }] },
    });
  });

  it("closes the connection when the reader leaves", async () => {
    const { server, model } = await open(service);
    server.reply({ fault: "hang_mid_stream" });
    const { stream } = await model.doStream({
      prompt: [{ role: "user", content: [{ type: "text", text: "Hello" }] }],
    });
    const reader = stream.getReader();
    for (let part = await reader.read(); part.value?.type !== "text-delta"; part = await reader.read());
    await reader.cancel();
    expect(await server.requests[0]?.over).toBe("aborted");
  });
});

it("hands the options of a provider to that provider, and its settings to every one", async () => {
  const { server, model } = await open("anthropic");
  await generateText({
    model,
    messages: [
      {
        role: "user",
        content: "Hello",
        providerOptions: { anthropic: { cacheControl: { type: "ephemeral" } } },
      },
    ],
    stopSequences: ["end"],
    maxOutputTokens: 9,
    providerOptions: { anthropic: { metadata: { userId: "u1" } } },
    headers: { "x-trace": "t1" },
  });
  expect(server.requests[0]?.body).toMatchObject({
    stop_sequences: ["end"],
    max_tokens: 9,
    metadata: { user_id: "u1" },
    messages: [{ content: [{ cache_control: { type: "ephemeral" } }] }],
  });
  expect(server.requests[0]?.headers["x-trace"]).toBe("t1");
});

it("reports what a service itself reports: identifiers, headers, bodies and warnings", async () => {
  const { server, model } = await open("openai");
  server.reply("Ahoy.");
  const { response, request, warnings } = await generateText({
    model,
    prompt: "Hello",
    topK: 3,
    include: { requestBody: true, responseBody: true },
  });
  expect(response).toMatchObject({ id: "resp_fake", modelId: "gpt-5.6", headers: expect.any(Object) });
  expect(JSON.stringify(request.body)).toContain("Hello");
  expect(warnings).toContainEqual(expect.objectContaining({ type: "unsupported", feature: "topK" }));
});

it("does not retry what the router has tried", async () => {
  const server = await openServer();
  server.reply({ status: 503 });
  const router = openRouter(server, { policy: { retries: 0 } });
  await expect(generateText({ model: router.model("openai"), prompt: "Hello" })).rejects.toMatchObject({
    code: "ATLAS_LLM_ALL_FAILED",
  });
  expect(server.requests).toHaveLength(1);
});
