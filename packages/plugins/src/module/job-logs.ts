import {
  defineCommand,
  idText,
  type JsonObject,
  jsonObject,
  jsonText,
  query,
  type Read,
  timeText,
} from "@atlas/core";
import { lazySchema, lazyStatement, sql } from "@atlas/core/internal";
import type { SqlBool } from "kysely";
import { z } from "zod";
import type { JobLogLine } from "../contract/job-log.ts";
import { parseJsonColumn } from "./json-column.ts";
import type { PluginsTables } from "./tables.ts";

/** How many lines of a job are kept, over all its attempts: the last 200. */
export const MAX_LOG_LINES = 200;
/** How many bytes of messages and fields of a job are kept: the last 32 KiB. */
export const MAX_LOG_BYTES = 32 * 1_024;

type Row = PluginsTables["plugins_job_logs"];
const COLUMNS = ["job_id", "attempt", "number", "at", "level", "message", "fields", "size_bytes"] as const;

const insertLine = lazyStatement<PluginsTables, Row>((db, p) =>
  db
    .insertInto("plugins_job_logs")
    .values(p.columns(COLUMNS))
    .onConflict((conflict) => conflict.columns(["job_id", "attempt", "number"]).doNothing()),
);

const dropOldest = lazyStatement<PluginsTables, { job_id: string }>((db, p) =>
  db
    .deleteFrom("plugins_job_logs")
    .where("job_id", "=", p.job_id)
    .where(
      sql<SqlBool>`(attempt, number) in (
        select attempt, number from (
          select attempt, number,
            row_number() over (order by attempt desc, number desc) as place,
            sum(size_bytes) over (order by attempt desc, number desc) as total
          from plugins_job_logs where job_id = ${p.job_id}
        ) as newest where place > ${sql.lit(MAX_LOG_LINES)} or total > ${sql.lit(MAX_LOG_BYTES)}
      )`,
    ),
);

const selectLines = query<PluginsTables, { job_id: string }>()((db, p) =>
  db
    .selectFrom("plugins_job_logs")
    .select(["attempt", "at", "level", "message", "fields"])
    .where("job_id", "=", p.job_id)
    .orderBy("attempt")
    .orderBy("number"),
);

const command = defineCommand<PluginsTables>();

/** Stores lines of a job's log, and drops its oldest ones. */
export const jobLog = command({
  schema: lazySchema(() =>
    z.object({
      job_id: idText,
      attempt: z.int().min(1),
      lines: z
        .array(
          z.object({
            number: z.int().min(1),
            at: timeText,
            level: z.enum(["debug", "info", "warn", "error"]),
            message: z.string(),
            fields: jsonObject.optional(),
          }),
        )
        .max(MAX_LOG_LINES),
    }),
  ),
  apply: ({ job_id, attempt, lines }, change) => {
    for (const { fields, ...line } of lines) {
      const text = fields === undefined ? null : jsonText(fields);
      const size_bytes = Buffer.byteLength(line.message) + (text === null ? 0 : Buffer.byteLength(text));
      change.run(insertLine, { ...line, job_id, attempt, fields: text, size_bytes });
    }
    change.run(dropOldest, { job_id });
  },
});

/** Queries on the logs of jobs. */
export function jobLogs(read: Read<PluginsTables>) {
  return {
    /**
     * The last lines that the attempts at a job logged, the oldest first: at most 200, with 32 KiB of messages and fields. Lines of a
     * running attempt are stored once a second. They stay until the job is pruned.
     */
    async listJobLogs(job_id: string): Promise<readonly JobLogLine[]> {
      const rows = await read.all(selectLines, { job_id });
      return rows.map(({ fields, ...line }) => ({
        ...line,
        ...(fields === null ? {} : { fields: parseJsonColumn<JsonObject>(fields) }),
      }));
    },
  };
}
