import { type Expression, type SqlBool, sql } from "kysely";
import { z } from "zod";
import { callContext } from "../contract/call-context.ts";
import { defineCommand } from "../contract/define-command.ts";
import type { CoreErrorCode } from "../contract/errors.ts";
import { idText } from "../contract/id.ts";
import { jsonObject, jsonText } from "../contract/json.ts";
import { lazySchema } from "../contract/lazy-schema.ts";
import { DEPTH, EVENT_SEQ } from "../contract/marker.ts";
import type { Refusal } from "../contract/refusal.ts";
import { lazyStatement, type Placeholders, query } from "../contract/statement.ts";
import { timeText } from "../contract/time.ts";
import type { CoreEvents } from "./core-events.ts";
import type { CoreTables, JobRow, JobStatus } from "./tables.ts";

/**
 * Work for a workflow. It is ready from `run_at` (default: now); among ready jobs a higher `priority` (default 0) goes
 * first. A second job with the same `idempotency_key` and workflow is not created. `deadline_at` bounds its whole life, over
 * all attempts. `context` says what it belongs to. `group_key` names whose job it is among those of its workflow, such as a tenant.
 */
const newJob = () =>
  z.strictObject({
    id: idText.optional(),
    workflow_id: idText,
    input: jsonObject.optional(),
    priority: z.int().min(-1_000_000).max(1_000_000).optional(),
    run_at: timeText.optional(),
    idempotency_key: idText.optional(),
    parent_id: idText.optional(),
    max_attempts: z.int().min(1).max(1_000).optional(),
    created_at: timeText.optional(),
    context: callContext.optional(),
    deadline_at: timeText.optional(),
    group_key: idText.optional(),
  });

/** The input of `job.create`. */
export type NewJob = z.input<ReturnType<typeof newJob>>;

/** The columns of `jobs`. */
export const JOB_COLUMNS = [
  "id",
  "workflow_id",
  "status",
  "priority",
  "attempt",
  "max_attempts",
  "run_at",
  "input",
  "error",
  "idempotency_key",
  "parent_id",
  "created_at",
  "started_at",
  "finished_at",
  "updated_at",
  "context",
  "deadline_at",
  "created_seq",
  "depth",
  "group_key",
] as const satisfies readonly (keyof JobRow)[];

const insertJob = lazyStatement<CoreTables, JobRow>((db, p) =>
  db
    .insertInto("jobs")
    .values(p.columns(JOB_COLUMNS))
    .onConflict((conflict) => conflict.doNothing()),
);

interface JobStep {
  id: string;
  /** The attempt that the caller speaks of; null: whichever it is. */
  attempt: number | null;
  run_at: string | null;
  error: string | null;
  at: string;
}

/** Matches when the caller named no attempt, or named this one. */
function isAttempt(p: Placeholders<JobStep>, attempt: Expression<number>): Expression<SqlBool> {
  return sql<SqlBool>`(${p.attempt} is null or ${p.attempt} = ${attempt})`;
}

const attemptColumn = sql.ref<number>("attempt");
const nextAttempt = sql<number>`attempt + 1`;

const startJob = lazyStatement<CoreTables, JobStep>((db, p) =>
  db
    .updateTable("jobs")
    .set({ status: "running", attempt: nextAttempt, started_at: p.at, finished_at: null, updated_at: p.at })
    .where("id", "=", p.id)
    .where("status", "=", "queued")
    .where(isAttempt(p, nextAttempt)),
);

const endJob = (status: "succeeded" | "failed" | "cancelled", from: readonly JobStatus[]) =>
  lazyStatement<CoreTables, JobStep>((db, p) =>
    db
      .updateTable("jobs")
      .set({ status, error: p.error, finished_at: p.at, updated_at: p.at })
      .where("id", "=", p.id)
      .where("status", "in", from)
      .where(isAttempt(p, attemptColumn)),
  );

const requeueJob = lazyStatement<CoreTables, JobStep>((db, p) =>
  db
    .updateTable("jobs")
    .set((row) => ({
      status: "queued",
      run_at: row.fn.coalesce(p.run_at, p.at),
      error: p.error,
      finished_at: null,
      updated_at: p.at,
    }))
    .where("id", "=", p.id)
    .where("status", "in", ["queued", "running", "failed", "cancelled"])
    .where(isAttempt(p, attemptColumn)),
);

/** A job that has begun keeps its input: its attempts belong together. */
const reviseJob = lazyStatement<CoreTables, JobStep & { input: string; group_key: string | null }>((db, p) =>
  db
    .updateTable("jobs")
    .set((row) => ({
      run_at: row.fn.coalesce(p.run_at, p.at),
      input: p.input,
      group_key: row.fn.coalesce(p.group_key, "group_key"),
      updated_at: p.at,
    }))
    .where("id", "=", p.id)
    .where("status", "=", "queued")
    .where("attempt", "=", 0),
);

/** How each status is reached: from where, and which event tells of it. */
const transitions = {
  running: { move: startJob, event: "job.started" },
  succeeded: { move: endJob("succeeded", ["running"]), event: "job.succeeded" },
  failed: { move: endJob("failed", ["running"]), event: "job.failed" },
  cancelled: { move: endJob("cancelled", ["queued", "running"]), event: "job.cancelled" },
  queued: { move: requeueJob, event: "job.requeued" },
} as const satisfies Record<JobStatus, unknown>;

const selectWithStatus = query<CoreTables, { id: string; status: JobStatus }>()((db, p) =>
  db.selectFrom("jobs").select("id").where("id", "=", p.id).where("status", "=", p.status),
);

const command = defineCommand<CoreTables, CoreEvents>();

/** Queues a job. If its id, or its idempotency key for this workflow, exists, nothing changes. */
export const jobCreate = command({
  schema: lazySchema(() => z.object({ job: newJob() })),
  prepare: ({ job }, { now, newId }) => {
    const created_at = job.created_at ?? now;
    return { job: { ...job, id: job.id ?? newId(), created_at, run_at: job.run_at ?? created_at } };
  },
  apply: ({ job }, change) => {
    const row: JobRow = {
      id: job.id,
      workflow_id: job.workflow_id,
      status: "queued",
      priority: job.priority ?? 0,
      attempt: 0,
      max_attempts: job.max_attempts ?? null,
      run_at: job.run_at,
      input: jsonText(job.input ?? {}),
      error: null,
      idempotency_key: job.idempotency_key ?? null,
      parent_id: job.parent_id ?? null,
      created_at: job.created_at,
      started_at: null,
      finished_at: null,
      updated_at: job.created_at,
      context: job.context === undefined ? null : jsonText({ ...job.context }),
      deadline_at: job.deadline_at ?? null,
      created_seq: EVENT_SEQ,
      depth: DEPTH,
      group_key: job.group_key ?? null,
    };
    change.run(insertJob, row, { ifNone: "stop" });
    // The event of a delayed job holds its time, so that a waiting runner need not read the job.
    const later = row.run_at === row.created_at ? {} : { run_at: row.run_at };
    change.emit({
      type: "job.created",
      aggregate_id: row.id,
      payload: { workflow_id: row.workflow_id, ...later },
    });
  },
});

/**
 * Moves a job on: `queued → running → succeeded | failed`, `queued | running → cancelled`, and back to `queued` from
 * `running`, `failed` or `cancelled`; a job that is `queued` already is given another `run_at`. Starting counts the attempt
 * up. With `attempt`, only that attempt can move the job, which fences off late writers; with `from`, only a job of that status is
 * moved. Any other move is refused with `ATLAS_CORE_JOB_CONFLICT`. With `input` and the status `queued`, a job that is queued and has never
 * begun gets another input, and the `group_key` that goes with it; for any other job the command is refused.
 */
export const jobUpdateStatus = command({
  schema: lazySchema(() =>
    z
      .object({
        id: idText,
        status: z.enum(["queued", "running", "succeeded", "failed", "cancelled"]),
        from: z.enum(["queued", "running", "succeeded", "failed", "cancelled"]).optional(),
        attempt: z.int().min(1).optional(),
        run_at: timeText.optional(),
        error: jsonObject.optional(),
        input: jsonObject.optional(),
        group_key: idText.optional(),
        at: timeText.optional(),
      })
      .refine(({ status, input }) => input === undefined || status === "queued", {
        path: ["input"],
        message: 'only a job that is queued can get another input: pass status "queued"',
      })
      .refine(({ group_key, input }) => group_key === undefined || input !== undefined, {
        path: ["group_key"],
        message: "a job gets another key only together with another input: pass both",
      }),
  ),
  prepare: (payload, { now }) => ({ ...payload, at: payload.at ?? now }),
  apply: ({ id, status, from, attempt, run_at, error, input, group_key = null, at }, change) => {
    const { move, event } = transitions[status];
    const values: JobStep = {
      id,
      attempt: attempt ?? null,
      run_at: run_at ?? null,
      error: error === undefined ? null : jsonText(error),
      at,
    };
    const ifNone = jobConflict(id, status, attempt);
    if (from !== undefined) change.require(selectWithStatus, { id, status: from }, ifNone);
    if (input === undefined) change.run(move, values, { ifNone });
    else change.run(reviseJob, { ...values, input: jsonText(input), group_key }, { ifNone });
    change.emit({
      type: event,
      aggregate_id: id,
      payload: {
        ...(attempt === undefined ? {} : { attempt }),
        ...(error === undefined ? {} : { error }),
        ...(run_at === undefined || status !== "queued" ? {} : { run_at }),
      },
    });
  },
});

function jobConflict(id: string, status: JobStatus, attempt: number | undefined): Refusal {
  const code: CoreErrorCode = "ATLAS_CORE_JOB_CONFLICT";
  const which = attempt === undefined ? "" : ` in attempt ${attempt}`;
  const message = `Job "${id}" cannot become "${status}"${which}: the job does not exist, or its status or attempt does not allow it. Read the job again.`;
  return { refuse: code, message, details: { id, status } };
}
