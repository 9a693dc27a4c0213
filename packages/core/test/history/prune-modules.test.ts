import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import {
  type CommandOf,
  defineCommand,
  defineModule,
  type FileStore,
  type StoreModule,
  statement,
  tables,
} from "../../src/index.ts";
import { finops } from "../support/finops.ts";
import { openStore } from "../support/open-store.ts";
import { countRows, readRows } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";

interface LedgerTables {
  ledger_entry: { id: string; at: string };
  ledger_note: { id: string; entry_id: string };
}

const command = defineCommand<LedgerTables>();
const insertEntry = statement<LedgerTables, LedgerTables["ledger_entry"]>((db, p) =>
  db.insertInto("ledger_entry").values(p.columns(["id", "at"])),
);
// A placeholder as a column of the row that is inserted.
const copyEntry = statement<LedgerTables, { id: string; from: string }>((db, p) =>
  db
    .insertInto("ledger_entry")
    .columns(["id", "at"])
    .expression((row) =>
      row
        .selectFrom("ledger_entry")
        .select([p.id.as("id"), "at"])
        .where("id", "=", p.from),
    ),
);
const insertNote = statement<LedgerTables, LedgerTables["ledger_note"]>((db, p) =>
  db.insertInto("ledger_note").values(p.columns(["id", "entry_id"])),
);
const removeEntries = statement<LedgerTables, { before: string; limit: number }>((db, p) =>
  db.deleteFrom("ledger_entry").where("id", "in", (row) =>
    row
      .selectFrom("ledger_entry as old")
      .select("old.id")
      .where("old.at", "<", p.before)
      .where((old) =>
        old.not(
          old.exists(
            old.selectFrom("ledger_note").select("ledger_note.id").whereRef("entry_id", "=", "old.id"),
          ),
        ),
      )
      .orderBy("old.id")
      .limit(p.limit),
  ),
);
const removeNotes = statement<LedgerTables, { before: string; limit: number }>((db, p) =>
  db
    .deleteFrom("ledger_note")
    .where("id", "in", (row) =>
      row
        .selectFrom("ledger_note as old")
        .innerJoin("ledger_entry", "ledger_entry.id", "old.entry_id")
        .select("old.id")
        .where("ledger_entry.at", "<", p.before)
        .orderBy("old.id")
        .limit(p.limit),
    ),
);

const parts = {
  name: "ledger",
  version: 1,
  tables: tables<LedgerTables>(),
  migrations: {
    "001_entry": ({ schema }: Parameters<StoreModule["migrations"][string]>[0]) => [
      schema
        .createTable("ledger_entry")
        .addColumn("id", "text", (column) => column.primaryKey().notNull())
        .addColumn("at", "text", (column) => column.notNull()),
      schema
        .createTable("ledger_note")
        .addColumn("id", "text", (column) => column.primaryKey().notNull())
        .addColumn("entry_id", "text", (column) => column.notNull()),
    ],
  },
  commands: {
    "ledger.add": command({
      schema: z.object({ id: z.string(), at: z.string(), note: z.boolean().optional() }),
      apply: ({ id, at, note }, change) => {
        change.run(insertEntry, { id, at });
        if (note === true) change.run(insertNote, { id, entry_id: id });
      },
    }),
    "ledger.copy": command({
      schema: z.object({ id: z.string(), from: z.string() }),
      apply: (copy, change) => change.run(copyEntry, copy),
    }),
  },
} as const;

const ledger = defineModule({
  ...parts,
  prune: { notes_before: [removeNotes], entries_before: [removeNotes, removeEntries] },
});

const OLD = "2026-01-01T00:00:00.000Z";
const CUT = "2026-06-01T00:00:00.000Z";
const LATE = "2026-07-01T00:00:00.000Z";
const ids = (store: FileStore, table: string) =>
  readRows<{ id: string }>(store.path, `select id from ${table} order by id`).map(({ id }) => id);

async function aged() {
  const store = await openStore({ modules: [ledger, finops] });
  await store.commands.enqueueAll([
    { type: "ledger.add", id: "a", at: OLD },
    { type: "ledger.add", id: "b", at: OLD, note: true },
    { type: "ledger.add", id: "c", at: LATE, note: true },
  ]);
  return store;
}

describe("a module's own tables", () => {
  it("are pruned with store.prune, before core's, in many small commands", async () => {
    const store = await aged();
    const many = Array.from({ length: 1_100 }, (_, index) => ({
      type: "ledger.add" as const,
      id: `old ${index}`,
      at: OLD,
    }));
    await Promise.all(many.map((add) => store.commands.enqueue(add)));
    await store.commands.enqueue({ type: "event.insert", event: { type: "push", occurred_at: OLD } });
    await store.commands.enqueue({
      type: "domainEvent.markDelivered",
      id: (await store.repo.listDomainEvents()).items[0]?.id ?? "",
      through_seq: 1_000_000,
    });
    await store.prune({ ledger: { entries_before: CUT }, events_before: CUT });
    expect([ids(store, "ledger_entry"), ids(store, "ledger_note")]).toEqual([["c"], ["c"]]);
    expect(countRows(store.path, "events")).toBe(0);
    const pruned = readRows<{ type: string }>(
      store.path,
      "select type from journal where type like '%prune' order by seq",
    ).map(({ type }) => type);
    expect(pruned.slice(0, 3)).toEqual(["ledger.prune", "ledger.prune", "ledger.prune"]);
    expect(pruned.at(-1)).toBe("maintenance.prune");
    expect(await store.verify()).toMatchObject({ status: "verified" });
  });

  it("are pruned by the module's command in parts, also where it names no limit", async () => {
    const store = await aged();
    const many = Array.from({ length: 300 }, (_, index) => ({
      type: "ledger.add" as const,
      id: `old ${index}`,
      at: OLD,
    }));
    await Promise.all(many.map((add) => store.commands.enqueue(add)));
    const before = countRows(store.path, "ledger_entry");
    await store.commands.enqueue({ type: "ledger.prune", policy: { entries_before: CUT } });
    expect(countRows(store.path, "ledger_entry")).toBe(before - 250);
  });

  it("are kept where the policy does not name them", async () => {
    const store = await aged();
    await store.prune({});
    await store.prune({ ledger: {} });
    expect(ids(store, "ledger_entry")).toEqual(["a", "b", "c"]);
    await store.prune({ ledger: { notes_before: CUT } });
    expect([ids(store, "ledger_entry"), ids(store, "ledger_note")]).toEqual([["a", "b", "c"], ["c"]]);
  });

  it("are pruned by the module's command too, up to its limit", async () => {
    const store = await aged();
    const prune = { type: "ledger.prune", policy: { entries_before: CUT }, limit: 1 } as const;
    expect(await store.commands.enqueue(prune)).toMatchObject({ changed: true });
    expect(ids(store, "ledger_entry")).toEqual(["b", "c"]);
    await store.commands.enqueue(prune);
    expect(await store.commands.enqueue(prune)).toEqual({ seq: 0, changed: false });
    expect((await store.repo.listDomainEvents()).items).toEqual([]);
    const error = await rejection(
      store.commands.enqueue({ ...prune, policy: { entry_before: CUT } as object }),
    );
    expect(error).toMatchObject({
      code: "ATLAS_CORE_COMMAND_INVALID",
      details: { path: "policy.entry_before" },
    });
  });

  it("are pruned in the opposite order of their modules", async () => {
    const other = defineModule({
      name: "other",
      version: 1,
      tables: tables<{ other_row: { id: string } }>(),
      migrations: {
        "001_row": ({ schema }) => [
          schema.createTable("other_row").addColumn("id", "text", (column) => column.primaryKey().notNull()),
        ],
      },
      commands: {
        "other.add": defineCommand<{ other_row: { id: string } }>()({
          schema: z.object({ id: z.string() }),
          apply: ({ id }, change) =>
            change.run(
              statement<{ other_row: { id: string } }, { id: string }>((db, p) =>
                db.insertInto("other_row").values({ id: p.id }),
              ),
              { id },
            ),
        }),
      },
      prune: {
        rows_before: [
          statement<{ other_row: { id: string } }, { before: string; limit: number }>((db, p) =>
            db
              .deleteFrom("other_row")
              .where("id", "in", (row) =>
                row
                  .selectFrom("other_row as old")
                  .select("old.id")
                  .where("old.id", "<", p.before)
                  .limit(p.limit),
              ),
          ),
        ],
      },
    });
    const store = await openStore({ modules: [ledger, other] });
    await store.commands.enqueueAll([
      { type: "ledger.add", id: "a", at: OLD },
      { type: "other.add", id: "0" },
    ]);
    await store.prune({ ledger: { entries_before: CUT }, other: { rows_before: CUT } });
    const { items } = await store.repo.listJournal();
    expect(items.slice(2).map(({ type }) => type)).toEqual(["other.prune", "ledger.prune"]);
  });

  it.each([
    ["an unknown module", { leger: {} }, 'prune: "leger" cannot be pruned. Did you mean "ledger"?'],
    [
      "an unknown field of a module",
      { ledger: { entry_before: CUT } },
      'prune: "ledger.entry_before" cannot be pruned. Did you mean "ledger.entries_before"?',
    ],
    [
      "a time without a zone",
      { ledger: { entries_before: "2026-06-01" } },
      'prune: "ledger.entries_before" must be an ISO-8601 time with a zone, such as "2026-11-21T09:30:00.000Z".',
    ],
    ["a module that prunes nothing", { finops: {} }, 'prune: "finops" cannot be pruned.'],
  ])("refuses %s before anything is removed", async (_, policy, message) => {
    const store = await aged();
    const given = { jobs_before: CUT, ...(policy as object) };
    await expect(store.prune({ ledger: { notes_before: CUT }, ...given })).rejects.toThrow(
      new TypeError(message),
    );
    expect(ids(store, "ledger_note")).toEqual(["b", "c"]);
  });

  it("refuses what is not a policy of a module", async () => {
    const store = await aged();
    const wrong: unknown = 7;
    await expect(store.prune({ ledger: wrong as object })).rejects.toThrow(/^prune: "ledger" Invalid input/);
  });
});

describe("defineModule", () => {
  const unlimited = statement<LedgerTables, { before: string }>((db, p) =>
    db.deleteFrom("ledger_entry").where("at", "<", p.before),
  );
  const timeless = statement<LedgerTables, { limit: number }>((db, p) =>
    db
      .deleteFrom("ledger_entry")
      .where("id", "in", (row) => row.selectFrom("ledger_entry as old").select("old.id").limit(p.limit)),
  );
  const update = statement<LedgerTables, { before: string; limit: number }>((db, p) =>
    db
      .updateTable("ledger_entry")
      .set({ at: p.before })
      .where("id", "in", (row) => row.selectFrom("ledger_entry as old").select("old.id").limit(p.limit)),
  );

  it.each([
    ["without a limit", unlimited],
    ["without a time", timeless],
    ["that updates", update],
  ])("refuses a removal %s", (_, removal) => {
    expect(() => defineModule({ ...parts, prune: { entries_before: [removal] } })).toThrow(
      /^Module "ledger": prune\.entries_before must hold statements that delete rows and use both p\.before and p\.limit/,
    );
  });

  it("refuses a field of another form, a prune command of the module's own, and a misspelt part", () => {
    // @ts-expect-error The field must end with "_before".
    expect(() => defineModule({ ...parts, prune: { entries: [removeEntries] } })).toThrow(
      'Module "ledger": prune.entries must have a name like "costs_before".',
    );
    const own = command({ schema: z.object({}), apply: () => undefined });
    expect(() =>
      defineModule({ ...parts, commands: { "ledger.prune": own }, prune: { notes_before: [removeNotes] } }),
    ).toThrow('Module "ledger": the command "ledger.prune" is made from prune.');
    expect(() => defineModule({ ...parts, querys: () => ({}) } as typeof parts)).toThrow(
      'defineModule: "querys" is not an option. Did you mean "queries"?',
    );
    const misspelt = { schema: z.object({}), prepaire: () => ({}), apply: () => undefined };
    expect(() => command(misspelt)).toThrow('defineCommand: "prepaire" is not an option.');
  });

  it("types the policy and the command by what the modules prune", () => {
    type Prune = Extract<CommandOf<typeof ledger>, { type: "ledger.prune" }>;
    expectTypeOf<Prune["policy"]>().toEqualTypeOf<{
      readonly notes_before?: string;
      readonly entries_before?: string;
    }>();
    type Policy = Parameters<FileStore<typeof ledger | typeof finops>["prune"]>[0];
    expectTypeOf<{ ledger: { notes_before: string }; jobs_before: string }>().toExtend<Policy>();
    expectTypeOf<{ ledger: { note_before: string } }>().not.toExtend<Policy>();
    expectTypeOf<Policy>().not.toHaveProperty("finops");
    expectTypeOf<Extract<CommandOf<typeof finops>, { type: "finops.prune" }>>().toBeNever();
    // A store of modules that nobody named takes core's policy.
    expectTypeOf<{ jobs_before: string }>().toExtend<Parameters<FileStore<StoreModule>["prune"]>[0]>();
    expectTypeOf<FileStore<typeof ledger>>().toExtend<FileStore>();
  });
});

it("takes a placeholder as a column of INSERT … SELECT", async () => {
  const store = await aged();
  await store.commands.enqueue({ type: "ledger.copy", id: "d", from: "c" });
  expect(readRows(store.path, "select * from ledger_entry where id = 'd'")).toEqual([{ id: "d", at: LATE }]);
});
