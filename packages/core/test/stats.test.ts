import { statSync } from "node:fs";
import { expect, it } from "vitest";
import { openStore } from "./support/open-store.ts";
import { rejection } from "./support/rejection.ts";

const note = (id: string) => ({ type: "entity.upsert", entity: { id, type: "note" } }) as const;

it("tells what waits, how commits went, and how large the files are", async () => {
  const store = await openStore();
  expect(store.stats()).toMatchObject({
    queue: { commands: 0, bytes: 0 },
    batchCommands: { count: 0, mean: 0, p50: 0, p90: 0, p99: 0, max: 0 },
    commitMs: { count: 0 },
    refusedCommands: 0,
    journalEntries: 0,
  });
  const sent = Array.from({ length: 30 }, (_, index) => store.commands.enqueue(note(`n${index}`)));
  expect(store.stats().queue.commands).toBe(30);
  expect(store.stats().queue.bytes).toBeGreaterThan(0);
  await Promise.all(sent);
  await store.commands.enqueue(note("alone"));
  const stats = store.stats();
  expect(stats.queue).toEqual({ commands: 0, bytes: 0 });
  expect(stats.batchCommands).toMatchObject({ count: 2, mean: 15.5, max: 30 });
  expect(stats.commitMs.count).toBe(2);
  expect(stats.commitMs.p50).toBeGreaterThan(0);
  expect(stats.commitMs.max).toBeGreaterThanOrEqual(stats.commitMs.p50);
  expect(stats.journalEntries).toBe(31);
  expect(stats.databaseBytes).toBe(statSync(store.path).size);
  expect(stats.walBytes).toBe(statSync(`${store.path}-wal`).size);
});

it("counts refusals before the queue and behind it", async () => {
  const store = await openStore();
  await rejection(store.commands.enqueue({ ...note("x"), unknown: 1 } as never));
  await rejection(store.commands.enqueue({ type: "artifact.update", id: "none", patch: {} }));
  await rejection(store.commands.enqueueAll([note("a"), { type: "artifact.update", id: "none", patch: {} }]));
  expect(store.stats().refusedCommands).toBe(4);
});

it("can be asked after the store was stopped", async () => {
  const store = await openStore();
  await store.stop();
  expect(store.stats().queue).toEqual({ commands: 0, bytes: 0 });
});
