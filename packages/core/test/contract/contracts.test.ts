import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import {
  type Command,
  type CommandSink,
  coreModule,
  defineCommand,
  defineModule,
  type ReadOnlyRepo,
  type Store,
  type StoreCommand,
  silentLogger,
  tables,
} from "../../src/index.ts";
import { createStore } from "../support/driver.ts";
import { type FinopsCommand, type FinopsTables, finops } from "../support/finops.ts";
import { type LabTables, lab } from "../support/lab.ts";
import { openStore } from "../support/open-store.ts";
import { rejection } from "../support/rejection.ts";

describe("a module outside core", () => {
  it("has its commands, tables and queries in the store that it is installed in", async () => {
    const store = await openStore({ modules: [finops] });
    const cost = { id: "c1", job_id: "j1", microusd: 1_500 };
    expect(await store.commands.enqueue({ type: "finops.cost.record", cost })).toEqual({
      seq: 1,
      changed: true,
    });
    await store.commands.enqueue({ type: "finops.cost.record", cost: { job_id: "j1", microusd: 500 } });
    expect(await store.repo.finops.spendByJob("j1")).toBe(2_000);
    expect(await store.repo.finops.spendByJob("j2")).toBe(0);
    const { items } = await store.repo.listDomainEvents();
    expect(items[0]).toMatchObject({
      type: "finops.cost.recorded",
      aggregate_id: "j1",
      payload: { microusd: 1_500 },
    });
    const [journaled] = (await store.repo.listJournal()).items;
    expect(journaled).toMatchObject({
      type: "finops.cost.record",
      payload: { cost: { ...cost, at: expect.any(String) } },
    });
    const rows = await store.repo.select
      .selectFrom("finops_cost")
      .select("microusd")
      .orderBy("microusd")
      .execute();
    expect(rows).toEqual([{ microusd: 500 }, { microusd: 1_500 }]);
  });

  it("stands beside core's commands and another module in one unit", async () => {
    const store = await openStore({ modules: [finops, lab] });
    const receipts = await store.commands.enqueueAll([
      { type: "entity.upsert", entity: { type: "note" } },
      { type: "finops.cost.record", cost: { job_id: "j1", microusd: 1 } },
      { type: "lab.put", id: "a" },
    ]);
    expect(receipts.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it("is unknown where it is not installed", async () => {
    const store = await openStore();
    const record = { type: "finops.cost.record", cost: { job_id: "j1", microusd: 1 } } as const;
    // @ts-expect-error a command of a module that is not installed
    const sent = store.commands.enqueue(record);
    expect((await rejection(sent)).code).toBe("ATLAS_CORE_COMMAND_UNKNOWN");
    // @ts-expect-error a query of a module that is not installed
    expect(store.repo.finops).toBeUndefined();
  });

  it("gets the refusal of its own handler", async () => {
    const store = await openStore({ modules: [finops] });
    const error = await rejection(store.commands.enqueue({ type: "finops.cost.fail", message: "no budget" }));
    expect(error).toMatchObject({ code: "ATLAS_CORE_HANDLER_FAILED", details: { type: "finops.cost.fail" } });
    const sent = { type: "finops.cost.record", cost: { job_id: "j1", microusd: 0.5 } } as const;
    expect(await rejection(store.commands.enqueue(sent))).toMatchObject({
      details: { path: "cost.microusd" },
    });
  });
});

/** Never called. Only the compiler checks its body. */
function refusedByTheCompiler(store: Store<typeof finops>, core: Store): void {
  // @ts-expect-error a wrong payload: the title is a text
  void store.commands.enqueue({ type: "entity.upsert", entity: { type: "note", title: 7 } });
  // @ts-expect-error a wrong payload: there is no such field
  void store.commands.enqueue({ type: "finops.cost.record", cost: { job_id: "j", microusd: 1, in: "€" } });
  // @ts-expect-error no command has this type
  void store.commands.enqueue({ type: "entity.delete", id: "e1" });
  // @ts-expect-error the queue of core's commands takes none of finops
  const wider: CommandSink<StoreCommand<typeof finops>> = core.commands;
  // @ts-expect-error the repo of core has no queries of finops
  const richer: ReadOnlyRepo<typeof finops> = core.repo;
  // @ts-expect-error select reads only
  void store.repo.select.deleteFrom("entities").execute();
  // @ts-expect-error a write behind WITH is a write
  void store.repo.select.with("gone", (db) => db.deleteFrom("entities").returningAll());
  // @ts-expect-error core's repo knows no table of finops
  void core.repo.select.selectFrom("finops_cost");
  void [wider, richer];
}

function refusedModules(): void {
  const command = defineCommand<FinopsTables>();
  const ours = command({ schema: z.object({}), apply: () => undefined });
  const theirs = defineCommand<LabTables>()({ schema: z.object({}), apply: () => undefined });
  const base = { name: "finops", version: 1, migrations: {} } as const;

  // @ts-expect-error a command outside the module's prefix
  defineModule({ ...base, tables: tables<FinopsTables>(), commands: { "entity.upsert": ours } });
  // @ts-expect-error a table outside the module's prefix
  defineModule({ ...base, tables: tables<LabTables>(), commands: {} });
  // @ts-expect-error a handler over the tables of another module
  defineModule({ ...base, tables: tables<FinopsTables>(), commands: { "finops.x": theirs } });
  command({
    schema: z.object({ id: z.string() }),
    // @ts-expect-error a handler that runs a statement over another module's tables
    apply: ({ id }, change) => change.run(lab.commands["lab.put"] as never as typeof labStatement, { id }),
  });
  defineModule({
    ...base,
    tables: tables<FinopsTables>(),
    commands: {},
    // @ts-expect-error queries cannot write
    queries: (read) => ({ wipe: () => read.select.deleteFrom("finops_cost").execute() }),
  });
  defineModule({
    ...base,
    tables: tables<FinopsTables>(),
    commands: {},
    queries: (read) => ({
      wipe: () =>
        read.select
          // @ts-expect-error queries cannot write behind WITH either
          .with("gone", (db) => db.deleteFrom("finops_cost").returningAll())
          .selectFrom("gone")
          .selectAll()
          .execute(),
    }),
  });
}
declare const labStatement: import("../../src/index.ts").Statement<LabTables, { id: string }>;

describe("the types of commands", () => {
  it("refuse what is not installed, not valid or not allowed", () => {
    // That the @ts-expect-error lines above are needed is checked by the compiler.
    expect([refusedByTheCompiler, refusedModules].every((check) => typeof check === "function")).toBe(true);
  });

  it("let a queue of more commands stand where one of fewer is asked for, and not the other way round", () => {
    expectTypeOf<CommandSink<Command | FinopsCommand>>().toExtend<CommandSink<FinopsCommand>>();
    expectTypeOf<Store<typeof finops>["commands"]>().toExtend<CommandSink<Command>>();
    expectTypeOf<CommandSink<Command>>().not.toExtend<CommandSink<Command | FinopsCommand>>();
    expectTypeOf<ReadOnlyRepo<typeof finops>>().toExtend<ReadOnlyRepo>();
    expectTypeOf<ReadOnlyRepo>().not.toExtend<ReadOnlyRepo<typeof finops>>();
  });

  it("name every installed command, and nothing else", () => {
    expectTypeOf<FinopsCommand["type"]>().toEqualTypeOf<"finops.cost.record" | "finops.cost.fail">();
    expectTypeOf<StoreCommand<typeof finops>["type"]>().toEqualTypeOf<
      Command["type"] | FinopsCommand["type"]
    >();
    expectTypeOf<{ type: "lab.throw" }>().toExtend<StoreCommand<typeof lab>>();
  });
});

describe("a module is refused with a TypeError", () => {
  const valid = { name: "stage", version: 1, migrations: {}, commands: {} };
  const definition = { schema: z.object({}), apply: () => undefined };

  it.each([
    ["whose name has capitals", { name: "Stage" }, '"Stage" is not valid'],
    ["whose name is empty", { name: "" }, '"" is not valid'],
    ["whose name has a dot", { name: "a.b" }, '"a.b" is not valid'],
    ["whose name is one that the store uses for itself", { name: "store" }, '"store" is reserved'],
    ["whose name would hide repo.select", { name: "select" }, '"select" is reserved'],
    ["whose tables could be core's", { name: "domain" }, '"domain" is reserved'],
    ["of version 0", { version: 0 }, "version must be a positive integer; got 0"],
    ["of version 1.5", { version: 1.5 }, "got 1.5"],
    [
      "with a command outside its prefix",
      { commands: { "other.go": definition } },
      '"other.go" must start with "stage."',
    ],
    [
      "with a migration without number",
      { migrations: { initial: () => [] } },
      'must have a name like "001_initial"',
    ],
  ])("%s", (_, change, words) => {
    const define = (): unknown => defineModule({ ...valid, ...change } as never);
    expect(define).toThrow(TypeError);
    expect(define).toThrow(words);
  });

  it("that is installed twice, or takes core's place", async () => {
    const database = ":memory:";
    await expect(createStore({ log: silentLogger, database, modules: [finops, finops] })).rejects.toThrow(
      new TypeError('Two modules are named "finops". Install each module once.'),
    );
    await expect(createStore({ log: silentLogger, database, modules: [coreModule] })).rejects.toThrow(
      'Two modules are named "core"',
    );
  });
});
