import { tmpdir } from "node:os";
import { sql } from "kysely";
import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { openRaw } from "../../../../test/support/test-driver.ts";
import { onWritingConnection } from "../../../../test/support/writing-connections.ts";
import { defineCommand, defineModule, silentLogger, statement, tables } from "../../src/index.ts";
import { createStore } from "../support/driver.ts";
import { finops } from "../support/finops.ts";
import { writeHistory } from "../support/history.ts";
import { openStore } from "../support/open-store.ts";
import { readRows } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";
import { databasePath } from "../support/temporary-folder.ts";

it("finds that replaying every kind of command gives the same rows, byte for byte", async () => {
  const store = await openStore({ modules: [finops] });
  await writeHistory(store);
  await store.commands.enqueue({ type: "finops.cost.record", cost: { job_id: "job", microusd: 7 } });
  const last = readRows<{ seq: number }>(store.path, "select max(seq) as seq from journal")[0]?.seq;
  expect(await store.verify()).toEqual({
    status: "verified",
    first_seq: 1,
    last_seq: last,
    commands: last,
    digest: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
});

it("verifies an empty store, and one that was opened again in the middle", async () => {
  const database = databasePath();
  const first = await createStore({ log: silentLogger, database });
  expect(await first.verify()).toMatchObject({ status: "verified", first_seq: 1, last_seq: 0, commands: 0 });
  await writeHistory(first);
  await first.stop();
  const second = await openStore({ database });
  await second.commands.enqueue({ type: "entity.upsert", entity: { id: "later", type: "note" } });
  expect(await second.verify()).toMatchObject({ status: "verified", first_seq: 1 });
});

it("verifies while commands go on being written", async () => {
  const store = await openStore();
  await writeHistory(store);
  let open = true;
  const writing = (async () => {
    for (let n = 0; open; n += 1) {
      await store.commands.enqueue({ type: "entity.upsert", entity: { id: `n${n}`, type: "note" } });
    }
    return undefined;
  })();
  expect(await store.verify()).toMatchObject({ status: "verified" });
  open = false;
  await writing;
});

it("names the tables that something else than a command has changed", async () => {
  const database = databasePath();
  const store = await createStore({ log: silentLogger, database });
  await writeHistory(store);
  await store.stop();
  const foreign = openRaw(database);
  foreign.exec("update entities set title = 'not by a command'; delete from jobs");
  foreign.close();
  const again = await openStore({ database });
  expect(await again.verify()).toMatchObject({
    status: "diverged",
    tables: ["entities", "jobs"],
    message: expect.stringContaining("entities, jobs"),
  });
});

it("names the command that cannot be carried out again", async () => {
  const database = databasePath();
  const store = await createStore({ log: silentLogger, database });
  await writeHistory(store);
  await store.stop();
  const foreign = openRaw(database);
  foreign
    .prepare("update journal set payload = ? where type = 'artifact.update'")
    .run('{"id":"another","patch":{"updated_at":"2026-11-21T00:00:00.000Z"}}');
  foreign.close();
  const again = await openStore({ database });
  const seq = readRows<{ seq: number }>(database, "select seq from journal where type = 'artifact.update'")[0]
    ?.seq;
  expect(await again.verify()).toMatchObject({
    status: "diverged",
    tables: [],
    message: expect.stringContaining(
      `command ${seq} cannot be applied again: There is no artifact "another"`,
    ),
  });
});

it("notices a handler that does something else than it did, under the same version", async () => {
  interface CounterTables {
    counter_values: { id: string; value: number };
  }
  const set = statement<CounterTables, { id: string; value: number }>((db, p) =>
    db.insertInto("counter_values").values({ id: p.id, value: p.value }),
  );
  const counter = (factor: number) =>
    defineModule({
      name: "counter",
      version: 1,
      tables: tables<CounterTables>(),
      migrations: {
        "001_values": ({ schema }) => [
          schema
            .createTable("counter_values")
            .addColumn("id", "text", (column) => column.primaryKey().notNull())
            .addColumn("value", "integer", (column) => column.notNull()),
        ],
      },
      commands: {
        "counter.set": defineCommand<CounterTables>()({
          schema: z.object({ id: z.string(), value: z.int() }),
          apply: ({ id, value }, change) => change.run(set, { id, value: value * factor }),
        }),
      },
    });
  const database = databasePath();
  const store = await createStore({ log: silentLogger, database, modules: [counter(1)] });
  await store.commands.enqueue({ type: "counter.set", id: "a", value: 2 });
  await store.stop();
  const changed = await openStore({ database, modules: [counter(10)] });
  expect(await changed.verify()).toMatchObject({ status: "diverged", tables: ["counter_values"] });
});

it("says that the journal is incomplete when entries were removed behind its back", async () => {
  const database = databasePath();
  const store = await createStore({ log: silentLogger, database });
  await writeHistory(store);
  await store.stop();
  const foreign = openRaw(database);
  foreign.exec("delete from journal where seq = 3");
  foreign.close();
  const again = await openStore({ database });
  const error = await rejection(again.verify());
  expect(error).toMatchObject({
    code: "ATLAS_CORE_EPOCH_UNREACHABLE",
    details: { reason: "journal incomplete" },
    message: expect.stringContaining("command 3 is not in the journal"),
  });
});

it("tells a full disk for temporary files from a difference", async () => {
  const store = await openStore();
  const artifact = { type: "report", content_md: "x".repeat(100_000) };
  await store.commands.enqueue({ type: "artifact.create", artifact });
  await writeHistory(store);
  onTestFinished(
    onWritingConnection((database) => {
      if (database.name.startsWith(tmpdir())) database.pragma("max_page_count = 1");
    }),
  );
  for (const look of [() => store.verify(), () => store.asOf(3), () => store.replay(databasePath())]) {
    const error = await rejection(look());
    expect(error).toMatchObject({
      code: "ATLAS_CORE_COPY_FAILED",
      retryable: true,
      message: expect.stringContaining("full"),
    });
  }
});

it("verifies full-text tables, whose inner tables depend on where batches end", async () => {
  interface SearchTables {
    search_texts: { body: string };
  }
  const add = statement<SearchTables, { body: string }>((db, p) =>
    db.insertInto("search_texts").values({ body: p.body }),
  );
  const search = defineModule({
    name: "search",
    version: 1,
    tables: tables<SearchTables>(),
    migrations: {
      "001_texts": (db) => [
        { compile: () => sql`create virtual table search_texts using fts5(body)`.compile(db) },
      ],
    },
    commands: {
      "search.add": defineCommand<SearchTables>()({
        schema: z.object({ body: z.string() }),
        apply: ({ body }, change) => change.run(add, { body }),
      }),
    },
  });
  const store = await openStore({ modules: [search] });
  for (let n = 0; n < 40; n += 1) {
    await store.commands.enqueue({ type: "search.add", body: `gauge ${n} of the river ${n % 7}` });
  }
  expect(await store.verify()).toMatchObject({ status: "verified", commands: 40 });
  await store.stop();
  const foreign = openRaw(store.path);
  foreign.exec("insert into search_texts (body) values ('not by a command')");
  foreign.close();
  const again = await openStore({ database: store.path, modules: [search] });
  expect(await again.verify()).toMatchObject({ status: "diverged", tables: ["search_texts"] });
});

it("verifies a store whose module was removed before the first command", async () => {
  const database = databasePath();
  await (await openStore({ database, modules: [finops] })).stop();
  const store = await openStore({ database });
  await writeHistory(store);
  expect(await store.verify()).toMatchObject({ status: "verified", first_seq: 1 });
});

it("ends with the store, and leaves nothing behind", async () => {
  const store = await createStore({ log: silentLogger, database: databasePath() });
  await writeHistory(store);
  const verifying = rejection(store.verify());
  await store.stop();
  expect((await verifying).code).toBe("ATLAS_CORE_STOPPED");
  expect((await rejection(store.verify())).code).toBe("ATLAS_CORE_STOPPED");
});
