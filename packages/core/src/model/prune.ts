import { z } from "zod";
import { defineCommand } from "../contract/define-command.ts";
import { idText } from "../contract/id.ts";
import { lazySchema } from "../contract/lazy-schema.ts";
import { DEFAULT_PRUNE_LIMIT, pruneLimit } from "../contract/prune.ts";
import { timeText } from "../contract/time.ts";
import type { CoreEvents } from "./core-events.ts";
import { type RowKey, removals, removeEpochs, UNBOUNDED } from "./removals.ts";
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

/** With more undelivered events than this, a prune keeps whatever an event may name: reading them all would take too long. */
export const MAX_AWAITED = 2_500;
const EXAMINED_AT_LEAST = 1_000;

/** How many rows of a kind a prune looks at, unless it is told. */
export function examinedRows(limit: number): number {
  return Math.max(EXAMINED_AT_LEAST, 4 * limit);
}

/** How many rows of each kind a command removes that does not say: fewer, the more kinds it names. */
function sharedLimit(policy: object): number {
  return Math.ceil(DEFAULT_PRUNE_LIMIT / Math.max(1, Object.keys(policy).length));
}

const command = defineCommand<CoreTables, CoreEvents>();

/**
 * Removes what the policy names, and emits no event. It is bounded, so that the commands beside it wait some milliseconds at
 * most: of each kind it looks at `examine` rows in the order of their keys (default: 4 × `limit`, 1,000 at least), and removes at
 * most `limit` of them (default: 250 in all, shared by the kinds of the policy). With `after`, which needs a policy of one field, it looks at the rows whose keys come
 * later. While more than 2,500 domain events are undelivered, it keeps all jobs, artifacts, events and entities. `store.prune`
 * sends as many of these as it takes.
 */
export const maintenancePrune = command({
  schema: lazySchema(() =>
    z
      .object({
        policy: prunePolicy,
        limit: pruneLimit,
        examine: z.int().min(1).max(5_000).optional(),
        after: z.union([idText, z.int().min(0)]).optional(),
      })
      .refine(({ policy, after }) => after === undefined || Object.keys(policy).length === 1, {
        message: "needs a policy of exactly one field",
        path: ["after"],
      }),
  ),
  prepare: ({ policy, limit = sharedLimit(policy), examine = examinedRows(limit), ...place }) => ({
    ...place,
    policy,
    limit,
    examine,
  }),
  // A journal from before these bounds has none: there it removed all.
  apply: ({ policy, after, limit = UNBOUNDED, examine }, change) => {
    const awaited = examine === undefined ? UNBOUNDED : MAX_AWAITED;
    for (const [field, removal] of Object.entries(removals)) {
      // The fields of the policy are those of the removals.
      const before = policy[field as keyof typeof removals];
      if (before === undefined) continue;
      const from: RowKey = after ?? removal.start;
      change.run(removal.remove, { before, limit, after: from, examine: examine ?? UNBOUNDED, awaited });
      if (field === "journal_before") change.run(removeEpochs, { before });
    }
  },
});
