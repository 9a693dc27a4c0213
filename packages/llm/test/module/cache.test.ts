import { createStore, silentLogger } from "@atlas/core";
import { createFakeClock } from "@atlas/testing";
import { expect, it, onTestFinished } from "vitest";
import { llmModule } from "../../src/module/index.ts";

async function open() {
  const clock = createFakeClock("2026-01-01T00:00:00.000Z");
  const store = await createStore({ log: silentLogger, database: ":memory:", modules: [llmModule], clock });
  onTestFinished(() => store.stop());
  const { commands, repo } = store;
  const put = (key: string, expires_at: string, max_entries = 100) =>
    commands.enqueue({ type: "llm.cache.put", key, answer: `"${key}"`, expires_at, max_entries });
  const found = async (...keys: readonly string[]): Promise<string> => {
    const answers = await Promise.all(keys.map((key) => repo.llm.findCachedAnswer(key)));
    return keys.filter((_, index) => answers[index] !== undefined).join("");
  };
  return { store, clock, commands, repo, put, found };
}

const tomorrow = "2026-01-02T00:00:00.000Z";
const nextWeek = "2026-01-08T00:00:00.000Z";

it("keeps an answer, and the newest of a key", async () => {
  const { repo, put, commands } = await open();
  await put("a", tomorrow);
  expect(await repo.llm.findCachedAnswer("a")).toEqual({ answer: '"a"', expires_at: tomorrow });
  const newer = { key: "a", answer: '"new"', expires_at: nextWeek };
  await commands.enqueue({ type: "llm.cache.put", ...newer, max_entries: 100 });
  expect(await repo.llm.findCachedAnswer("a")).toEqual({ answer: '"new"', expires_at: nextWeek });
  expect(await repo.llm.findCachedAnswer("b")).toBeUndefined();
});

it("lets go of answers whose time is over when another is kept", async () => {
  const { clock, put, found } = await open();
  await put("a", tomorrow);
  await put("b", nextWeek);
  clock.advance(24 * 3_600_000);
  await put("c", nextWeek);
  expect(await found("a", "b", "c")).toBe("abc"); // it ends at this very moment
  clock.advance(1);
  await put("d", nextWeek);
  expect(await found("a", "b", "c", "d")).toBe("bcd");
});

it("lets go of those that expire soonest where there are too many", async () => {
  const { put, found } = await open();
  await put("a", nextWeek, 2);
  await put("b", tomorrow, 2);
  await put("c", nextWeek, 2);
  expect(await found("a", "b", "c")).toBe("ac");
  // A cache that was made smaller shrinks.
  await put("d", "2026-02-01T00:00:00.000Z", 1);
  expect(await found("a", "c", "d")).toBe("d");
});

it("is pruned by time, and is the same after a replay", async () => {
  const { store, put, found } = await open();
  await put("a", tomorrow);
  await put("b", nextWeek);
  await store.prune({ llm: { cache_before: "2026-01-05T00:00:00.000Z" } });
  expect(await found("a", "b")).toBe("b");
  expect(await store.verify()).toMatchObject({ status: "verified" });
});

it("emits no event, and refuses what is no answer of a cache", async () => {
  const { commands, repo, put } = await open();
  await put("a", tomorrow);
  expect((await repo.listDomainEvents()).items).toEqual([]);
  for (const wrong of [
    { key: "", answer: "" },
    { key: "k".repeat(201), answer: "" },
    { key: "a", answer: "x".repeat(1024 * 1024 + 1) },
    { key: "a", answer: "", max_entries: 0 },
  ]) {
    const command = { type: "llm.cache.put", expires_at: tomorrow, max_entries: 1, ...wrong } as const;
    await expect(commands.enqueue(command)).rejects.toMatchObject({ code: "ATLAS_CORE_COMMAND_INVALID" });
  }
});
