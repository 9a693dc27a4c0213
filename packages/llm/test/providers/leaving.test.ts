import { createFakeClock, type FakeFault } from "@atlas/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { toModel } from "../../src/ai-sdk/index.ts";
import {
  applyMiddleware,
  createLLM,
  createStream,
  type LLMMiddleware,
  streamOf,
  withInstructions,
} from "../../src/index.ts";
import { withTracing } from "../../src/tracing/index.ts";
import { createFolder } from "../support/folder.ts";
import { openRouter, openServer, services } from "../support/services.ts";

/** A middleware of a user's own. */
const passing: LLMMiddleware = (next) => ({
  ...next,
  streamText: (options) =>
    createStream(options.signal, async (emit, signal) => {
      const { textStream, result } = streamOf(next, { ...options, signal });
      for await (const piece of textStream) await emit(piece);
      return result;
    }),
});

/** Every layer there is, over a service that hangs. Its clock stands still, so whatever waited for a time would never end. */
async function setUp(fault: FakeFault) {
  const server = await openServer();
  server.reply({ fault });
  const router = openRouter(server, { clock: createFakeClock(), policy: { maxConcurrency: 1 } });
  const folder = createFolder();
  onTestFinished(() => folder[Symbol.dispose]());
  const middleware = [withTracing(), passing, withInstructions({ root: folder.path })];
  const llm = createLLM(applyMiddleware(router, middleware));
  const isReady = (profile: string): boolean => router.explainRoute(profile).candidates[0]?.state === "ready";
  return { server, llm, isReady };
}

describe.each(services)("leaving a stream of %s", (profile) => {
  const call = { profile, prompt: "Hello" };

  it("before the first piece has been asked for closes its connection", async () => {
    const { server, llm, isReady } = await setUp("hang");
    const { textStream, result } = llm.streamText(call);
    await expect.poll(() => server.requests.length, { interval: 1 }).toBe(1);
    expect(isReady(profile)).toBe(false);
    await textStream[Symbol.asyncIterator]().return?.();
    await expect(result).rejects.toMatchObject({ name: "AbortError" });
    expect(await server.requests[0]?.over).toBe("aborted");
    expect(isReady(profile)).toBe(true);
  });

  it.each<FakeFault>(["hang", "hang_mid_stream"])(
    "while a piece is awaited closes it (%s)",
    async (fault) => {
      const { server, llm, isReady } = await setUp(fault);
      const { textStream, result } = llm.streamText(call);
      const pieces = textStream[Symbol.asyncIterator]();
      if (fault === "hang_mid_stream") for (const _ of ["The", " fake"]) await pieces.next();
      const awaited = pieces.next();
      await expect.poll(() => server.requests.length, { interval: 1 }).toBe(1);
      await pieces.return?.();
      expect((await awaited).done).toBe(true);
      await expect(result).rejects.toMatchObject({ name: "AbortError" });
      expect(await server.requests[0]?.over).toBe("aborted");
      expect(isReady(profile)).toBe(true);
    },
  );

  it("that is read as one of the AI SDK closes it", async () => {
    const { server, llm, isReady } = await setUp("hang_mid_stream");
    const { stream } = await toModel(llm, profile).doStream({
      prompt: [{ role: "user", content: [{ type: "text", text: "Hello" }] }],
    });
    const reader = stream.getReader();
    for (let part = await reader.read(); part.value?.type !== "text-delta"; ) part = await reader.read();
    await reader.read();
    const awaited = reader.read();
    await reader.cancel();
    expect((await awaited).done).toBe(true);
    expect(await server.requests[0]?.over).toBe("aborted");
    expect(isReady(profile)).toBe(true);
  });
});
