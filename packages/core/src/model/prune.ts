import { expressionBuilder } from "kysely";
import { z } from "zod";
import { defineCommand } from "../contract/module.ts";
import { type Statement, statement } from "../contract/statement.ts";
import { timeText } from "../contract/time.ts";
import type { CoreTables } from "./tables.ts";

/**
 * What may go. Every time is absolute, so that a replay prunes the same rows. What is not named stays; what is not
 * delivered, not finished, or still referred to stays whatever is named.
 */
export const prunePolicy = z.strictObject({
  /** Delivered domain events that were emitted before. */
  domain_events_before: timeText.optional(),
  /** Jobs that ended before, and have no artifact and no child any more. */
  jobs_before: timeText.optional(),
  /** Artifacts that were changed last before, and are of no job that has yet to end. */
  artifacts_before: timeText.optional(),
  /** Events that occurred before. */
  events_before: timeText.optional(),
  /** Tombstones that were set before, and to which no event refers any more. */
  deleted_entities_before: timeText.optional(),
  /** Notes of commands that were refused before. */
  refused_before: timeText.optional(),
  /** Journal entries from before, as far as they lie before the present epoch. `store.prune` begins a new one first. */
  journal_before: timeText.optional(),
});

/** What a caller gives to `maintenance.prune`. */
export type PrunePolicy = z.input<typeof prunePolicy>;

interface Values {
  before: string;
  limit: number;
}

type Removal = Statement<CoreTables, Values>;

const hasEnded = ["succeeded", "failed", "cancelled"] as const;

/** Ids of which a sink has yet to be told: it will want to read them. */
const awaited = expressionBuilder<CoreTables>()
  .selectFrom("domain_events as undelivered")
  .select((event) => event.ref("undelivered.aggregate_id").$castTo<string>().as("id"))
  .where("undelivered.delivered_at", "is", null)
  .where("undelivered.aggregate_id", "is not", null);

// In this order: what refers goes before what it refers to.
const removals: Record<keyof PrunePolicy, readonly Removal[]> = {
  domain_events_before: [
    statement((db, p) =>
      db
        .deleteFrom("domain_events")
        .where((row) =>
          row(
            "seq",
            "in",
            row
              .selectFrom("domain_events as old")
              .select("old.seq")
              .where("old.created_at", "<", p.before)
              .where("old.delivered_at", "is not", null)
              .orderBy("old.seq")
              .limit(p.limit),
          ),
        ),
    ),
  ],
  artifacts_before: [
    statement((db, p) =>
      db.deleteFrom("artifacts").where((row) =>
        row(
          "id",
          "in",
          row
            .selectFrom("artifacts as old")
            .select("old.id")
            .where("old.updated_at", "<", p.before)
            .where("old.id", "not in", awaited)
            .where((artifact) =>
              artifact.not(
                artifact.exists(
                  artifact
                    .selectFrom("jobs")
                    .select("jobs.id")
                    .whereRef("jobs.id", "=", "old.job_id")
                    .where("jobs.status", "not in", hasEnded),
                ),
              ),
            )
            .orderBy("old.id")
            .limit(p.limit),
        ),
      ),
    ),
  ],
  jobs_before: [
    statement((db, p) =>
      db.deleteFrom("jobs").where((row) =>
        row(
          "id",
          "in",
          row
            .selectFrom("jobs as old")
            .select("old.id")
            .where("old.finished_at", "<", p.before)
            .where("old.status", "in", hasEnded)
            .where("old.id", "not in", awaited)
            .where((job) =>
              job.not(
                job.exists(
                  job
                    .selectFrom("jobs as child")
                    .select("child.id")
                    .whereRef("child.parent_id", "=", "old.id"),
                ),
              ),
            )
            .where((job) =>
              job.not(
                job.exists(
                  job
                    .selectFrom("artifacts")
                    .select("artifacts.id")
                    .whereRef("artifacts.job_id", "=", "old.id"),
                ),
              ),
            )
            .orderBy("old.id")
            .limit(p.limit),
        ),
      ),
    ),
  ],
  events_before: [
    statement((db, p) =>
      db
        .deleteFrom("events")
        .where((row) =>
          row(
            "id",
            "in",
            row
              .selectFrom("events as old")
              .select("old.id")
              .where("old.occurred_at", "<", p.before)
              .where("old.id", "not in", awaited)
              .orderBy("old.id")
              .limit(p.limit),
          ),
        ),
    ),
  ],
  deleted_entities_before: [
    statement((db, p) =>
      db.deleteFrom("entities").where((row) =>
        row(
          "id",
          "in",
          row
            .selectFrom("entities as old")
            .select("old.id")
            .where("old.deleted_at", "<", p.before)
            .where("old.id", "not in", awaited)
            .where((entity) =>
              entity.not(
                entity.exists(
                  entity.selectFrom("events").select("events.id").whereRef("events.entity_id", "=", "old.id"),
                ),
              ),
            )
            .orderBy("old.id")
            .limit(p.limit),
        ),
      ),
    ),
  ],
  refused_before: [
    statement((db, p) =>
      db
        .deleteFrom("refused_commands")
        .where((row) =>
          row(
            "seq",
            "in",
            row
              .selectFrom("refused_commands as old")
              .select("old.seq")
              .where("old.refused_at", "<", p.before)
              .orderBy("old.seq")
              .limit(p.limit),
          ),
        ),
    ),
  ],
  journal_before: [
    statement((db, p) =>
      db.deleteFrom("journal").where((row) =>
        row(
          "seq",
          "in",
          row
            .selectFrom("journal as old")
            .select("old.seq")
            .where("old.enqueued_at", "<", p.before)
            .where("old.seq", "<", (journal) =>
              journal
                .selectFrom("epochs")
                .select((epoch) => epoch.fn.max("epochs.first_seq").as("first_seq")),
            )
            .orderBy("old.seq")
            .limit(p.limit),
        ),
      ),
    ),
    // An epoch goes with the last of its entries, and with it the copy it began with.
    statement((db, p) =>
      db
        .deleteFrom("epochs")
        .where("started_at", "<", p.before)
        .where("first_seq", "<", (row) =>
          row.selectFrom("epochs as last").select((epoch) => epoch.fn.max("last.first_seq").as("first_seq")),
        )
        .where((row) =>
          row.not(
            row.exists(
              row
                .selectFrom("journal")
                .select("journal.seq")
                .whereRef("journal.seq", ">=", "epochs.first_seq")
                .where("journal.seq", "<", (entry) =>
                  entry
                    .selectFrom("epochs as next")
                    .select((epoch) => epoch.fn.min("next.first_seq").as("first_seq"))
                    .whereRef("next.first_seq", ">", "epochs.first_seq"),
                ),
            ),
          ),
        ),
    ),
  ],
};

const command = defineCommand<CoreTables>();

/**
 * Removes what the policy names: at most `limit` rows of each kind, so that a long list can go in parts, or all of it. It
 * emits no event.
 */
export const maintenancePrune = command({
  schema: z.object({ policy: prunePolicy, limit: z.int().min(1).optional() }),
  apply: ({ policy, limit = Number.MAX_SAFE_INTEGER }, change) => {
    for (const [field, statements] of Object.entries(removals)) {
      const before = policy[field as keyof PrunePolicy];
      if (before === undefined) continue;
      for (const removal of statements) change.run(removal, { before, limit });
    }
  },
});
