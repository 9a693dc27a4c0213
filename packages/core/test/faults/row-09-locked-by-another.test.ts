import { expect, it } from "vitest";
import { silentLogger } from "../../src/index.ts";
import { createStore } from "../support/driver.ts";
import { startHost } from "../support/host-process.ts";
import { executors } from "../support/later-executor.ts";
import { openStore } from "../support/open-store.ts";
import { countRows } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";

const note = (id: string) => ({ type: "entity.upsert", entity: { id, type: "note" } }) as const;

it("waits for a process that holds the write lock for two seconds, without holding up the event loop", async () => {
  const store = await openStore();
  const host = startHost("holding-host.ts", { database: store.path, holdMs: 2_000 });
  await host.printed(1);
  const sent = Array.from({ length: 200 }, (_, index) => store.commands.enqueue(note(`${index}`)));
  // While the lock is held: a call that waited inside SQLite would come back when it is free.
  await store.flush();
  expect(store.health()).toMatchObject({ status: "degraded", reason: "busy" });
  expect(await store.repo.listEntities()).toEqual({ items: [] });
  const seqs = (await Promise.all(sent)).map(({ seq }) => seq);
  expect(seqs).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
  expect(store.health()).toEqual({ status: "ok" });
}, 15_000);

it.each(executors)(
  "rejects what waits for a lock that is never freed, loses none of it, and goes on when its holder is gone: answering $answers",
  async ({ executorOf }) => {
    const store = await openStore({ storageDeadlineMs: 300 }, executorOf);
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
  },
  15_000,
);

it("does not start on a file that another program holds locked, says so while it is, and starts after it", async () => {
  const store = await openStore();
  await store.stop();
  const host = startHost("holding-host.ts", { database: store.path });
  await host.printed(1);
  const error = await rejection(createStore({ log: silentLogger, database: store.path }));
  expect(error).toMatchObject({
    code: "ATLAS_CORE_DATABASE_IN_USE",
    retryable: true,
    details: { path: store.path },
  });
  host.kill();
  await host.ended;
  await openStore({ database: store.path });
}, 15_000);
