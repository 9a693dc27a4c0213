import { type SqlBool, sql } from "kysely";
import { z } from "zod";
import { defineCommand } from "../contract/define-command.ts";
import { idText } from "../contract/id.ts";
import { lazySchema } from "../contract/lazy-schema.ts";
import { lazyStatement } from "../contract/statement.ts";
import { timeText } from "../contract/time.ts";
import type { CoreEvents } from "./core-events.ts";
import type { CoreTables, JobStatus } from "./tables.ts";

interface Due {
  workflow_id: string;
  at: string;
  limit: number;
}

/** Only a query in the words of its index is served by it. */
export const markDueJobs = lazyStatement<CoreTables, Due>((db, p) =>
  db
    .updateTable("jobs")
    .set({ updated_at: p.at })
    .where("id", "in", (inner) =>
      inner
        .selectFrom("jobs")
        .select("id")
        .where("status", "=", sql.lit<JobStatus>("queued"))
        .where("workflow_id", "=", p.workflow_id)
        .where("group_key", "is not", null)
        .where(sql<SqlBool>`run_at > updated_at`)
        .where("run_at", "<=", p.at)
        .orderBy("run_at")
        .orderBy("id")
        .limit(p.limit),
    ),
);

const command = defineCommand<CoreTables, CoreEvents>();

/**
 * Marks delayed jobs with a `group_key` as due: at most `limit` (1 to 10,000) of a workflow whose `run_at` is not after `at` (default:
 * now), those first that were due first. It sets their `updated_at`, which moves them to the index of ready jobs by key, so that a search
 * for the next key passes no job that still waits for its time. The job runner sends it; it emits no event.
 */
export const jobMarkDue = command({
  schema: lazySchema(() =>
    z.object({ workflow_id: idText, at: timeText.optional(), limit: z.int().min(1).max(10_000) }),
  ),
  prepare: (payload, { now }) => ({ ...payload, at: payload.at ?? now }),
  apply: (due, change) => change.run(markDueJobs, due),
});
