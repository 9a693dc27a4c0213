import { describe, expect, it, onTestFinished } from "vitest";
import { createFakeModelServer } from "../src/index.ts";

async function open() {
  const server = await createFakeModelServer();
  onTestFinished(() => server.stop());
  const root = server.urls.ollama.replace("/v1", "");
  const post = (url: string, body: object): Promise<Response> =>
    fetch(url, { method: "POST", body: JSON.stringify(body) });
  return { server, root, post };
}

// The real packages of the AI SDK are tried against it in @atlas/llm.
describe("the fake model server", () => {
  it("speaks Ollama's own protocol, streamed unless it is told otherwise", async () => {
    const { server, root, post } = await open();
    server.reply("Ahoy there");
    const whole = await post(`${root}/api/chat`, { model: "qwen3", stream: false });
    expect(await whole.json()).toMatchObject({
      model: "qwen3",
      message: { role: "assistant", content: "Ahoy there" },
      done: true,
      eval_count: 5,
    });
    const streamed = await post(`${root}/api/chat`, { model: "qwen3" });
    const lines = (await streamed.text()).trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).message.content)).toEqual(["Ahoy", " there", ""]);
    expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ done: true, done_reason: "stop" });
    expect(server.requests.map(({ protocol, isStream }) => [protocol, isStream])).toEqual([
      ["ollama", false],
      ["ollama", true],
    ]);
  });

  it("gives its replies one after the other, then the last again and again", async () => {
    const { server, post } = await open();
    server.reply({ status: 429, headers: { "retry-after": "2" } }, { status: 500, body: "Oh." });
    const first = await post(`${server.urls.anthropic}/messages`, {});
    expect([first.status, first.headers.get("retry-after")]).toEqual([429, "2"]);
    expect(await first.json()).toMatchObject({ type: "error", error: { type: "rate_limit_error" } });
    for (const _ of [1, 2]) {
      expect(await (await post(`${server.urls.anthropic}/messages`, {})).text()).toBe("Oh.");
    }
  });

  it("calls tools in each protocol, whole and streamed", async () => {
    const { server, root, post } = await open();
    const { openai, anthropic, google } = server.urls;
    const calls = [
      { name: "look", input: { path: "a.ts" } },
      { name: "patch", input: "free text" },
    ];
    server.reply({ text: "", toolCalls: calls });
    const ask = async (url: string, body: object = {}): Promise<string> => (await post(url, body)).text();
    const stream = { stream: true };
    const chat = JSON.parse(await ask(`${openai}/chat/completions`)).choices[0];
    expect(chat.finish_reason).toBe("tool_calls");
    expect(chat.message.tool_calls.map((call: { function: object }) => call.function)).toEqual([
      { name: "look", arguments: '{"path":"a.ts"}' },
      { name: "patch", arguments: "free text" },
    ]);
    expect(await ask(`${openai}/chat/completions`, stream)).toContain('"finish_reason":"tool_calls"');
    expect(JSON.parse(await ask(`${openai}/responses`)).output).toMatchObject([
      { type: "message" },
      { type: "function_call", name: "look", arguments: '{"path":"a.ts"}' },
      { type: "custom_tool_call", name: "patch", input: "free text" },
    ]);
    const responses = await ask(`${openai}/responses`, stream);
    expect(responses).toContain('"type":"custom_tool_call"');
    expect(responses).not.toContain("output_text");
    const message = JSON.parse(await ask(`${anthropic}/messages`));
    expect(message).toMatchObject({
      stop_reason: "tool_use",
      content: [{ type: "tool_use", name: "look", input: { path: "a.ts" } }, { name: "patch" }],
    });
    expect(await ask(`${anthropic}/messages`, stream)).toContain(
      '"index":1,"content_block":{"type":"tool_use"',
    );
    const parts = [
      { functionCall: { name: "look", args: { path: "a.ts" } } },
      { functionCall: { name: "patch" } },
    ];
    const gemini = JSON.parse(await ask(`${google}/models/g:generateContent`));
    expect(gemini.candidates[0].content.parts).toMatchObject(parts);
    expect(await ask(`${google}/models/g:streamGenerateContent?alt=sse`)).toContain('"functionCall"');
    const ollama = JSON.parse(await ask(`${root}/api/chat`, { stream: false }));
    expect(ollama.message.tool_calls[0].function).toEqual({ name: "look", arguments: { path: "a.ts" } });
    // A conversation must not have two calls with the same id.
    const ids = [chat.message.tool_calls[0].id, message.content[0].id, message.content[1].id];
    expect(new Set(ids).size).toBe(3);
  });

  it("asks a function what to reply", async () => {
    const { server, post } = await open();
    server.reply(({ protocol }) => ({ status: 418, body: protocol }), "Then this.");
    expect(await (await post(`${server.urls.openai}/responses`, {})).text()).toBe("openai-responses");
    expect(await (await post(`${server.urls.openai}/responses`, {})).text()).toContain("Then this.");
  });

  it("has no WebSocket", async () => {
    const { server, root } = await open();
    const { request } = await import("node:http");
    const status = await new Promise((resolve) => {
      const headers = { connection: "Upgrade", upgrade: "websocket" };
      request(`${root}/openai/v1/responses`, { headers }, ({ statusCode }) => resolve(statusCode)).end();
    });
    expect(status).toBe(426);
    expect(server.requests).toEqual([]);
  });

  it("knows when a caller leaves", async () => {
    const { server } = await open();
    server.reply({ fault: "hang" });
    const caller = new AbortController();
    const url = `${server.urls.openai}/responses`;
    const call = fetch(url, { method: "POST", body: "{}", signal: caller.signal });
    await expect.poll(() => server.requests.length).toBe(1);
    caller.abort();
    await expect(call).rejects.toThrow("aborted");
    expect(await server.requests[0]?.over).toBe("aborted");
  });

  it("answers 404 for a path of no service, and stops with calls under way", async () => {
    const { server, root, post } = await open();
    expect((await post(`${root}/v2/anything`, {})).status).toBe(404);
    server.reply({ fault: "hang" });
    const call = post(`${server.urls.openai}/responses`, {});
    const failed = expect(call).rejects.toThrow("fetch failed");
    await expect.poll(() => server.requests.length).toBe(1);
    await server.stop();
    expect(server.stop()).toBe(server.stop());
    await failed;
  });
});
