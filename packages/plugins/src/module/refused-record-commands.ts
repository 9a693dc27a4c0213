import { defineCommand, idText, timeText } from "@atlas/core";
import { lazySchema, lazyStatement } from "@atlas/core/internal";
import { z } from "zod";
import type { PluginsTables } from "./tables.ts";

interface RefusedRow {
  source_id: string;
  record_key: string;
  external_id: string | null;
  record: string;
  code: string;
  message: string;
  at: string;
}

// A world in which everything is wrong must not fill the disk.
const KEPT_PER_SOURCE = 1_000;

const keep = lazyStatement<PluginsTables, RefusedRow>((db, p) =>
  db
    .insertInto("plugins_refused_records")
    .values({
      source_id: p.source_id,
      record_key: p.record_key,
      external_id: p.external_id,
      record: p.record,
      code: p.code,
      message: p.message,
      first_at: p.at,
      last_at: p.at,
      times: 1,
    })
    .onConflict((conflict) =>
      conflict.columns(["source_id", "record_key"]).doUpdateSet((row) => ({
        record: row.ref("excluded.record"),
        code: row.ref("excluded.code"),
        message: row.ref("excluded.message"),
        last_at: row.ref("excluded.last_at"),
        times: row("plugins_refused_records.times", "+", 1),
      })),
    ),
);

const dropOldest = lazyStatement<PluginsTables, { source_id: string }>((db, p) =>
  db
    .deleteFrom("plugins_refused_records")
    .where("source_id", "=", p.source_id)
    .where("record_key", "in", (nested) =>
      nested
        .selectFrom("plugins_refused_records")
        .select("record_key")
        .where("source_id", "=", p.source_id)
        .orderBy("last_at", "desc")
        .orderBy("record_key", "desc")
        .limit(-1)
        .offset(KEPT_PER_SOURCE),
    ),
);

const forget = lazyStatement<PluginsTables, { source_id: string; before: string }>((db, p) =>
  db
    .deleteFrom("plugins_refused_records")
    .where("source_id", "=", p.source_id)
    .where("last_at", "<", p.before),
);

const command = defineCommand<PluginsTables>();

/** Keeps a record of a source that was refused; the newest 1,000 of a source stay. */
export const sourceRefuse = command({
  schema: lazySchema(() =>
    z.object({
      source_id: idText,
      record_key: idText,
      external_id: idText.optional(),
      record: z.string().max(16_384),
      code: z.string(),
      message: z.string(),
      at: timeText.optional(),
    }),
  ),
  prepare: (payload, { now }) => ({ ...payload, at: payload.at ?? now }),
  apply: ({ external_id, ...refused }, change) => {
    change.run(keep, { ...refused, external_id: external_id ?? null });
    change.run(dropOldest, { source_id: refused.source_id });
  },
});

/** Forgets the records of a source that were last refused before a time. */
export const sourceForgetRefused = command({
  schema: lazySchema(() => z.object({ source_id: idText, before: timeText })),
  apply: (old, change) => {
    change.run(forget, old, { ifNone: "stop" });
  },
});
