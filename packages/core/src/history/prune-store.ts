import { statSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import type { z } from "zod";
import type { Committed } from "../contract/command.ts";
import type { PrunePolicyOf, StoreModule } from "../contract/module.ts";
import { didYouMean } from "../contract/nearest.ts";
import type { Connection } from "../file/connection.ts";
import { type PrunePolicy, prunePolicy } from "../model/prune.ts";
import { type PrunedTable, type Removal, type RowKey, removals } from "../model/removals.ts";
import { sweepBaselines } from "./begin-epoch.ts";
import { keepsForSinks, pruneWalk } from "./prune-walk.ts";

/** How large a database is. */
export interface DatabaseSize {
  readonly file_bytes: number;
  /** The unused part of the file. It is used again before the file grows. */
  readonly free_bytes: number;
  /** Row counts of the tables that the policy names. */
  readonly rows: Readonly<Partial<Record<PrunedTable, number>>>;
}

/** The size of the database before and after pruning, and what it had to keep. */
export interface PruneReport {
  readonly before: DatabaseSize;
  /** Tables from which nothing was removed are not counted again: they have the number of `before`. */
  readonly after: DatabaseSize;
  /**
   * Tables of the policy that were left as they are, because more than 2,500 domain events are undelivered and their sinks may want
   * to read them. Prune again when the sinks have caught up.
   */
  readonly kept_for_sinks: readonly PrunedTable[];
}

// What one command of a module removes: some milliseconds of work, so that others are written in between.
const ROWS_AT_ONCE = 250;
// Rows that are counted in one turn of the event loop.
const COUNTED_AT_ONCE = 5_000;

/** What `store.prune` takes: core's policy, and that of each installed module that prunes, under its name. */
export type StorePrunePolicy<Module extends StoreModule> = PrunePolicy & {
  readonly [Name in PrunedModule<Module>["name"]]?: PrunePolicyOf<Extract<Module, { readonly name: Name }>>;
};

type PrunedModule<Module extends StoreModule> = Module extends unknown
  ? string extends Module["name"]
    ? never
    : [PrunePolicyOf<Module>] extends [never]
      ? never
      : Module
  : never;

/** Sends a command that prunes. */
export type PruneCommand = (
  type: string,
  payload: { readonly policy: object; readonly limit: number; readonly after?: RowKey },
) => Promise<Committed>;

/** A command that prunes, and its policy. */
interface PruneOrder {
  readonly type: string;
  readonly policy: object;
}

/** Prunes in many small commands. `beginEpoch` is called where the journal would have to be cut within the present one. */
export async function pruneStore(
  policy: PrunePolicy,
  store: {
    readonly path: string;
    readonly reader: Connection;
    readonly modules: readonly StoreModule[];
    readonly prune: PruneCommand;
    readonly beginEpoch: () => Promise<void>;
  },
): Promise<PruneReport> {
  const { path, reader, prune } = store;
  const { core, orders } = readOrders(policy, store.modules);
  const kinds = kindsOf(core);
  const before = await sizeOf(store, kinds);
  if (core.journal_before !== undefined && beganBefore(reader, core.journal_before)) {
    await store.beginEpoch();
  }
  for (const { type, policy } of orders) {
    for (let changed = true; changed; ) ({ changed } = await prune(type, { policy, limit: ROWS_AT_ONCE }));
  }
  const changed: Kind[] = [];
  const kept_for_sinks: PrunedTable[] = [];
  for (const kind of kinds) {
    const { field, removal, time } = kind;
    if (keepsForSinks(reader, removal)) {
      kept_for_sinks.push(removal.table);
      continue;
    }
    const policy = { [field]: time };
    const removed = await pruneWalk({
      reader,
      removal,
      before: time,
      remove: (place) => prune("maintenance.prune", { policy, ...place }),
    });
    if (removed) changed.push(kind);
  }
  if (core.journal_before !== undefined) {
    // An epoch without entries goes too.
    await prune("maintenance.prune", { policy: { journal_before: core.journal_before }, limit: 1 });
  }
  sweepBaselines(reader.database, path);
  const after = await sizeOf(store, changed);
  return { before, after: { ...after, rows: { ...before.rows, ...after.rows } }, kept_for_sinks };
}

/** A part of core's policy. */
interface Kind {
  readonly field: keyof typeof removals;
  readonly removal: Removal;
  readonly time: string;
}

function kindsOf(policy: PrunePolicy): readonly Kind[] {
  // The names of an object's own fields.
  const fields = Object.keys(removals) as (keyof typeof removals)[];
  return fields.flatMap((field) => {
    const time = policy[field];
    return time === undefined ? [] : [{ field, removal: removals[field], time }];
  });
}

/** Checks the whole policy before anything is removed. Modules that were installed later prune first. */
function readOrders(
  policy: object,
  modules: readonly StoreModule[],
): { readonly core: PrunePolicy; readonly orders: readonly PruneOrder[] } {
  const pruned = modules.filter(({ prune }) => prune !== undefined);
  const names = pruned.map(({ name }) => name);
  const orders: PruneOrder[] = [];
  const own: Record<string, unknown> = { ...policy };
  for (const { name, commands, prune = {} } of pruned.toReversed()) {
    const { [name]: part } = own;
    delete own[name];
    if (part === undefined) continue;
    const type = `${name}.prune`;
    const payload = commands[type]?.schema.safeParse({ policy: part });
    if (payload?.success !== true) throw notPrunable(payload?.error, Object.keys(prune), `${name}.`);
    orders.push({ type, policy: part as object });
  }
  const core = prunePolicy.safeParse(own);
  if (!core.success) throw notPrunable(core.error, [...Object.keys(prunePolicy.shape), ...names], "");
  return { core: core.data, orders };
}

function notPrunable(error: z.ZodError | undefined, known: readonly string[], prefix: string): TypeError {
  const issue = error?.issues[0];
  const unknown = issue?.code === "unrecognized_keys" ? issue.keys[0] : undefined;
  const field = issue?.path.filter((key) => key !== "policy").join(".") ?? "";
  return new TypeError(
    unknown === undefined
      ? `prune: "${`${prefix}${field}`.replace(/\.$/, "")}" ${issue?.message}.`
      : `prune: "${prefix}${unknown}" cannot be pruned.${didYouMean(
          `${prefix}${unknown}`,
          known.map((name) => prefix + name),
        )}`,
  );
}

/** True when the present epoch has an entry from before the time. */
function beganBefore({ database }: Connection, time: string): boolean {
  const first = database
    .prepare<[], string>(
      "select enqueued_at from journal where seq >= (select max(first_seq) from epochs) order by seq limit 1",
    )
    .pluck()
    .get();
  return first !== undefined && first < time;
}

async function sizeOf(
  { path, reader }: { readonly path: string; readonly reader: Connection },
  kinds: readonly Kind[],
): Promise<DatabaseSize> {
  const pragma = (name: string): number => Number(reader.database.pragma(name, { simple: true }));
  const rows: Partial<Record<PrunedTable, number>> = {};
  for (const { removal } of kinds) rows[removal.table] = await count(reader, removal);
  return {
    file_bytes: statSync(path).size,
    free_bytes: pragma("freelist_count") * pragma("page_size"),
    rows,
  };
}

/** Counts the rows of a table part by part, for a large one takes longer than the event loop may be held. */
async function count(reader: Connection, { start, measure }: Removal): Promise<number> {
  const part = reader.prepared(measure);
  let total = 0;
  for (let after = start; ; ) {
    // The columns that the query names.
    const found = part.get({ after, examine: COUNTED_AT_ONCE }) as { last: RowKey | null; rows: number };
    total += found.rows;
    if (found.last === null || found.rows < COUNTED_AT_ONCE) return total;
    after = found.last;
    await turn();
  }
}
