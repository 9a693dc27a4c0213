import { type CoreTables, type JsonValue, query, type Read } from "@atlas/core";
import type { JobProgress } from "../contract/workflow-context.ts";
import { batchQueries } from "./batch-commands.ts";
import { claimsAhead } from "./claims-ahead.ts";
import { eventLag } from "./event-lag.ts";
import { failedDeliveries } from "./failed-deliveries.ts";
import { jobAttempts } from "./job-attempts.ts";
import { jobFigures } from "./job-figures.ts";
import { jobKeys } from "./job-keys.ts";
import { jobLine } from "./job-line.ts";
import { jobLogs } from "./job-logs.ts";
import { jobVersions } from "./job-versions.ts";
import { parseJsonColumn } from "./json-column.ts";
import { keyedJobs } from "./keyed-jobs.ts";
import { pauseQueries } from "./pause-queries.ts";
import { queueDepths } from "./queue-depths.ts";
import { rateQueries } from "./rate-commands.ts";
import { refusedRecords } from "./refused-records.ts";
import { scheduleQueries } from "./schedule-queries.ts";
import type { PluginsTables, ScheduleKind } from "./tables.ts";
import { waitQueries } from "./wait-queries.ts";

/** What the runner remembers of a job's runs. {@link JobAttempts} is what it means. */
export interface JobRun {
  /** Runs that do not count as attempts. */
  readonly uncounted: number;
  /** Crashes in a row, the last of them in the run `recovered_attempt`. */
  readonly recoveries: number;
  readonly recovered_attempt: number;
}

/** The result of a finished step. */
export interface StepResult {
  readonly name: string;
  readonly result: JsonValue | undefined;
  /** The run of the job in which it finished, where known. */
  readonly attempt?: number;
}

const selectSourceCursor = query<PluginsTables, { source_id: string }>()((db, p) =>
  db.selectFrom("plugins_source_cursors").select("cursor").where("source_id", "=", p.source_id),
);
const selectSchedule = query<PluginsTables, { kind: ScheduleKind; id: string }>()((db, p) =>
  db
    .selectFrom("plugins_schedules")
    .select(["spec", "next_at", "runs"])
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
const selectRun = query<PluginsTables, { job_id: string }>()((db, p) =>
  db.selectFrom("plugins_job_runs").selectAll().where("job_id", "=", p.job_id),
);
const selectSteps = query<PluginsTables, { job_id: string }>()((db, p) =>
  db.selectFrom("plugins_job_steps").select(["name", "result", "attempt"]).where("job_id", "=", p.job_id),
);
const selectStep = query<PluginsTables, { job_id: string; name: string }>()((db, p) =>
  db
    .selectFrom("plugins_job_steps")
    .select(["name", "result", "attempt"])
    .where("job_id", "=", p.job_id)
    .where("name", "=", p.name),
);
const selectCalls = query<PluginsTables, { job_id: string }>()((db, p) =>
  db
    .selectFrom("plugins_job_calls")
    .select(["kind", "target", "digest", "attempt", "step"])
    .where("job_id", "=", p.job_id),
);
const selectResult = query<PluginsTables, { job_id: string }>()((db, p) =>
  db.selectFrom("plugins_job_results").select("result").where("job_id", "=", p.job_id),
);
const selectProgress = query<PluginsTables, { job_id: string }>()((db, p) =>
  db.selectFrom("plugins_job_progress").select(["progress", "at"]).where("job_id", "=", p.job_id),
);

/** `repo.plugins`: queries on the runners' tables, and on jobs and events as a whole. */
export function pluginsQueries(read: Read<PluginsTables>) {
  // Every store has core's tables beside those of its modules.
  const all = read as unknown as Read<PluginsTables & CoreTables>;
  return {
    /** The cursor of a source's last checkpoint; nothing before its first. */
    async getSourceCursor(source_id: string): Promise<JsonValue | undefined> {
      const row = await read.get(selectSourceCursor, { source_id });
      return row === undefined ? undefined : parseJsonColumn<JsonValue>(row.cursor);
    },
    /** When a schedule of the code is due next, the schedule that this follows from, and how often it was run. */
    async getSchedule(kind: ScheduleKind, id: string) {
      return read.get(selectSchedule, { kind, id });
    },
    /** Every schedule of the code, the next one that is due first. `gateway.schedules.list()` has those made at run time as well. */
    listSchedules: () => read.all(selectSchedules, {}),
    /** The number of the last domain event that a sink has passed; nothing for a new sink. */
    async getSinkCursor(sink_id: string): Promise<number | undefined> {
      return (await read.get(selectSinkCursor, { sink_id }))?.event_seq;
    },
    /** The cursors of all sinks, also of those that the gateway no longer has. */
    listSinkCursors: () => read.all(selectSinkCursors, {}),
    /** What the runner remembers of a job's runs; nothing before the first that is not an attempt. */
    getJobRun: (job_id: string): Promise<JobRun | undefined> => read.get(selectRun, { job_id }),
    /** The finished steps of a job, with their results. */
    async listJobSteps(job_id: string): Promise<readonly StepResult[]> {
      return (await read.all(selectSteps, { job_id })).map(toStep);
    },
    /** One finished step of a job; nothing when it is not finished. */
    async getJobStep(job_id: string, name: string): Promise<StepResult | undefined> {
      const row = await read.get(selectStep, { job_id, name });
      return row === undefined ? undefined : toStep(row);
    },
    /** What the workflow of a job returned; nothing unless the job has succeeded, and when it returned nothing. */
    async getJobResult(job_id: string): Promise<JsonValue | undefined> {
      const row = await read.get(selectResult, { job_id });
      return row === undefined ? undefined : parseJsonColumn<JsonValue>(row.result);
    },
    /** What the attempts at a job have made so far, while the job is not over. */
    listJobCalls: (job_id: string) => read.all(selectCalls, { job_id }),
    /** The progress that was stored last for a job. A running job may have reported more since. */
    async getJobProgress(job_id: string) {
      const row = await read.get(selectProgress, { job_id });
      return row === undefined
        ? undefined
        : { progress: parseJsonColumn<JobProgress>(row.progress), at: row.at };
    },
    ...scheduleQueries(read),
    ...claimsAhead(read),
    ...pauseQueries(read),
    ...rateQueries(read),
    ...queueDepths(all),
    ...jobKeys(read),
    ...batchQueries(read, all),
    ...jobLogs(read),
    ...waitQueries(all),
    ...jobAttempts(all),
    ...jobVersions(all),
    ...jobLine(read as unknown as Read<CoreTables>),
    ...jobFigures(all),
    ...keyedJobs(read as unknown as Read<CoreTables>),
    ...eventLag(all),
    ...failedDeliveries(all),
    ...refusedRecords(read),
  };
}

function toStep({ name, result, attempt }: Omit<PluginsTables["plugins_job_steps"], "job_id">): StepResult {
  return {
    name,
    result: result === null ? undefined : parseJsonColumn<JsonValue>(result),
    ...(attempt === null ? {} : { attempt }),
  };
}
