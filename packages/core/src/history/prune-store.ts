import { statSync } from "node:fs";
import type { z } from "zod";
import type { Committed } from "../contract/command.ts";
import type { PrunePolicyOf, StoreModule } from "../contract/module.ts";
import { didYouMean } from "../contract/nearest.ts";
import type { Connection } from "../file/connection.ts";
import { type PrunePolicy, prunePolicy } from "../model/prune.ts";
import type { CoreTables } from "../model/tables.ts";
import { sweepBaselines } from "./begin-epoch.ts";

/** How large a database is. */
export interface DatabaseSize {
  readonly file_bytes: number;
  /** The unused part of the file. It is used again before the file grows. */
  readonly free_bytes: number;
  /** Row counts of the tables that can be pruned. */
  readonly rows: Readonly<Record<PrunedTable, number>>;
}

type PrunedTable = (typeof prunedTables)[number];

/** The size of the database before and after pruning. */
export interface PruneReport {
  readonly before: DatabaseSize;
  readonly after: DatabaseSize;
}

const prunedTables = [
  "domain_events",
  "jobs",
  "artifacts",
  "events",
  "entities",
  "refused_commands",
  "journal",
] as const satisfies readonly (keyof CoreTables)[];

// What one command removes: some milliseconds of work, so that others are written in between.
const ROWS_AT_ONCE = 500;

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
    readonly prune: (type: string, policy: object, limit: number) => Promise<Committed>;
    readonly beginEpoch: () => Promise<void>;
  },
): Promise<PruneReport> {
  const { path, reader } = store;
  const { core, orders } = readOrders(policy, store.modules);
  const before = sizeOf(store);
  if (core.journal_before !== undefined && beganBefore(reader, core.journal_before)) {
    await store.beginEpoch();
  }
  for (const { type, policy } of orders) {
    for (let changed = true; changed; ) ({ changed } = await store.prune(type, policy, ROWS_AT_ONCE));
  }
  sweepBaselines(reader.database, path);
  return { before, after: sizeOf(store) };
}

/** Checks the whole policy before anything is removed. Modules that were installed later prune first, core last. */
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
  orders.push({ type: "maintenance.prune", policy: core.data });
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

function sizeOf({ path, reader }: { readonly path: string; readonly reader: Connection }): DatabaseSize {
  const { database } = reader;
  const pragma = (name: string): number => Number(database.pragma(name, { simple: true }));
  const count = (table: PrunedTable): number =>
    Number(database.prepare(`select count(*) from ${table}`).pluck().get());
  return {
    file_bytes: statSync(path).size,
    free_bytes: pragma("freelist_count") * pragma("page_size"),
    // Every table of the list, in its order.
    rows: Object.fromEntries(prunedTables.map((table) => [table, count(table)])) as Record<
      PrunedTable,
      number
    >,
  };
}
