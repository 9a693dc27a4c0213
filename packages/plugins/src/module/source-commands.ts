import { defineCommand, idText, type JsonValue, jsonObject, jsonText, timeText } from "@atlas/core";
import { lazySchema, lazyStatement } from "@atlas/core/internal";
import { z } from "zod";
import type { PluginsTables, ScheduleKind } from "./tables.ts";

const keepCursor = lazyStatement<PluginsTables, { source_id: string; cursor: string }>((db, p, { differs }) =>
  db
    .insertInto("plugins_source_cursors")
    .values({ source_id: p.source_id, cursor: p.cursor })
    .onConflict((conflict) =>
      conflict
        .column("source_id")
        .doUpdateSet((row) => ({ cursor: row.ref("excluded.cursor") }))
        .where((row) => differs(row.ref("plugins_source_cursors.cursor"), row.ref("excluded.cursor"))),
    ),
);

interface NextTime {
  kind: ScheduleKind;
  id: string;
  spec: string;
  next_at: string;
  runs: number;
}

const keepSchedule = lazyStatement<PluginsTables, NextTime>((db, p) =>
  db
    .insertInto("plugins_schedules")
    .values({ kind: p.kind, id: p.id, spec: p.spec, next_at: p.next_at, runs: p.runs })
    .onConflict((conflict) =>
      conflict.columns(["kind", "id"]).doUpdateSet((row) => ({
        spec: row.ref("excluded.spec"),
        next_at: row.ref("excluded.next_at"),
        runs: row.ref("excluded.runs"),
      })),
    ),
);

const command = defineCommand<PluginsTables>();

/** Stores the cursor of a source. */
export const sourceCheckpoint = command({
  schema: lazySchema(() =>
    z.object({ source_id: idText, cursor: z.custom<JsonValue>((value) => value !== undefined) }),
  ),
  apply: ({ source_id, cursor }, change) => {
    change.run(keepCursor, { source_id, cursor: jsonText(cursor) }, { ifNone: "stop" });
  },
});

/** Stores when a schedule is due next, and how often it was run. */
export const scheduleSet = command({
  schema: lazySchema(() =>
    z.object({
      kind: z.enum(["source", "workflow"]),
      id: idText,
      spec: jsonObject,
      next_at: timeText,
      // Absent in the journal of earlier versions.
      runs: z.int().min(0).optional(),
    }),
  ),
  apply: ({ kind, id, spec, next_at, runs = 0 }, change) => {
    change.run(keepSchedule, { kind, id, spec: jsonText(spec), next_at, runs });
  },
});
