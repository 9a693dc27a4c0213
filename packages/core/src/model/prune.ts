import { z } from "zod";
import { defineCommand } from "../module.ts";
import { type Statement, statement } from "../statement.ts";
import { timeText } from "../time.ts";
import type { CoreTables } from "./tables.ts";

/**
 * What may go. Every time is absolute, so that a replay prunes the same rows. What is not named stays; what is not
 * delivered or not finished stays whatever is named.
 */
export const prunePolicy = z.strictObject({
  domain_events_before: timeText.optional(),
  jobs_before: timeText.optional(),
  artifacts_before: timeText.optional(),
  events_before: timeText.optional(),
  deleted_entities_before: timeText.optional(),
  refused_before: timeText.optional(),
  journal_before: timeText.optional(),
});

/** What a caller gives to `maintenance.prune`. */
export type PrunePolicy = z.input<typeof prunePolicy>;

interface Before {
  before: string;
}

const removals: Record<keyof PrunePolicy, Statement<CoreTables, Before>> = {
  domain_events_before: statement((db, p) =>
    db.deleteFrom("domain_events").where("created_at", "<", p.before).where("delivered_at", "is not", null),
  ),
  jobs_before: statement((db, p) =>
    db
      .deleteFrom("jobs")
      .where("finished_at", "<", p.before)
      .where("status", "in", ["succeeded", "failed", "cancelled"])
      .where((job) =>
        job.not(
          job.exists(
            job
              .selectFrom("jobs as child")
              .select("child.id")
              .whereRef("child.parent_id", "=", "jobs.id")
              .where("child.status", "in", ["queued", "running"]),
          ),
        ),
      ),
  ),
  artifacts_before: statement((db, p) =>
    db
      .deleteFrom("artifacts")
      .where("updated_at", "<", p.before)
      .where((artifact) =>
        artifact.not(
          artifact.exists(
            artifact
              .selectFrom("jobs")
              .select("jobs.id")
              .whereRef("jobs.id", "=", "artifacts.job_id")
              .where("jobs.status", "in", ["queued", "running"]),
          ),
        ),
      ),
  ),
  events_before: statement((db, p) => db.deleteFrom("events").where("occurred_at", "<", p.before)),
  deleted_entities_before: statement((db, p) => db.deleteFrom("entities").where("deleted_at", "<", p.before)),
  refused_before: statement((db, p) => db.deleteFrom("refused_commands").where("refused_at", "<", p.before)),
  journal_before: statement((db, p) => db.deleteFrom("journal").where("enqueued_at", "<", p.before)),
};

const command = defineCommand<CoreTables>();

/** Removes what the policy names. It emits no event. */
export const maintenancePrune = command({
  schema: z.object({ policy: prunePolicy }),
  apply: ({ policy }, change) => {
    for (const [field, removal] of Object.entries(removals)) {
      const before = policy[field as keyof PrunePolicy];
      if (before !== undefined) change.run(removal, { before });
    }
  },
});
