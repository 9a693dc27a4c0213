import { type Expression, type ExpressionBuilder, expressionBuilder, type SqlBool } from "kysely";
import { z } from "zod";
import { defineCommand } from "../contract/module.ts";
import { applyRemovals, type Removal as RemovalOf, type RemovalValues } from "../contract/prune.ts";
import { type Placeholders, statement } from "../contract/statement.ts";
import { timeText } from "../contract/time.ts";
import type { CoreTables } from "./tables.ts";

/**
 * What to prune. Times are absolute, so that a replay prunes the same rows. Absent fields prune nothing. Rows that are not
 * delivered, not finished or still referred to are always kept.
 */
export const prunePolicy = z.strictObject({
  /** Delivered domain events that were emitted before this time. */
  domain_events_before: timeText.optional(),
  /** Jobs that ended before this time, have neither artifacts nor children left, and whose parent has ended too. */
  jobs_before: timeText.optional(),
  /** Artifacts that were last changed before this time and whose job has ended. */
  artifacts_before: timeText.optional(),
  /** Events that occurred before this time. */
  events_before: timeText.optional(),
  /** Entities that were deleted before this time and that no event refers to. */
  deleted_entities_before: timeText.optional(),
  /** Notes of commands that were refused before this time. */
  refused_before: timeText.optional(),
  /** Journal entries from before this time, up to the present epoch. `store.prune` starts a new epoch first. */
  journal_before: timeText.optional(),
});

/** The input of `maintenance.prune`. */
export type PrunePolicy = z.input<typeof prunePolicy>;

type Removal = RemovalOf<CoreTables>;
type PrunedTable =
  | "domain_events"
  | "artifacts"
  | "jobs"
  | "events"
  | "entities"
  | "refused_commands"
  | "journal";
/** Builds a condition on a row of the table, named `old`. */
type OldRow<Table extends PrunedTable> = ExpressionBuilder<CoreTables & { old: CoreTables[Table] }, "old">;

/** Removes the rows for which `isOld` holds, at most `limit` of them, in the order of the table's key. */
function removeOld<Table extends PrunedTable>(
  table: Table,
  key: "id" | "seq",
  isOld: (old: OldRow<Table>, p: Placeholders<RemovalValues>) => readonly Expression<SqlBool>[],
): Removal {
  // One table stands for all of them: the statement names only the key and what `isOld` names.
  const name = table as "jobs";
  const column = key as "id";
  return statement((db, p) =>
    db.deleteFrom(name).where(column, "in", (row) =>
      row
        .selectFrom(`${name} as old` as const)
        .select(`old.${column}`)
        .where((old) => old.and([...isOld(old as unknown as OldRow<Table>, p)]))
        .orderBy(`old.${column}`)
        .limit(p.limit),
    ),
  );
}

const { exists, not, ...expression } = expressionBuilder<CoreTables>();
const hasEnded = ["succeeded", "failed", "cancelled"] as const;

/** Ids that an undelivered event names. Its sinks will want to read them. */
const awaited = expression
  .selectFrom("domain_events as undelivered")
  .select((event) => event.ref("undelivered.aggregate_id").$castTo<string>().as("id"))
  .where("undelivered.delivered_at", "is", null)
  .where("undelivered.aggregate_id", "is not", null);

/** The first command of the present epoch. */
const presentEpoch = expression
  .selectFrom("epochs as last")
  .select((epoch) => epoch.fn.max("last.first_seq").as("first_seq"));

// An epoch goes with the last of its entries, and with it the copy that it starts from.
const removeEpochs: Removal = statement((db, p) =>
  db
    .deleteFrom("epochs")
    .where("started_at", "<", p.before)
    .where("first_seq", "<", presentEpoch)
    .where((row) =>
      not(
        exists(
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
);

// In this order: a row goes before the rows that it refers to.
const removals: Record<keyof PrunePolicy, readonly Removal[]> = {
  domain_events_before: [
    removeOld("domain_events", "seq", (old, p) => [
      old("old.created_at", "<", p.before),
      old("old.delivered_at", "is not", null),
    ]),
  ],
  artifacts_before: [
    removeOld("artifacts", "id", (old, p) => [
      old("old.updated_at", "<", p.before),
      old("old.id", "not in", awaited),
      not(
        exists(
          old
            .selectFrom("jobs")
            .select("jobs.id")
            .whereRef("jobs.id", "=", "old.job_id")
            .where("jobs.status", "not in", hasEnded),
        ),
      ),
    ]),
  ],
  jobs_before: [
    removeOld("jobs", "id", (old, p) => [
      old("old.finished_at", "<", p.before),
      old("old.status", "in", hasEnded),
      old("old.id", "not in", awaited),
      not(
        exists(old.selectFrom("jobs as child").select("child.id").whereRef("child.parent_id", "=", "old.id")),
      ),
      not(
        exists(
          old.selectFrom("artifacts").select("artifacts.id").whereRef("artifacts.job_id", "=", "old.id"),
        ),
      ),
      // A parent may wait for it, and read its result.
      not(
        exists(
          old
            .selectFrom("jobs as parent")
            .select("parent.id")
            .whereRef("parent.id", "=", "old.parent_id")
            .where("parent.status", "not in", hasEnded),
        ),
      ),
    ]),
  ],
  events_before: [
    removeOld("events", "id", (old, p) => [
      old("old.occurred_at", "<", p.before),
      old("old.id", "not in", awaited),
    ]),
  ],
  deleted_entities_before: [
    removeOld("entities", "id", (old, p) => [
      old("old.deleted_at", "<", p.before),
      old("old.id", "not in", awaited),
      not(exists(old.selectFrom("events").select("events.id").whereRef("events.entity_id", "=", "old.id"))),
    ]),
  ],
  refused_before: [removeOld("refused_commands", "seq", (old, p) => [old("old.refused_at", "<", p.before)])],
  journal_before: [
    removeOld("journal", "seq", (old, p) => [
      old("old.enqueued_at", "<", p.before),
      old("old.seq", "<", presentEpoch),
    ]),
    removeEpochs,
  ],
};

const command = defineCommand<CoreTables>();

/**
 * Removes what the policy names, at most `limit` rows of each kind (default: all). It emits no event.
 */
export const maintenancePrune = command({
  schema: z.object({ policy: prunePolicy, limit: z.int().min(1).optional() }),
  apply: applyRemovals<CoreTables>(removals),
});
