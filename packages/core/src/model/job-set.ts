import { type AliasableExpression, type Expression, type SqlBool, sql } from "kysely";
import { z } from "zod";
import { defineCommand } from "../contract/define-command.ts";
import type { Spelling } from "../contract/dialect.ts";
import type { CoreErrorCode } from "../contract/errors.ts";
import { idText } from "../contract/id.ts";
import { jsonText } from "../contract/json.ts";
import { lazySchema } from "../contract/lazy-schema.ts";
import { lazyStatement } from "../contract/statement.ts";
import { timeText } from "../contract/time.ts";
import type { CoreEvents } from "./core-events.ts";
import type { CoreTables } from "./tables.ts";

/** The most jobs that one command moves: some milliseconds of the writer. */
const MAX_JOBS_IN_SET = 1_000;

interface SetStep {
  /** A JSON object: the attempt of each job, by its id. */
  jobs: string;
  at: string;
}

/** The jobs of the set that are in the attempt before the named one (`by` = 1), or in the named one (0). */
function isInSet(
  jobs: AliasableExpression<string>,
  { numbersOf, by }: Pick<Spelling, "numbersOf"> & { readonly by: 0 | 1 },
): Expression<SqlBool> {
  return sql<SqlBool>`(id, attempt) in (select key, value - ${sql.lit(by)} from ${numbersOf(jobs, "moved")})`;
}

/** Both search each job by its id, and change those that are as the set says. */
export const startJobs = lazyStatement<CoreTables, SetStep>((db, p, { numbersOf }) =>
  db
    .updateTable("jobs")
    .set({
      status: "running",
      attempt: sql<number>`attempt + 1`,
      started_at: p.at,
      finished_at: null,
      updated_at: p.at,
    })
    .where(isInSet(p.jobs, { numbersOf, by: 1 }))
    .where("status", "=", "queued"),
);
export const succeedJobs = lazyStatement<CoreTables, SetStep>((db, p, { numbersOf }) =>
  db
    .updateTable("jobs")
    .set({ status: "succeeded", error: null, finished_at: p.at, updated_at: p.at })
    .where(isInSet(p.jobs, { numbersOf, by: 0 }))
    .where("status", "=", "running"),
);

const transitions = {
  running: { move: startJobs, event: "job.started" },
  succeeded: { move: succeedJobs, event: "job.succeeded" },
} as const;

const command = defineCommand<CoreTables, CoreEvents>();

/**
 * Moves 1 to 1,000 jobs on, all of them or none: to `running` those that are queued, or to `succeeded` those that run. Each needs the attempt
 * that begins or ends, and is named once. It does what a `job.updateStatus` for each job does, with the same events in the order of `jobs`,
 * as one command: one entry in the journal, one `at` and one `command_seq`. If one job cannot be moved, none is, and the command is refused
 * with `ATLAS_CORE_JOB_CONFLICT`; then send the moves one by one. The job runner does so for jobs that it starts or ends together.
 */
export const jobUpdateStatusMany = command({
  schema: lazySchema(() =>
    z.object({
      status: z.enum(["running", "succeeded"]),
      jobs: z
        .array(z.strictObject({ id: idText, attempt: z.int().min(1) }))
        .min(1)
        .max(MAX_JOBS_IN_SET)
        .refine((jobs) => new Set(jobs.map(({ id }) => id)).size === jobs.length, {
          message: "a job can be moved only once: name each id once",
        }),
      at: timeText.optional(),
    }),
  ),
  prepare: (payload, { now }) => ({ ...payload, at: payload.at ?? now }),
  apply: ({ status, jobs, at }, change) => {
    const { move, event } = transitions[status];
    const attempts = Object.fromEntries(jobs.map(({ id, attempt }) => [id, attempt]));
    const code: CoreErrorCode = "ATLAS_CORE_JOB_CONFLICT";
    change.run(
      move,
      { jobs: jsonText(attempts), at },
      {
        rows: jobs.length,
        ifFewer: {
          refuse: code,
          message: `${jobs.length} jobs, the first of them "${jobs[0]?.id}", cannot become "${status}" together: one of them does not exist, or its status or attempt does not allow it. Move them one by one.`,
          details: { id: jobs[0]?.id, status, ids: jobs.map(({ id }) => id) },
        },
      },
    );
    for (const { id, attempt } of jobs) change.emit({ type: event, aggregate_id: id, payload: { attempt } });
  },
});
