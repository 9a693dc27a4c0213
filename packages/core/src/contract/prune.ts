import { z } from "zod";
import type { Change } from "./change.ts";
import type { Statement } from "./statement.ts";
import { timeText } from "./time.ts";

/** What a removal is run with. */
export interface RemovalValues {
  /** ISO-8601 time: rows from before it go. */
  before: string;
  /** How many rows may go at once. */
  limit: number;
}

/** A statement that deletes old rows, at most `limit` of them. */
export type Removal<Tables> = Statement<Tables, RemovalValues>;

/**
 * What a module prunes: under each field of its policy, such as `costs_before`, the statements that delete the rows from
 * before that time, in their order.
 */
export type Removals<Tables> = Readonly<Record<`${string}_before`, readonly Removal<Tables>[]>>;

/** The payload of a prune command: the time for each field of the policy, and how many rows each statement may delete. */
export interface PrunePayload<Field extends PropertyKey> {
  readonly policy: { readonly [Name in Field]?: string };
  /** 1 to 1,000. Default: 250. */
  readonly limit?: number;
}

/** How many rows each statement of a prune command may delete unless it is told: some milliseconds of work. */
export const DEFAULT_PRUNE_LIMIT = 250;

/** The schema of a prune command's limit. */
export const pruneLimit = z.int().min(1).max(1_000).optional();

const FIELD = /^[a-z][a-z0-9_]*_before$/;

/** Throws a `TypeError` if a module's removals are not ones: each must delete, by time, and within a limit. */
export function checkRemovals(module: string, removals: Removals<never>): void {
  for (const [field, list] of Object.entries(removals)) {
    if (!FIELD.test(field)) {
      throw new TypeError(`Module "${module}": prune.${field} must have a name like "costs_before".`);
    }
    for (const removal of list) {
      const { sql, order } = removal.compiled();
      if (/^delete\b/i.test(sql) && order.includes("before") && order.includes("limit")) continue;
      throw new TypeError(
        `Module "${module}": prune.${field} must hold statements that delete rows and use both p.before and p.limit; got ${sql}.`,
      );
    }
  }
}

/** The schema of a prune command with these fields. */
export function prunePayload(fields: readonly string[]) {
  const policy = z.strictObject(Object.fromEntries(fields.map((field) => [field, timeText.optional()])));
  return z.object({ policy, limit: pruneLimit });
}

/** Bounds a prune command that names no limit. In a journal from before this rule it has none, and removed all. */
export function withPruneLimit<Payload extends { readonly limit?: number | undefined }>(payload: Payload) {
  return { ...payload, limit: payload.limit ?? DEFAULT_PRUNE_LIMIT };
}

/** The handler of a prune command. It emits no event. */
export function applyRemovals<Tables>(removals: Readonly<Record<string, readonly Removal<Tables>[]>>) {
  return (
    {
      policy,
      limit = Number.MAX_SAFE_INTEGER,
    }: {
      readonly policy: Readonly<Record<string, string | undefined>>;
      readonly limit?: number | undefined;
    },
    change: Change<Tables>,
  ): void => {
    for (const [field, list] of Object.entries(removals)) {
      const before = policy[field];
      if (before === undefined) continue;
      for (const removal of list) change.run(removal, { before, limit });
    }
  };
}
