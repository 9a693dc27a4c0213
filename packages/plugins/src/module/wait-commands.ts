import {
  defineCommand,
  excluded,
  idText,
  type JsonValue,
  jsonObject,
  jsonText,
  query,
  type Refusal,
  timeText,
} from "@atlas/core";
import { lazySchema, lazyStatement, sql } from "@atlas/core/internal";
import { z } from "zod";
import { eventFilter } from "../contract/event-filter.ts";
import type { PluginsTables } from "./tables.ts";

type Row = PluginsTables["plugins_waits"];
interface WaitKey {
  job_id: string;
  kind: Row["kind"];
  name: string;
}
interface RunKey {
  job_id: string;
  attempt: number;
}

const OPEN_COLUMNS = [
  "job_id",
  "kind",
  "name",
  "attempt",
  "opened_at",
  "deadline",
  "info",
  "schema",
  "filter",
  "ids",
  "after_seq",
  "scanned_seq",
] as const satisfies readonly (keyof Row)[];

// What was decided when the wait was first reached stays: when it was opened, and its deadline.
const openWait = lazyStatement<PluginsTables, Pick<Row, (typeof OPEN_COLUMNS)[number]>>((db, p) =>
  db
    .insertInto("plugins_waits")
    .values(p.columns(OPEN_COLUMNS))
    .onConflict((conflict) =>
      conflict.columns(["job_id", "kind", "name"]).doUpdateSet((row) => ({
        ...excluded(row, ["attempt", "info", "schema", "filter", "ids", "after_seq", "scanned_seq"]),
        opened_at: sql<string | null>`case when plugins_waits.answered_at is null
          then coalesce(plugins_waits.opened_at, excluded.opened_at) else plugins_waits.opened_at end`,
        deadline: sql<string | null>`coalesce(plugins_waits.deadline, excluded.deadline)`,
      })),
    ),
);

const answerWait = lazyStatement<
  PluginsTables,
  WaitKey & { value: string; by: string; at: string; signal_id: string | null }
>((db, p) =>
  db
    .insertInto("plugins_waits")
    .values({
      job_id: p.job_id,
      kind: p.kind,
      name: p.name,
      value: p.value,
      by: p.by,
      answered_at: p.at,
      answer_order: sql<number>`(select coalesce(max(answer_order), 0) + 1 from plugins_waits where job_id = ${p.job_id})`,
      signal_id: p.signal_id,
    })
    .onConflict((conflict) =>
      conflict
        .columns(["job_id", "kind", "name"])
        .doUpdateSet((row) => excluded(row, ["value", "by", "answered_at", "answer_order", "signal_id"]))
        .where("plugins_waits.answered_at", "is", null)
        .where("plugins_waits.closed_at", "is", null),
    ),
);

const expireWait = lazyStatement<PluginsTables, WaitKey & { at: string }>((db, p) =>
  db
    .updateTable("plugins_waits")
    .set({ closed_at: p.at, attempt: null })
    .where("job_id", "=", p.job_id)
    .where("kind", "=", p.kind)
    .where("name", "=", p.name)
    .where("answered_at", "is", null)
    .where("closed_at", "is", null),
);

const leaveWaits = lazyStatement<PluginsTables, RunKey>((db, p) =>
  db
    .updateTable("plugins_waits")
    .set({ attempt: null })
    .where("job_id", "=", p.job_id)
    .where("attempt", "=", p.attempt),
);

const dropOpen = lazyStatement<PluginsTables, { job_id: string }>((db, p) =>
  db
    .deleteFrom("plugins_waits")
    .where("job_id", "=", p.job_id)
    .where("answered_at", "is", null)
    .where("closed_at", "is", null),
);

// Core's table, which every store has. It is only read here.
const jobs = sql<{ id: string; status: string; attempt: number }>`jobs`.as("job");
const liveJob = query<PluginsTables, { job_id: string }>()((db, p) =>
  db
    .selectFrom(jobs)
    .select("job.id")
    .where("job.id", "=", p.job_id)
    .where("job.status", "in", [sql.lit("queued"), sql.lit("running")]),
);
const parkedJob = query<PluginsTables, RunKey>()((db, p) =>
  db
    .selectFrom(jobs)
    .select("job.id")
    .where("job.id", "=", p.job_id)
    .where("job.status", "=", sql.lit("queued"))
    .where("job.attempt", "=", p.attempt),
);

const command = defineCommand<PluginsTables>();
const name = idText;
const kind = z.enum(["signal", "event", "jobs", "time"]);

/** Stores what a job waits for. Once it is answered or has timed out, only `attempt` and what it looks for change. */
export const waitOpen = command({
  schema: lazySchema(() =>
    z.object({
      job_id: idText,
      attempt: z.int().min(1),
      name,
      kind,
      deadline: timeText.optional(),
      info: jsonObject.optional(),
      schema: jsonObject.optional(),
      filter: eventFilter.optional(),
      ids: z.array(idText).max(1_000).optional(),
      after_seq: z.int().min(0).optional(),
      scanned_seq: z.int().min(0).optional(),
      at: timeText.optional(),
    }),
  ),
  prepare: (payload, { now }) => ({ ...payload, at: payload.at ?? now }),
  apply: ({ job_id, attempt, name, kind, at, ...given }, change) => {
    change.run(openWait, {
      job_id,
      attempt,
      name,
      kind,
      opened_at: at,
      deadline: given.deadline ?? null,
      info: textOf(given.info),
      schema: textOf(given.schema),
      filter: textOf(given.filter),
      ids: textOf(given.ids),
      after_seq: given.after_seq ?? null,
      scanned_seq: given.scanned_seq ?? null,
    });
  },
});

/** Stores the answer to a wait, or to one to come. Refused when the job is over, and when there is an answer or a time-out already. */
export const waitAnswer = command({
  schema: lazySchema(() =>
    z.object({
      job_id: idText,
      kind,
      name,
      value: z.custom<JsonValue>((value) => value !== undefined),
      by: idText,
      signal_id: idText.optional(),
      at: timeText.optional(),
    }),
  ),
  prepare: (payload, { now }) => ({ ...payload, at: payload.at ?? now }),
  apply: ({ job_id, kind, name, value, by, signal_id, at }, change) => {
    change.require(liveJob, { job_id }, notWaiting(job_id));
    change.run(
      answerWait,
      { job_id, kind, name, value: jsonText(value), by, at, signal_id: signal_id ?? null },
      { ifNone: notWaiting(job_id) },
    );
  },
});

/** Says that a job which waits since this run is queued. Refused when the job was moved meanwhile, or was woken before. */
export const waitWake = command({
  schema: lazySchema(() => z.object({ job_id: idText, attempt: z.int().min(1) })),
  apply: ({ job_id, attempt }, change) => {
    change.require(parkedJob, { job_id, attempt }, notWaiting(job_id));
    change.run(leaveWaits, { job_id, attempt }, { ifNone: notWaiting(job_id) });
  },
});

/** Closes a wait that has timed out. Refused when it has an answer. */
export const waitExpire = command({
  schema: lazySchema(() => z.object({ job_id: idText, kind, name, at: timeText.optional() })),
  prepare: (payload, { now }) => ({ ...payload, at: payload.at ?? now }),
  apply: ({ job_id, kind, name, at }, change) => {
    change.run(expireWait, { job_id, kind, name, at }, { ifNone: notWaiting(job_id) });
  },
});

/** Removes the open waits of a job that is cancelled. */
export const waitDrop = command({
  schema: lazySchema(() => z.object({ job_id: idText })),
  apply: (job, change) => change.run(dropOpen, job),
});

function textOf(value: JsonValue | object | undefined): string | null {
  // The schema of the command has checked that it is JSON.
  return value === undefined ? null : jsonText(value as JsonValue);
}

function notWaiting(id: string): Refusal {
  return {
    refuse: "ATLAS_PLUGINS_NOT_WAITING",
    message: `The job "${id}" no longer waits here: the wait has ended, or the job was moved. Nothing was changed.`,
    details: { id },
  };
}
