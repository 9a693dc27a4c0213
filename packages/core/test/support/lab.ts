import { z } from "zod";
import {
  defineCommand,
  defineModule,
  type NewChangeEvent,
  query,
  statement,
  tables,
} from "../../src/index.ts";

// A module whose commands go wrong in every way in which a command can.

/** The tables of {@link lab}. */
export interface LabTables {
  lab_rows: { id: string };
}

const insertRow = statement<LabTables, { id: string }>((db, p) =>
  db.insertInto("lab_rows").values({ id: p.id }),
);
const deleteRow = statement<LabTables, { id: string }>((db, p) =>
  db.deleteFrom("lab_rows").where("id", "=", p.id),
);
const selectRow = query<LabTables, { id: string }>()((db, p) =>
  db.selectFrom("lab_rows").select("id").where("id", "=", p.id),
);

const badEvents: Readonly<Record<string, unknown>> = {
  "no type": {},
  "number as aggregate_id": { type: "lab.bad", aggregate_id: 7 },
  "date as created_at": { type: "lab.bad", created_at: new Date(0) },
  "BigInt in payload": { type: "lab.bad", payload: { value: 1n } },
  "function as payload": { type: "lab.bad", payload: () => undefined },
};

/** The names of the events that no store can keep. */
export const badEventNames: readonly string[] = Object.keys(badEvents);

const command = defineCommand<LabTables>();
const withId = z.object({ id: z.string() });
const nothing = z.object({});

/** Puts and takes rows, and misbehaves on demand. */
export const lab = defineModule({
  name: "lab",
  version: 1,
  tables: tables<LabTables>(),
  migrations: {
    "001_rows": ({ schema }) => [
      schema.createTable("lab_rows").addColumn("id", "text", (column) => column.primaryKey().notNull()),
    ],
  },
  commands: {
    /** A second row of one id violates the table's key. */
    "lab.put": command({
      schema: withId,
      apply: ({ id }, change) => {
        change.run(insertRow, { id });
        change.emit({ type: "lab.put", aggregate_id: id });
      },
    }),
    /** Writes and emits, and then violates the key: its first write must go too. */
    "lab.putTwice": command({
      schema: withId,
      apply: ({ id }, change) => {
        change.run(insertRow, { id });
        change.emit({ type: "lab.put", aggregate_id: id });
        change.run(insertRow, { id });
      },
    }),
    "lab.take": command({
      schema: withId,
      apply: ({ id }, change) => change.run(deleteRow, { id }),
    }),
    "lab.throw": command({
      schema: nothing,
      apply: () => {
        throw new RangeError("the lab exploded");
      },
    }),
    "lab.refuse": command({
      schema: withId,
      apply: ({ id }, change) => {
        change.require(
          selectRow,
          { id },
          { refuse: "LAB_NO_ROW", message: `No row "${id}".`, details: { id } },
        );
        change.emit({ type: "lab.found", aggregate_id: id });
      },
    }),
    /** Asks to refuse after it has written, which no handler may. */
    "lab.lateGuard": command({
      schema: withId,
      apply: ({ id }, change) => {
        change.run(insertRow, { id });
        change.run(deleteRow, { id }, { ifNone: "stop" });
      },
    }),
    "lab.emitBad": command({
      schema: z.object({ event: z.string() }),
      apply: ({ event }, change) => {
        change.run(insertRow, { id: event });
        // What a handler without types could do.
        change.emit(badEvents[event] as NewChangeEvent);
      },
    }),
    "lab.bindObject": command({
      schema: nothing,
      apply: (_, change) => change.run(insertRow, { id: { not: "bindable" } as unknown as string }),
    }),
  },
});
