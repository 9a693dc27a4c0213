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
