import OpenAI from "openai";
import { expect, it } from "vitest";
import { serveModels } from "./served.ts";

const messages = [{ role: "user" as const, content: "Hello" }];

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
  const chunks = await Array.fromAsync(stream);
  expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe("one two three");
  expect(chunks[0]?.choices[0]?.delta.role).toBe("assistant");
  expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe("stop");
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 5 } });

  const response = await served.post("/v1/chat/completions", { model: "house", messages, stream: true });
  expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
  expect(response.headers.get("x-atlas-model")).toBe("house-1");
  const text = await response.text();
  expect(text).not.toContain('"usage"');
  expect(text).toMatch(/: atlas \{"provider":"house","model":"house-1","degraded":false,"attempts":1\}\n\ndata: \[DONE\]\n\n$/);
});
