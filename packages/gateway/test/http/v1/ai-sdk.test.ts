import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, Output, stepCountIs, streamText, tool } from "ai";
import { expect, it } from "vitest";
import { z } from "zod";
import { allOf } from "./all-of.ts";
import { type Served, serveModels } from "./served.ts";

const models = {
  "@ai-sdk/openai-compatible": ({ url, token }: Served) =>
    createOpenAICompatible({
      name: "atlas",
      baseURL: `${url}/v1`,
      apiKey: token,
      includeUsage: true,
      supportsStructuredOutputs: true,
    })("house"),
  "@ai-sdk/openai": ({ url, token }: Served) =>
    createOpenAI({ baseURL: `${url}/v1`, apiKey: token })("house"),
};

const weather = tool({
  description: "Tells the weather.",
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => `4 degrees in ${city}`,
});

for (const [name, modelOf] of Object.entries(models)) {
  it(`answers generateText and streamText of ${name}`, async () => {
    await using served = await serveModels();
    const model = modelOf(served);
    served.fake.reply({ text: "one two", inputTokens: 3, outputTokens: 2 });
    const whole = await generateText({ model, prompt: "Hello", maxRetries: 0 });
    expect(whole.text).toBe("one two");
    expect(whole.finishReason).toBe("stop");
    expect(whole.usage).toMatchObject({ inputTokens: 3, outputTokens: 2 });

    const stream = streamText({ model, prompt: "Hello", maxRetries: 0 });
    expect((await allOf(stream.textStream)).join("")).toBe("one two");
    expect(await stream.usage).toMatchObject({ inputTokens: 3, outputTokens: 2 });
  });

  it(`runs the tools of ${name}, as a whole and streamed`, async () => {
    await using served = await serveModels();
    const model = modelOf(served);
    const options = { model, tools: { weather }, prompt: "Hello", stopWhen: stepCountIs(3), maxRetries: 0 };
    const calls = { text: "", toolCalls: [{ name: "weather", input: { city: "Oslo" } }] };
    served.fake.reply(calls, "Cold.");
    expect((await generateText(options)).text).toBe("Cold.");
    expect(JSON.stringify(served.fake.requests[1]?.body)).toContain("4 degrees in Oslo");

    served.fake.reply(calls, "Cold.");
    const stream = streamText(options);
    expect((await allOf(stream.textStream)).join("")).toBe("Cold.");
    expect(JSON.stringify(served.fake.requests[3]?.body)).toContain("4 degrees in Oslo");
  });

  it(`makes an object for ${name}`, async () => {
    await using served = await serveModels();
    served.fake.reply('{"colour":"red"}');
    const { output } = await generateText({
      model: modelOf(served),
      prompt: "Name a colour.",
      output: Output.object({ schema: z.object({ colour: z.string() }) }),
      maxRetries: 0,
    });
    expect(output).toEqual({ colour: "red" });
    expect(served.fake.requests[0]?.body).toMatchObject({ response_format: { type: "json_schema" } });
  });

  it(`ends a broken stream of ${name} with an error`, async () => {
    await using served = await serveModels();
    served.fake.reply({ fault: "reset_mid_stream" });
    const stream = streamText({
      model: modelOf(served),
      prompt: "Hello",
      maxRetries: 0,
      onError: () => undefined,
    });
    const parts = await allOf(stream.fullStream);
    expect(parts.some(({ type }) => type === "error")).toBe(true);
  });
}
