import { defineCommand, defineModule, query, statement, tables } from "@atlas/core";
import { z } from "zod";

export interface LabTables {
  lab_notes: { text: string };
}

const insertNote = statement<LabTables, { text: string }>((db, p) =>
  db
    .insertInto("lab_notes")
    .values({ text: p.text })
    .onConflict((conflict) => conflict.doNothing()),
);

const countNotes = query<LabTables, Record<never, never>>()((db) =>
  db.selectFrom("lab_notes").select((row) => row.fn.countAll<number>().as("count")),
);

const command = defineCommand<LabTables>();

/** A module of a user: notes, each text once. A second note of the same text is refused. */
export const labModule = defineModule({
  name: "lab",
  version: 1,
  tables: tables<LabTables>(),
  migrations: {
    "001_notes": ({ schema }) => [
      schema.createTable("lab_notes").addColumn("text", "text", (column) => column.primaryKey().notNull()),
    ],
  },
  commands: {
    "lab.note": command({
      schema: z.object({ text: z.string() }),
      apply: ({ text }, change) => {
        change.run(insertNote, { text }, { ifNone: { refuse: "LAB_KNOWN", message: `"${text}" is known.` } });
        change.emit({ type: "lab.noted", aggregate_id: text });
      },
    }),
  },
  queries: (read) => ({
    count: async () => (await read.get(countNotes, {}))?.count ?? 0,
  }),
});
