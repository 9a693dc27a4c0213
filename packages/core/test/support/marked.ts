import { z } from "zod";
import { DEPTH, defineCommand, defineModule, EVENT_SEQ, query, statement, tables } from "../../src/index.ts";

/** The tables of {@link marked}. */
export interface MarkedTables {
  marked_row: { id: string; seq: number; depth: number };
}

type Row = MarkedTables["marked_row"];

const upsertRow = statement<MarkedTables, Row>((db, p) =>
  db
    .insertInto("marked_row")
    .values(p.columns(["id", "seq", "depth"]))
    .onConflict((conflict) => conflict.column("id").doUpdateSet({ seq: p.seq, depth: p.depth })),
);
const selectBefore = query<MarkedTables, { seq: number }>()((db, p) =>
  db.selectFrom("marked_row").select("id").where("seq", "<", p.seq).limit(1),
);

const command = defineCommand<MarkedTables>();
const id = z.string();

/** Keeps what markers stand for, with one event, with several, and with none. */
export const marked = defineModule({
  name: "marked",
  version: 1,
  tables: tables<MarkedTables>(),
  migrations: {
    "001_row": ({ schema }) => [
      schema
        .createTable("marked_row")
        .addColumn("id", "text", (column) => column.primaryKey().notNull())
        .addColumn("seq", "integer", (column) => column.notNull())
        .addColumn("depth", "integer", (column) => column.notNull()),
    ],
  },
  commands: {
    "marked.put": command({
      schema: z.object({ id, events: z.int().min(0) }),
      apply: ({ id, events }, change) => {
        change.run(upsertRow, { id, seq: EVENT_SEQ, depth: DEPTH });
        for (let index = 0; index < events; index += 1)
          change.emit({ type: "marked.put", aggregate_id: id, payload: { index } });
      },
    }),
    "marked.putAfterOther": command({
      schema: z.object({ id }),
      apply: ({ id }, change) => {
        const refuse = "MARKED_FIRST";
        change.require(selectBefore, { seq: EVENT_SEQ }, { refuse, message: "No row came before." });
        change.run(upsertRow, { id, seq: EVENT_SEQ, depth: DEPTH });
        change.emit({ type: "marked.putAfterOther", aggregate_id: id });
      },
    }),
    "marked.tell": command({
      schema: z.object({ how: z.enum(["payload", "sum", "text"]) }),
      apply: ({ how }, change) => {
        const told = { payload: EVENT_SEQ, sum: 0, text: "" };
        if (how === "sum") told.sum = EVENT_SEQ + 1;
        if (how === "text") told.text = `${DEPTH}`;
        change.emit({ type: "marked.told", payload: told });
      },
    }),
  },
});
