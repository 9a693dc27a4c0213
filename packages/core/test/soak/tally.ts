import { z } from "zod";
import { defineCommand, defineModule, idText, statement, tables } from "../../src/index.ts";

/** The tables of {@link tally}. */
export interface TallyTables {
  tally_counts: { id: string; value: number };
  tally_names: { id: string };
}

const add = statement<TallyTables, { id: string; by: number }>((db, p) =>
  db
    .insertInto("tally_counts")
    .values({ id: p.id, value: p.by })
    .onConflict((conflict) =>
      conflict
        .column("id")
        .doUpdateSet((row) => ({ value: row("tally_counts.value", "+", row.ref("excluded.value")) })),
    ),
);
const claim = statement<TallyTables, { id: string }>((db, p) =>
  db.insertInto("tally_names").values({ id: p.id }),
);

const command = defineCommand<TallyTables>();

/** A module outside core. Adding twice shows in the sum, so nothing may be applied twice. */
export const tally = defineModule({
  name: "tally",
  version: 1,
  tables: tables<TallyTables>(),
  migrations: {
    "001_tables": ({ schema }) => [
      schema
        .createTable("tally_counts")
        .addColumn("id", "text", (column) => column.primaryKey().notNull())
        .addColumn("value", "integer", (column) => column.notNull()),
      schema.createTable("tally_names").addColumn("id", "text", (column) => column.primaryKey().notNull()),
    ],
  },
  commands: {
    "tally.add": command({
      schema: z.object({ id: idText, by: z.int() }),
      apply: ({ id, by }, change) => {
        change.run(add, { id, by });
        change.emit({ type: "tally.added", aggregate_id: id, payload: { by } });
      },
    }),
    /** Adds, and then claims a name: refused by its constraint after a write where the name is taken. */
    "tally.claim": command({
      schema: z.object({ id: idText }),
      apply: ({ id }, change) => {
        change.run(add, { id, by: 1 });
        change.run(claim, { id });
        change.emit({ type: "tally.claimed", aggregate_id: id });
      },
    }),
  },
});
