import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { expect, it } from "vitest";
import { createStore, silentLogger } from "../../src/index.ts";
import { startHost } from "../support/host-process.ts";
import { openStore } from "../support/open-store.ts";
import { countRows } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";

const note = (id: string) => ({ type: "entity.upsert", entity: { id, type: "note" } }) as const;

it("waits for a process that holds the write lock for two seconds, without holding up the event loop", async () => {
  const store = await openStore();
  const delay = monitorEventLoopDelay({ resolution: 5 });
  const host = startHost("holding-host.ts", { database: store.path, holdMs: 2_000 });
  await host.printed(1);
  delay.enable();
  const startedAt = performance.now();
  const sent = Array.from({ length: 200 }, (_, index) => store.commands.enqueue(note(`${index}`)));
  await store.flush();
  expect(store.health()).toMatchObject({ status: "degraded", reason: "busy" });
  expect(await store.repo.listEntities()).toEqual({ items: [] });
  const seqs = (await Promise.all(sent)).map(({ seq }) => seq);
  const waitedMs = performance.now() - startedAt;
  delay.disable();
  expect(seqs).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
  expect(waitedMs).toBeGreaterThan(1_500);
  // Waiting inside SQLite would be one delay as long as the lock. The rest of the bound is for a busy machine.
  expect(delay.percentile(95) / 1e6).toBeLessThan(50);
  expect(delay.max / 1e6).toBeLessThan(waitedMs / 3);
}, 15_000);

it("rejects what waits for a lock that is never freed, loses none of it, and goes on when its holder is gone", async () => {
  const store = await openStore({ storageDeadlineMs: 300 });
  const host = startHost("holding-host.ts", { database: store.path });
  await host.printed(1);
  const sent = Array.from({ length: 50 }, (_, index) => store.commands.enqueue(note(`${index}`)));
  for (const error of await Promise.all(sent.map(rejection))) {
    expect(error).toMatchObject({ code: "ATLAS_CORE_STORAGE_BUSY", details: { outcome: "not applied" } });
  }
  expect(countRows(store.path, "entities")).toBe(0);
  host.kill();
  await host.ended;
  const again = await Promise.all(
    Array.from({ length: 50 }, (_, index) => store.commands.enqueue(note(`${index}`))),
  );
  expect(again.at(-1)).toEqual({ seq: 50, changed: true });
  expect(store.health()).toEqual({ status: "ok" });
}, 15_000);

it("does not start on a file that another program holds locked, says so within a second, and starts after it", async () => {
  const store = await openStore();
  await store.stop();
  const host = startHost("holding-host.ts", { database: store.path });
  await host.printed(1);
  const startedAt = performance.now();
  const error = await rejection(createStore({ log: silentLogger, database: store.path }));
  expect(performance.now() - startedAt).toBeLessThan(1_000);
  expect(error).toMatchObject({
    code: "ATLAS_CORE_DATABASE_IN_USE",
    retryable: true,
    details: { path: store.path },
  });
  host.kill();
  await host.ended;
  await openStore({ database: store.path });
}, 15_000);
