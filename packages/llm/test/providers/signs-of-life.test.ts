import { createFakeClock, type FakeClock } from "@atlas/testing";
import { describe, expect, it } from "vitest";
import { createLLMRouter, type LLMStream } from "../../src/index.ts";

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

const beginning = {
  "openai-compatible": 'data: {"choices":[{"index":0,"delta":{"content":"Ahoy"}}]}\n\n',
  anthropic: [
    'event: message_start\ndata: {"type":"message_start","message":{"id":"1","model":"m","type":"message","role":"assistant","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}}\n\n',
    'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n',
    'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Ahoy"}}\n\n',
  ].join(""),
} as const;
type Type = keyof typeof beginning;

const pings = [
  ["openai-compatible", "a comment", ": keep-alive\n\n"],
  ["openai-compatible", "an event without data", "event: ping\n\n"],
  ["anthropic", "a comment", ": keep-alive\n\n"],
  ["anthropic", "an event", 'event: ping\ndata: {"type": "ping"}\n\n'],
] as const;

/** A service whose bytes the test sends. */
function ask(
  type: Type,
  options: { readonly attemptMs?: number; readonly deadlineMs?: number; readonly clock: FakeClock },
): LLMStream & { say(text: string): Promise<void> } {
  const opened = Promise.withResolvers<ReadableStreamDefaultController<Uint8Array>>();
  const { clock, attemptMs = 300_000, deadlineMs = 600_000 } = options;
  const router = createLLMRouter({
    config: {
      profiles: { fast: ["house"] },
      providers: { house: { type, base_url: "http://house.example", model: "m", api_key_env: "KEY" } },
    },
    env: { KEY: "key-of-the-house" },
    clock,
    policy: { attemptMs, deadlineMs, retries: 0 },
    fetch: async (_, init) => {
      const stream = new ReadableStream<Uint8Array>({
        start(controller) {
          opened.resolve(controller);
          init?.signal?.addEventListener("abort", () => controller.error(init.signal?.reason));
        },
      });
      return new Response(stream, { headers: { "content-type": "text/event-stream" } });
    },
  });
  const stream = router.streamText({ prompt: "Hello" });
  return {
    ...stream,
    async say(text) {
      (await opened.promise).enqueue(new TextEncoder().encode(text));
      await settle();
    },
  };
}

it.each(pings)("a service (%s) that thinks is alive while it sends %s", async (type, _, ping) => {
  const clock = createFakeClock();
  const { say, textStream, result } = ask(type, { clock });
  const pieces = textStream[Symbol.asyncIterator]();
  // Longer than a stream may take to begin, and later longer than it may pause.
  for (let times = 0; times < 4; times += 1) {
    await say(ping);
    clock.advance(29_000);
  }
  await say(beginning[type]);
  expect(await pieces.next()).toEqual({ done: false, value: "Ahoy" });
  const awaited = pieces.next();
  for (let times = 0; times < 4; times += 1) {
    await say(ping);
    clock.advance(29_000);
  }
  await say(`${beginning[type].split("\n\n").at(-2)}\n\n`);
  expect(await awaited).toEqual({ done: false, value: "Ahoy" });
  await pieces.return?.();
  await expect(result).rejects.toMatchObject({ name: "AbortError" });
  expect(clock.timers).toBe(0);
});

describe.each<Type>(["openai-compatible", "anthropic"])("a service (%s) that thinks", (type) => {
  it("is given up when it falls silent", async () => {
    const clock = createFakeClock();
    const { say, result } = ask(type, { clock });
    await say(": keep-alive\n\n");
    clock.advance(29_000);
    await say(": keep-alive\n\n");
    clock.advance(29_000);
    await settle();
    clock.advance(1_001);
    await expect(result).rejects.toMatchObject({
      route: { attempts: [{ outcome: "timed_out", message: expect.stringContaining("within 30000 ms") }] },
    });
    expect(clock.timers).toBe(0);
  });

  it("is not alive for single bytes", async () => {
    const clock = createFakeClock();
    const { say, result } = ask(type, { clock });
    await say("data: ");
    for (let times = 0; times < 2; times += 1) {
      clock.advance(14_000);
      await say(" ");
    }
    clock.advance(2_000);
    await expect(result).rejects.toMatchObject({ route: { attempts: [{ outcome: "timed_out" }] } });
  });

  it("gets the time of an attempt until it begins to answer, however often it says that it lives", async () => {
    const clock = createFakeClock();
    const { say, result } = ask(type, { clock, attemptMs: 60_000 });
    for (let times = 0; times < 3; times += 1) {
      await say(": keep-alive\n\n");
      clock.advance(20_000);
    }
    await expect(result).rejects.toMatchObject({
      route: { attempts: [{ outcome: "timed_out", message: "No answer began within 60000 ms." }] },
    });
  });

  it("has the deadline of the call after that", async () => {
    const clock = createFakeClock();
    const { say, result } = ask(type, { clock, deadlineMs: 90_000 });
    await say(beginning[type]);
    for (let times = 0; times < 9; times += 1) {
      await say(": keep-alive\n\n");
      clock.advance(10_000);
    }
    await expect(result).rejects.toMatchObject({
      code: "ATLAS_LLM_TRUNCATED",
      details: { text: "Ahoy" },
    });
  });
});
