import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createLLM } from "../../src/index.ts";
import { canary, openRouter, openServer, services } from "../support/services.ts";

const protocols = {
  openai: "openai-responses",
  compatible: "openai-chat",
  anthropic: "anthropic",
  google: "gemini",
  ollama: "openai-chat",
} as const;

describe.each(services)("a model of %s, by the real package", (profile) => {
  it("answers, says who it is and what it cost, and gets what was asked", async () => {
    const server = await openServer();
    server.reply("Ahoy from afar");
    const result = await openRouter(server).generateText({
      profile,
      system: "Be brief.",
      messages: [
        { role: "user", content: "Hello" },
        { role: "assistant", content: "Hi" },
        { role: "user", content: "Where are you?" },
      ],
      temperature: 0.5,
      maxTokens: 99,
    });
    expect(result).toMatchObject({
      text: "Ahoy from afar",
      provider: profile,
      usage: { inputTokens: 7, outputTokens: 5 },
      finishReason: "stop",
      route: { profile, candidate: profile, attempts: [{ outcome: "answered" }], skipped: [] },
    });
    expect(result.degraded).toBeUndefined();
    const [request] = server.requests;
    expect(request).toMatchObject({ protocol: protocols[profile], isStream: false });
    expect(JSON.stringify(request?.body)).toMatch(/Hello.*Hi.*Where are you\?/);
    expect(JSON.stringify(request?.body)).toContain("Be brief.");
    expect(JSON.stringify(request?.body)).toMatch(/99/);
    expect(JSON.stringify(request?.headers)).toContain(canary);
  });

  it("is never told whom and what the call belongs to", async () => {
    const server = await openServer();
    const llm = createLLM(openRouter(server));
    const context = {
      actor: "user:never-told-1",
      correlation_id: "never-told-2",
      tenant: "never-told-3",
      job_id: "never-told-4",
      workflow_id: "never-told-5",
      attempt: 987_654,
    };
    await llm.generateText({ profile, prompt: "Hello", context });
    await llm.streamText({ profile, prompt: "Hello", context }).result;
    server.reply('{"colour":"red"}');
    await llm.generateObject({ profile, prompt: "Hello", context, schema: z.object({ colour: z.string() }) });
    expect(server.requests).toHaveLength(3);
    for (const { path, headers, body } of server.requests) {
      expect(JSON.stringify([path, headers, body])).not.toMatch(/never-told|987_?654/);
    }
  });

  it("streams its answer piece by piece, also when characters are torn apart on the way", async () => {
    const server = await openServer();
    server.reply({ text: "Grüße über den Ozean ✓", isTorn: true });
    const { textStream, result } = openRouter(server).streamText({ profile, prompt: "Hello" });
    const pieces: string[] = [];
    for await (const piece of textStream) pieces.push(piece);
    expect(pieces).toEqual(["Grüße", " über", " den", " Ozean", " ✓"]);
    expect(await result).toMatchObject({
      text: "Grüße über den Ozean ✓",
      usage: { inputTokens: 7, outputTokens: 5 },
      route: { candidate: profile },
    });
    expect(server.requests[0]?.isStream).toBe(true);
  });

  it("gives objects that fit their schema", async () => {
    const server = await openServer();
    server.reply('{"name":"Ann","age":41}');
    const llm = createLLM(openRouter(server));
    const schema = z.object({ name: z.string(), age: z.number() });
    const { object } = await llm.generateObject({ profile, prompt: "Who?", schema });
    expect(object).toEqual({ name: "Ann", age: 41 });
    expect(JSON.stringify(server.requests[0]?.body)).toContain("JSON Schema");
  });

  it("says that its answer was cut at the length that was asked for", async () => {
    const server = await openServer();
    server.reply({ text: "Once upon a", finish: "length" });
    const router = openRouter(server);
    const { text, finishReason } = await router.generateText({ profile, prompt: "Tell", maxTokens: 3 });
    expect([text, finishReason]).toEqual(["Once upon a", "length"]);
  });

  it("rejects, and is asked no more, where its content filter stops it", async () => {
    const server = await openServer();
    server.reply({ text: "I", finish: "content_filter" });
    await expect(openRouter(server).generateText({ profile, prompt: "?" })).rejects.toMatchObject({
      code: "ATLAS_LLM_REJECTED",
      route: { attempts: [{ outcome: "rejected" }] },
    });
    expect(server.requests).toHaveLength(1);
  });

  it("takes another model where the call names one", async () => {
    const server = await openServer();
    server.reply("Ahoy");
    const { model } = await openRouter(server).generateText({ profile, prompt: "Hello", model: "other-2" });
    expect(model).toBe("other-2");
  });
});
