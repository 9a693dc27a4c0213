import { expect, it } from "vitest";
import { z } from "zod";
import { defineCommand, defineModule, statement, tables } from "../../src/index.ts";
import { openStore } from "../support/open-store.ts";
import { readRows } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";

interface ListTables {
  list_rows: { id: string; items: string };
}

const insert = statement<ListTables, { id: string; items: string }>((db, p) =>
  db.insertInto("list_rows").values({ id: p.id, items: p.items }),
);
const schema = z.object({ id: z.string(), items: z.array(z.string()) });
const command = defineCommand<ListTables>();

const lists = defineModule({
  name: "list",
  version: 1,
  tables: tables<ListTables>(),
  migrations: {
    "001_lists": ({ schema }) => [
      schema
        .createTable("list_rows")
        .addColumn("id", "text", (column) => column.primaryKey().notNull())
        .addColumn("items", "text", (column) => column.notNull()),
    ],
  },
  commands: {
    "list.add": command({
      schema,
      apply: ({ id, items }, change) => change.run(insert, { id, items: items.join() }),
    }),
    // What it changes would be in the journal, and a replay would change it once more.
    "list.addTwice": command({
      schema,
      apply: ({ id, items }, change) => {
        items.push(...items);
        change.run(insert, { id, items: items.join() });
      },
    }),
  },
});

it("refuses a command whose handler changes its payload, and applies the others", async () => {
  const store = await openStore({ modules: [lists] });
  const sent = { id: "b", items: ["x"] };
  const [, error] = await Promise.all([
    store.commands.enqueue({ type: "list.add", id: "a", items: ["x", "y"] }),
    rejection(store.commands.enqueue({ type: "list.addTwice", ...sent })),
  ]);
  expect(error).toMatchObject({ code: "ATLAS_CORE_HANDLER_FAILED", cause: expect.any(TypeError) });
  // The caller's own list is not frozen: what is sent is a copy.
  sent.items.push("y");
  expect(readRows(store.path, "select * from list_rows")).toEqual([{ id: "a", items: "x,y" }]);
  expect(await store.verify()).toMatchObject({ status: "verified", commands: 1 });
});
