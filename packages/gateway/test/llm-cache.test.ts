import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CacheEntry, createMemoryCache, type LLMRuntime } from "@atlas/llm";
import type { WorkflowPlugin } from "@atlas/plugins";
import { createFakeClock } from "@atlas/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { createGateway, type Gateway, type GatewayOptions, silentLogger } from "../src/index.ts";

const asking: WorkflowPlugin = {
  id: "ask.v1",
  async run({ llm }) {
    await llm.generateText({ prompt: "Hello" });
    await llm.streamText({ prompt: "Hello" }).result;
  },
};

/** A model that counts its answers. */
function createHouse() {
  let asked = 0;
  const house: LLMRuntime = {
    async generateText() {
      asked += 1;
      const usage = { inputTokens: 5, outputTokens: 7 };
      return { text: `Answer ${asked}.`, provider: "house", finishReason: "stop", usage };
    },
  };
  return { house, asked: () => asked };
}

async function open(options: Partial<GatewayOptions>): Promise<Gateway> {
  const gateway = await createGateway({
    database: ":memory:",
    env: {},
    log: silentLogger,
    llmCache: { ttlMs: 60_000 },
    ...options,
  });
  onTestFinished(() => gateway.stop());
  return gateway;
}

function createDatabase(): string {
  const folder = mkdtempSync(join(tmpdir(), "llm-cache-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "a.db");
}

const llm = { profiles: { fast: ["house"] } };

describe("the cache of a gateway", () => {
  it("answers jobs, and says so in the evidence of their calls", async () => {
    const { house, asked } = createHouse();
    const gateway = await open({ providers: { house }, routing: { llm }, workflows: [asking] });
    await gateway.start();
    const { id } = await gateway.jobs.create({ workflow_id: "ask.v1" });
    expect((await gateway.jobs.wait(id)).status).toBe("succeeded");
    const [first, second] = await gateway.repo.llm.listCalls(id);
    expect(first).toMatchObject({ candidate: "house", input_tokens: 5, output_tokens: 7 });
    expect(first).not.toHaveProperty("cached");
    expect(second).toMatchObject({
      cached: true,
      status: "answered",
      method: "stream",
      provider: "house",
      input_tokens: 0,
      output_tokens: 0,
      tries: [],
    });
    expect(asked()).toBe(1);
    expect(await gateway.store.verify()).toMatchObject({ status: "verified" });
  });

  it("is in its file, and there for the next start", async () => {
    const database = createDatabase();
    const first = createHouse();
    const before = await open({ database, providers: { house: first.house }, routing: { llm } });
    await before.llm.generateText({ prompt: "Hello" });
    await before.stop();
    const second = createHouse();
    const after = await open({ database, providers: { house: second.house }, routing: { llm } });
    expect(await after.llm.generateText({ prompt: "Hello" })).toMatchObject({
      text: "Answer 1.",
      cached: true,
    });
    expect(second.asked()).toBe(0);
  });

  it("does not give answers of models that are no longer configured", async () => {
    const database = createDatabase();
    const { house } = createHouse();
    const providers = { house, shed: house };
    const before = await open({ database, providers, routing: { llm } });
    await before.llm.generateText({ prompt: "Hello" });
    await before.stop();
    const changed = { llm: { profiles: { fast: ["shed", "house"] } } };
    const after = await open({ database, providers, routing: changed });
    expect((await after.llm.generateText({ prompt: "Hello" })).cached).toBeUndefined();
  });

  it("is inside of all middleware, which sees its answers too", async () => {
    const { house, asked } = createHouse();
    const seen: unknown[] = [];
    const gateway = await open({
      llm: house,
      llmMiddleware: [
        (next) => ({
          async generateText(options) {
            const result = await next.generateText({ ...options, system: `Call ${seen.length % 2}.` });
            seen.push(result.cached);
            return result;
          },
        }),
      ],
    });
    for (let times = 0; times < 4; times += 1) await gateway.llm.generateText({ prompt: "Hello" });
    expect(seen).toEqual([undefined, undefined, true, true]);
    expect(asked()).toBe(2);
  });

  it("holds so many answers, for so long", async () => {
    const { house, asked } = createHouse();
    const clock = createFakeClock();
    const gateway = await open({
      llm: house,
      clock,
      llmCache: { ttlMs: 1_000, maxEntries: 1, maxEntryBytes: 200 },
    });
    const ask = async (prompt: string) => {
      const { cached = false } = await gateway.llm.generateText({ prompt });
      // A command of the same queue: the answer is in the file when it is.
      await gateway.commands.enqueue({ type: "entity.upsert", entity: { type: "note" } });
      return cached;
    };
    expect([await ask("a"), await ask("a")]).toEqual([false, true]);
    clock.advance(500);
    expect([await ask("b"), await ask("a"), await ask("a")]).toEqual([false, false, true]);
    clock.advance(1_000);
    expect(await ask("a")).toBe(false);
    expect(asked()).toBe(4);
  });

  it("can be kept elsewhere", async () => {
    const { house } = createHouse();
    const kept: CacheEntry[] = [];
    const memory = createMemoryCache();
    const store = {
      get: memory.get,
      set(key: string, entry: CacheEntry) {
        kept.push(entry);
        memory.set(key, entry);
      },
    };
    const gateway = await open({ llm: house, llmCache: { ttlMs: 60_000, store } });
    await gateway.llm.generateText({ prompt: "Hello" });
    expect((await gateway.llm.generateText({ prompt: "Hello" })).cached).toBe(true);
    expect(kept).toHaveLength(1);
  });

  it("is not there unless it is asked for", async () => {
    const { house, asked } = createHouse();
    const gateway = await createGateway({ database: ":memory:", log: silentLogger, llm: house });
    onTestFinished(() => gateway.stop());
    for (const _ of [1, 2]) await gateway.llm.generateText({ prompt: "Hello" });
    expect(asked()).toBe(2);
  });

  it.each([
    [{}, "llmCache.ttlMs must be a whole number from 1 to"],
    [{ ttlMs: 0 }, "llmCache.ttlMs must be"],
    [{ ttlMs: Number.POSITIVE_INFINITY }, "llmCache.ttlMs must be"],
    [{ ttlMs: 1, maxEntries: 0 }, "llmCache.maxEntries must be"],
    [{ ttlMs: 1, maxEntryBytes: 2 ** 21 }, "llmCache.maxEntryBytes must be a whole number from 1 to 1048576"],
    [{ ttlMs: 1, ttl: 1 }, '"ttl" is not an option'],
  ])("refuses the options %j", async (llmCache, message) => {
    // Callers without types can pass anything.
    const options = { database: ":memory:", llmCache: llmCache as { ttlMs: number } };
    await expect(createGateway(options)).rejects.toThrow(message);
  });
});
