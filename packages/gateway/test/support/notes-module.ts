import { defineCommand, defineModule, query, statement, tables } from "@atlas/core";
import { z } from "zod";

export interface NotesTables {
  notes_text: { text: string };
}

const insertNote = statement<NotesTables, { text: string }>((db, p) =>
  db
    .insertInto("notes_text")
    .values({ text: p.text })
    .onConflict((conflict) => conflict.doNothing()),
);
const listNotes = query<NotesTables, Record<never, never>>()((db) =>
  db.selectFrom("notes_text").select("text").orderBy("text"),
);
const command = defineCommand<NotesTables>();

/** A module of a host: a list of texts. A text that is there already is refused. */
export const notesModule = defineModule({
  name: "notes",
  version: 1,
  tables: tables<NotesTables>(),
  migrations: {
    "001_notes": ({ schema }) => [
      schema.createTable("notes_text").addColumn("text", "text", (column) => column.primaryKey().notNull()),
    ],
  },
  commands: {
    "notes.add": command({
      schema: z.object({ text: z.string() }),
      apply: ({ text }, change) => {
        change.run(
          insertNote,
          { text },
          { ifNone: { refuse: "NOTES_KNOWN", message: `"${text}" is known.` } },
        );
        change.emit({ type: "notes.added", aggregate_id: text });
      },
    }),
  },
  queries: (read) => ({
    list: async () => (await read.all(listNotes, {})).map(({ text }) => text),
  }),
});
