import { z } from "zod";
import { defineCommand } from "../contract/define-command.ts";
import { idText } from "../contract/id.ts";
import { jsonObject, jsonText } from "../contract/json.ts";
import { lazySchema } from "../contract/lazy-schema.ts";
import { lazyStatement } from "../contract/statement.ts";
import { timeText } from "../contract/time.ts";
import type { CoreEvents } from "./core-events.ts";
import type { CoreTables, EventRow } from "./tables.ts";

/** Something that happened in the outside world. Events are never changed. */
const eventInput = () =>
  z.strictObject({
    id: idText.optional(),
    type: idText,
    source: idText.optional(),
    external_id: idText.optional(),
    entity_id: idText.optional(),
    data: jsonObject.optional(),
    occurred_at: timeText.optional(),
  });

/** The input of `event.insert`. */
export type EventInput = z.input<ReturnType<typeof eventInput>>;

/** The columns of `events`. */
export const EVENT_COLUMNS = [
  "id",
  "type",
  "source",
  "external_id",
  "entity_id",
  "data",
  "occurred_at",
] as const satisfies readonly (keyof EventRow)[];

const insertEvent = lazyStatement<CoreTables, EventRow>((db, p) =>
  db
    .insertInto("events")
    .values(p.columns(EVENT_COLUMNS))
    .onConflict((conflict) => conflict.doNothing()),
);

const command = defineCommand<CoreTables, CoreEvents>();

/** Stores an event. If its id or its `(source, external_id)` exists, nothing changes. */
export const eventInsert = command({
  schema: lazySchema(() => z.object({ event: eventInput() })),
  prepare: ({ event }, { now, newId }) => ({
    event: { ...event, id: event.id ?? newId(), occurred_at: event.occurred_at ?? now },
  }),
  apply: ({ event }, change) => {
    const row: EventRow = {
      id: event.id,
      type: event.type,
      source: event.source ?? null,
      external_id: event.external_id ?? null,
      entity_id: event.entity_id ?? null,
      data: event.data === undefined ? null : jsonText(event.data),
      occurred_at: event.occurred_at,
    };
    change.run(insertEvent, row, { ifNone: "stop" });
    change.emit({
      type: "event.inserted",
      aggregate_id: row.id,
      payload: { type: row.type, ...(row.entity_id === null ? {} : { entity_id: row.entity_id }) },
    });
  },
});
