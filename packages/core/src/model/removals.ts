import { type Expression, type ExpressionBuilder, expressionBuilder, type SqlBool, sql } from "kysely";
import {
  lazyStatement,
  type Placeholders,
  type Query,
  query,
  type Statement,
} from "../contract/statement.ts";
import type { CoreTables } from "./tables.ts";

/** The key of a row: an id, or a number. */
export type RowKey = string | number;

/** Stands for no bound: a journal from before prunes were bounded has none. */
export const UNBOUNDED = Number.MAX_SAFE_INTEGER;

/** Which rows to look at. */
interface Window {
  /** Only rows with a later key. */
  readonly after: RowKey;
  /** How many rows to look at. */
  readonly examine: number;
}

/** What a removal is run with. */
interface OldRows extends Window {
  /** ISO-8601 time: rows from before it go. */
  readonly before: string;
  /** How many rows may go at once. */
  readonly limit: number;
  /** With more undelivered events than this, nothing goes that an event may name. */
  readonly awaited: number;
}

/** A kind of rows that can be pruned. */
export interface Removal {
  readonly table: PrunedTable;
  /** The key that comes before every other. */
  readonly start: RowKey;
  /** True when rows stay for as long as an undelivered event names them. */
  readonly isAwaited: boolean;
  /** Deletes the old rows of a window, the first ones first. */
  readonly remove: Statement<CoreTables, OldRows>;
  /** Finds what `remove` would delete. */
  readonly find: Query<CoreTables, OldRows, { readonly key: RowKey }>;
  /** The last key of a window and how many rows it has. */
  readonly measure: Query<CoreTables, Window, { readonly last: RowKey | null; readonly rows: number }>;
  /** Finds a row from before the time by an index, where there is one. */
  readonly findAny?: Query<CoreTables, { readonly before: string }, unknown>;
}

/** The tables that can be pruned. */
export type PrunedTable =
  | "domain_events"
  | "artifacts"
  | "jobs"
  | "events"
  | "entities"
  | "refused_commands"
  | "journal";
/** Builds a condition on a row of the table, named `old`. */
type OldRow<Table extends PrunedTable> = ExpressionBuilder<CoreTables & { old: CoreTables[Table] }, "old">;
type IsOld<Table extends PrunedTable> = (
  old: OldRow<Table>,
  p: Placeholders<OldRows>,
) => readonly Expression<SqlBool>[];

const { exists, not, ...expression } = expressionBuilder<CoreTables>();
const hasEnded = ["succeeded", "failed", "cancelled"] as const;

function removalOf<Table extends PrunedTable>(kind: {
  readonly table: Table;
  readonly key: "id" | "seq";
  readonly isAwaited?: boolean;
  readonly isOld: IsOld<Table>;
  readonly findAny?: Removal["findAny"];
}): Removal {
  const { isAwaited = false, findAny } = kind;
  // One table stands for all of them: the statements name only the key and what `isOld` names.
  const table = kind.table as "jobs";
  const key = kind.key as "id";

  // Read from the key's index alone.
  const examined = (p: Placeholders<Window>) =>
    expression
      .selectFrom(`${table} as row` as const)
      .select(`row.${key} as key`)
      // The key is of the column's type.
      .where(`row.${key}`, ">", p.after as Expression<string>)
      .orderBy(`row.${key}`)
      .limit(p.examine)
      .as("examined");
  const oldRows = (p: Placeholders<OldRows>) =>
    expression
      .selectFrom(`${table} as old` as const)
      .where(`old.${key}`, ">", p.after as Expression<string>)
      .where(`old.${key}`, "<=", () =>
        expression.selectFrom(examined(p)).select((row) => row.fn.max("examined.key").as("last")),
      )
      .where((old) =>
        old.and([
          ...kind.isOld(old as unknown as OldRow<Table>, p),
          ...(isAwaited ? [not(exists(beyondLimit(p))), old(`old.${key}`, "not in", awaitedIds(p))] : []),
        ]),
      )
      .orderBy(`old.${key}`)
      .limit(p.limit);

  return {
    table: kind.table,
    start: key === "id" ? "" : 0,
    isAwaited,
    remove: lazyStatement((db, p) =>
      db.deleteFrom(table).where(key, "in", () => oldRows(p).select(`old.${key}`)),
    ),
    find: query<CoreTables, OldRows>()((db, p) =>
      db.selectFrom(oldRows(p).select(`old.${key} as key`).as("found")).select("found.key"),
    ),
    measure: query<CoreTables, Window>()((db, p) =>
      db
        .selectFrom(examined(p))
        .select((row) => [row.fn.max("examined.key").as("last"), row.fn.countAll<number>().as("rows")]),
    ),
    ...(findAny === undefined ? {} : { findAny }),
  };
}

const undelivered = expression
  .selectFrom("domain_events as undelivered")
  .where("undelivered.delivered_at", "is", null)
  .orderBy("undelivered.seq");

/** Finds something where more events are undelivered than are looked at. */
function beyondLimit(p: Placeholders<OldRows>) {
  return undelivered.select("undelivered.seq").limit(1).offset(p.awaited);
}

/** Ids that an undelivered event names. Its sinks will want to read them. */
function awaitedIds(p: Placeholders<OldRows>) {
  return expression
    .selectFrom(undelivered.select(["undelivered.aggregate_id"]).limit(p.awaited).as("named"))
    .select((event) => event.ref("named.aggregate_id").$castTo<string>().as("id"))
    .where("named.aggregate_id", "is not", null);
}

/** Finds something when more than `awaited` events are undelivered. */
export const manyUndelivered = query<CoreTables, { awaited: number }>()((db, p) =>
  db
    .selectFrom("domain_events")
    .select("seq")
    .where("delivered_at", "is", null)
    .orderBy("seq")
    .limit(1)
    .offset(p.awaited),
);

/** The first command of the present epoch. */
const presentEpoch = expression
  .selectFrom("epochs as last")
  .select((epoch) => epoch.fn.max("last.first_seq").as("first_seq"));

/** Removes an epoch with the last of its entries, and with it the copy that it starts from. */
export const removeEpochs: Statement<CoreTables, { before: string }> = lazyStatement((db, p) =>
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

/** What each field of a policy removes, in this order: a row goes before the rows that it refers to. */
export const removals = {
  domain_events_before: removalOf({
    table: "domain_events",
    key: "seq",
    isOld: (old, p) => [old("old.created_at", "<", p.before), old("old.delivered_at", "is not", null)],
  }),
  artifacts_before: removalOf({
    table: "artifacts",
    key: "id",
    isAwaited: true,
    isOld: (old, p) => [
      old("old.updated_at", "<", p.before),
      not(
        exists(
          old
            .selectFrom("jobs")
            .select("jobs.id")
            .whereRef("jobs.id", "=", "old.job_id")
            .where("jobs.status", "not in", hasEnded),
        ),
      ),
    ],
  }),
  jobs_before: removalOf({
    table: "jobs",
    key: "id",
    isAwaited: true,
    isOld: (old, p) => [
      old("old.finished_at", "<", p.before),
      old("old.status", "in", hasEnded),
      not(
        exists(old.selectFrom("jobs as child").select("child.id").whereRef("child.parent_id", "=", "old.id")),
      ),
      not(
        exists(
          old.selectFrom("artifacts").select("artifacts.id").whereRef("artifacts.job_id", "=", "old.id"),
        ),
      ),
      // A parent may wait for it, and read its result. A journal from before the bounds removed it all the same.
      old.or([
        sql<SqlBool>`${p.awaited} = ${sql.lit(UNBOUNDED)}`,
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
  }),
  events_before: removalOf({
    table: "events",
    key: "id",
    isAwaited: true,
    isOld: (old, p) => [old("old.occurred_at", "<", p.before)],
    findAny: query<CoreTables, { before: string }>()((db, p) =>
      db.selectFrom("events").select("id").where("occurred_at", "<", p.before).limit(1),
    ),
  }),
  deleted_entities_before: removalOf({
    table: "entities",
    key: "id",
    isAwaited: true,
    isOld: (old, p) => [
      old("old.deleted_at", "<", p.before),
      not(exists(old.selectFrom("events").select("events.id").whereRef("events.entity_id", "=", "old.id"))),
    ],
    findAny: query<CoreTables, { before: string }>()((db, p) =>
      db.selectFrom("entities").select("id").where("deleted_at", "<", p.before).limit(1),
    ),
  }),
  refused_before: removalOf({
    table: "refused_commands",
    key: "seq",
    isOld: (old, p) => [old("old.refused_at", "<", p.before)],
  }),
  journal_before: removalOf({
    table: "journal",
    key: "seq",
    isOld: (old, p) => [old("old.enqueued_at", "<", p.before), old("old.seq", "<", presentEpoch)],
  }),
} satisfies Readonly<Record<string, Removal>>;
