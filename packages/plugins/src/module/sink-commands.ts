import { defineCommand, idText, jsonObject, jsonText, timeText } from "@atlas/core";
import { lazySchema, lazyStatement } from "@atlas/core/internal";
import { z } from "zod";
import type { FailedDeliveryStatus, PluginsTables } from "./tables.ts";

interface SinkCursor {
  sink_id: string;
  event_seq: number;
  seen_at: string;
}

const keepCursor = lazyStatement<PluginsTables, SinkCursor>((db, p) =>
  db
    .insertInto("plugins_sink_cursors")
    .values({ sink_id: p.sink_id, event_seq: p.event_seq, seen_at: p.seen_at })
    .onConflict((conflict) =>
      conflict
        .column("sink_id")
        .doUpdateSet((row) => ({
          event_seq: row.ref("excluded.event_seq"),
          seen_at: row.ref("excluded.seen_at"),
        }))
        .where((row) => row("plugins_sink_cursors.event_seq", "<=", row.ref("excluded.event_seq"))),
    ),
);

interface FailedRow {
  sink_id: string;
  event_seq: number;
  status: FailedDeliveryStatus;
  attempts: number;
  next_at: string;
  error: string;
  updated_at: string;
}

const keepFailed = lazyStatement<PluginsTables, FailedRow>((db, p) =>
  db
    .insertInto("plugins_sink_exceptions")
    .values({
      sink_id: p.sink_id,
      event_seq: p.event_seq,
      status: p.status,
      attempts: p.attempts,
      next_at: p.next_at,
      error: p.error,
      updated_at: p.updated_at,
    })
    .onConflict((conflict) =>
      conflict.columns(["sink_id", "event_seq"]).doUpdateSet((row) => ({
        status: row.ref("excluded.status"),
        attempts: row.ref("excluded.attempts"),
        next_at: row.ref("excluded.next_at"),
        error: row.ref("excluded.error"),
        updated_at: row.ref("excluded.updated_at"),
      })),
    ),
);

const removeFailed = lazyStatement<PluginsTables, { sink_id: string; event_seq: number }>((db, p) =>
  db
    .deleteFrom("plugins_sink_exceptions")
    .where("sink_id", "=", p.sink_id)
    .where("event_seq", "=", p.event_seq),
);

const redrive = lazyStatement<PluginsTables, { sink_id: string; event_seq: number; at: string }>((db, p) =>
  db
    .updateTable("plugins_sink_exceptions")
    .set({ status: "retrying", attempts: 0, next_at: p.at, updated_at: p.at })
    .where("sink_id", "=", p.sink_id)
    .where("event_seq", "=", p.event_seq)
    .where("status", "=", "dead"),
);

const dismiss = lazyStatement<PluginsTables, { sink_id: string; event_seq: number }>((db, p) =>
  db
    .deleteFrom("plugins_sink_exceptions")
    .where("sink_id", "=", p.sink_id)
    .where("event_seq", "=", p.event_seq)
    .where("status", "=", "dead"),
);

const forgetCursor = lazyStatement<PluginsTables, { sink_id: string }>((db, p) =>
  db.deleteFrom("plugins_sink_cursors").where("sink_id", "=", p.sink_id),
);
const forgetFailed = lazyStatement<PluginsTables, { sink_id: string }>((db, p) =>
  db.deleteFrom("plugins_sink_exceptions").where("sink_id", "=", p.sink_id),
);

const command = defineCommand<PluginsTables>();
const seq = z.int().min(0);
const seqs = z.array(seq).min(1).max(1_000).readonly();

/** Stores that a sink has passed every event up to `event_seq`. A cursor never moves back. */
export const sinkAdvance = command({
  schema: lazySchema(() => z.object({ sink_id: idText, event_seq: seq, seen_at: timeText.optional() })),
  prepare: (payload, { now }) => ({ ...payload, seen_at: payload.seen_at ?? now }),
  apply: (passed, change) => change.run(keepCursor, passed, { ifNone: "stop" }),
});

/** Stores a failed delivery: it is retried at `next_at`, or it is a dead letter. */
export const sinkFail = command({
  schema: lazySchema(() =>
    z.object({
      sink_id: idText,
      event_seq: seq,
      status: z.enum(["retrying", "dead"]),
      attempts: z.int().min(0),
      next_at: timeText,
      error: jsonObject,
      at: timeText.optional(),
    }),
  ),
  prepare: (payload, { now }) => ({ ...payload, at: payload.at ?? now }),
  apply: ({ error, at, ...failed }, change) => {
    change.run(keepFailed, { ...failed, error: jsonText(error), updated_at: at });
  },
});

/** Removes failed deliveries of events that the sink has taken after all, or is not asked to take any more. */
export const sinkSettle = command({
  schema: lazySchema(() => z.object({ sink_id: idText, event_seqs: seqs })),
  apply: ({ sink_id, event_seqs }, change) => {
    for (const event_seq of event_seqs) change.run(removeFailed, { sink_id, event_seq });
  },
});

/** Retries dead letters of a sink with all attempts. */
export const sinkRedrive = command({
  schema: lazySchema(() => z.object({ sink_id: idText, event_seqs: seqs, at: timeText.optional() })),
  prepare: (payload, { now }) => ({ ...payload, at: payload.at ?? now }),
  apply: ({ sink_id, event_seqs, at }, change) => {
    for (const event_seq of event_seqs) change.run(redrive, { sink_id, event_seq, at });
  },
});

/** Removes dead letters of a sink: their events are not delivered to it any more. */
export const sinkDismiss = command({
  schema: lazySchema(() => z.object({ sink_id: idText, event_seqs: seqs })),
  apply: ({ sink_id, event_seqs }, change) => {
    for (const event_seq of event_seqs) change.run(dismiss, { sink_id, event_seq });
  },
});

/** Removes the cursor and the failed deliveries of a sink that is gone for good. */
export const sinkForget = command({
  schema: lazySchema(() => z.object({ sink_id: idText })),
  apply: ({ sink_id }, change) => {
    change.run(forgetCursor, { sink_id });
    change.run(forgetFailed, { sink_id });
  },
});
