import { type CoreTables, type JsonObject, type JsonValue, query, type Read } from "@atlas/core";
import { sql } from "kysely";
import type { Wait, WaitFor } from "../contract/wait.ts";
import type { JobProgress } from "../contract/workflow.ts";
import { insight } from "./insight.ts";
import type { PluginsTables, ScheduleKind, SinkExceptionStatus } from "./tables.ts";

/** An event that a sink could not take. */
export interface SinkException {
  readonly sink_id: string;
  readonly event_seq: number;
  readonly status: SinkExceptionStatus;
  /** Calls so far. */
  readonly attempts: number;
  /** When it comes again; means nothing once it is dead. */
  readonly next_at: string;
  readonly error: JsonObject;
  readonly updated_at: string;
}

/** What is known of a job's attempts beside their number. */
export interface JobRun {
  readonly uncounted: number;
  readonly recoveries: number;
  readonly recovered_attempt: number;
}

/** A result that a finished step left. */
export interface StepResult {
  readonly name: string;
  readonly result: JsonValue | undefined;
}

const selectSourceCursor = query<PluginsTables, { source_id: string }>()((db, p) =>
  db.selectFrom("plugins_source_cursors").select("cursor").where("source_id", "=", p.source_id),
);
const selectSchedule = query<PluginsTables, { kind: ScheduleKind; id: string }>()((db, p) =>
  db
    .selectFrom("plugins_schedules")
    .select(["spec", "next_at"])
    .where("kind", "=", p.kind)
    .where("id", "=", p.id),
);
const selectSchedules = query<PluginsTables>()((db) =>
  db.selectFrom("plugins_schedules").select(["kind", "id", "next_at"]).orderBy("next_at"),
);
const selectSinkCursors = query<PluginsTables>()((db) =>
  db.selectFrom("plugins_sink_cursors").selectAll().orderBy("sink_id"),
);
const selectSinkCursor = query<PluginsTables, { sink_id: string }>()((db, p) =>
  db.selectFrom("plugins_sink_cursors").select("event_seq").where("sink_id", "=", p.sink_id),
);
const selectDueExceptions = query<PluginsTables, { sink_id: string; now: string; limit: number }>()((db, p) =>
  db
    .selectFrom("plugins_sink_exceptions")
    .selectAll()
    .where("status", "=", sql.lit<SinkExceptionStatus>("retrying"))
    .where("sink_id", "=", p.sink_id)
    .where("next_at", "<=", p.now)
    .orderBy("next_at")
    .orderBy("event_seq")
    .limit(p.limit),
);
const selectNextException = query<PluginsTables, { sink_id: string }>()((db, p) =>
  db
    .selectFrom("plugins_sink_exceptions")
    .select("next_at")
    .where("status", "=", sql.lit<SinkExceptionStatus>("retrying"))
    .where("sink_id", "=", p.sink_id)
    .orderBy("next_at")
    .limit(1),
);
const selectExceptions = query<PluginsTables>()((db) =>
  db.selectFrom("plugins_sink_exceptions").selectAll().orderBy("sink_id").orderBy("event_seq").limit(1_000),
);
const selectExceptionSeqs = query<PluginsTables, { from: number; through: number }>()((db, p) =>
  db
    .selectFrom("plugins_sink_exceptions")
    .select("event_seq")
    .distinct()
    .where("event_seq", ">=", p.from)
    .where("event_seq", "<=", p.through)
    .orderBy("event_seq"),
);
const selectRun = query<PluginsTables, { job_id: string }>()((db, p) =>
  db.selectFrom("plugins_job_runs").selectAll().where("job_id", "=", p.job_id),
);
const selectSteps = query<PluginsTables, { job_id: string }>()((db, p) =>
  db.selectFrom("plugins_job_steps").select(["name", "result"]).where("job_id", "=", p.job_id),
);
const selectWait = query<PluginsTables, { job_id: string }>()((db, p) =>
  db.selectFrom("plugins_job_waits").selectAll().where("job_id", "=", p.job_id),
);
const selectWaits = query<PluginsTables>()((db) => db.selectFrom("plugins_job_waits").selectAll());
const selectProgress = query<PluginsTables, { job_id: string }>()((db, p) =>
  db.selectFrom("plugins_job_progress").select(["progress", "at"]).where("job_id", "=", p.job_id),
);

/** What can be asked of the runners' tables, and of jobs as a whole. */
export function pluginsQueries(read: Read<PluginsTables>) {
  return {
    /** The cursor of a source's last checkpoint; nothing before the first. */
    async getSourceCursor(source_id: string): Promise<JsonValue | undefined> {
      const row = await read.get(selectSourceCursor, { source_id });
      return row === undefined ? undefined : parsed<JsonValue>(row.cursor);
    },
    /** When a schedule comes next, and for which times that was found. */
    async getSchedule(kind: ScheduleKind, id: string) {
      const row = await read.get(selectSchedule, { kind, id });
      return row === undefined ? undefined : { spec: row.spec, next_at: row.next_at };
    },
    /** Every schedule by its next time, the soonest first. */
    listSchedules: () => read.all(selectSchedules, {}),
    /** The number of the last domain event that a sink has passed; nothing for a new sink. */
    async getSinkCursor(sink_id: string): Promise<number | undefined> {
      return (await read.get(selectSinkCursor, { sink_id }))?.event_seq;
    },
    /** Every sink that ever was, with its place. */
    listSinkCursors: () => read.all(selectSinkCursors, {}),
    /** A sink's events whose time to come again has come. */
    async listDueSinkExceptions(options: {
      readonly sink_id: string;
      readonly now: string;
      readonly limit: number;
    }): Promise<readonly SinkException[]> {
      return (await read.all(selectDueExceptions, { ...options })).map(toException);
    },
    /** When the next event comes again to a sink. */
    async nextSinkExceptionAt(sink_id: string): Promise<string | undefined> {
      return (await read.get(selectNextException, { sink_id }))?.next_at;
    },
    /** Events that come again or are given up, by sink and number; at most 1,000. */
    async listSinkExceptions(): Promise<readonly SinkException[]> {
      return (await read.all(selectExceptions, {})).map(toException);
    },
    /** The numbers of the events between these two, both included, that some sink passed without having them. */
    async listExceptionSeqs(from: number, through: number): Promise<readonly number[]> {
      return (await read.all(selectExceptionSeqs, { from, through })).map(({ event_seq }) => event_seq);
    },
    getJobRun: (job_id: string): Promise<JobRun | undefined> => read.get(selectRun, { job_id }),
    /** The finished steps of a job. */
    async listJobSteps(job_id: string): Promise<readonly StepResult[]> {
      return (await read.all(selectSteps, { job_id })).map(({ name, result }) => ({
        name,
        result: result === null ? undefined : parsed<JsonValue>(result),
      }));
    },
    async getJobWait(job_id: string): Promise<Wait | undefined> {
      const row = await read.get(selectWait, { job_id });
      return row === undefined ? undefined : toWait(row);
    },
    /** Every job that waits for an event or for other jobs. */
    async listJobWaits(): Promise<readonly Wait[]> {
      return (await read.all(selectWaits, {})).map(toWait);
    },
    /** The progress that a job told of last, as far as it is stored. */
    async getJobProgress(job_id: string) {
      const row = await read.get(selectProgress, { job_id });
      return row === undefined ? undefined : { progress: parsed<JobProgress>(row.progress), at: row.at };
    },
    // Core's tables are in every store, beside the module's own.
    ...insight(read as unknown as Read<PluginsTables & CoreTables>),
  };
}

/** Only canonical JSON of this shape is ever stored there. */
function parsed<Value>(text: string): Value {
  return JSON.parse(text) as Value;
}

function toException({ error, ...row }: PluginsTables["plugins_sink_exceptions"]): SinkException {
  return { ...row, error: parsed(error) };
}

function toWait({ wait_for, until, ...row }: PluginsTables["plugins_job_waits"]): Wait {
  return { ...row, wait_for: parsed<WaitFor>(wait_for), ...(until === null ? {} : { until }) };
}
