import { expect, it, onTestFinished } from "vitest";
import { onExec } from "../../../../test/support/test-driver.ts";
import { silentLogger } from "../../src/index.ts";
import { createStore } from "../support/driver.ts";
import { finops } from "../support/finops.ts";
import { startHost } from "../support/host-process.ts";
import { openStore } from "../support/open-store.ts";
import { readRows, readValue } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";

const schemaOf = (path: string) => ({
  objects: readRows(path, "select name, sql from sqlite_master order by name"),
  migrations: readRows(path, "select module, name, checksum from schema_migrations order by rowid"),
});

async function databaseWithoutFinops(): Promise<string> {
  const store = await openStore();
  await store.commands.enqueue({ type: "entity.upsert", entity: { id: "kept", type: "note" } });
  await store.stop();
  return store.path;
}

async function expectOldThenNew(database: string, before: object): Promise<void> {
  expect(schemaOf(database)).toEqual(before);
  expect(readValue(database, "pragma integrity_check")).toBe("ok");
  const store = await openStore({ database, modules: [finops] });
  await store.commands.enqueue({ type: "finops.cost.record", cost: { job_id: "j", microusd: 3 } });
  expect(await store.repo.finops.spendByJob("j")).toBe(3);
  expect((await store.repo.getEntity("kept"))?.type).toBe("note");
}

it.each([1, 2, 3])(
  "has the old schema after a kill at statement %i of a migration, and the new one after the next start",
  async (strikeAtStatement) => {
    const database = await databaseWithoutFinops();
    const before = schemaOf(database);
    const host = startHost("opening-host.ts", { database, strikeAtStatement, withFinops: true });
    expect(await host.ended).toEqual({ code: null, signal: "SIGKILL" });
    await expectOldThenNew(database, before);
  },
  20_000,
);

it("has the old schema after a migration for which the disk had no room, and the new one when it has", async () => {
  const database = await databaseWithoutFinops();
  const before = schemaOf(database);
  const restore = onExec((sql, connection) => {
    // The migration's table fits, and the index after it does not.
    if (sql.startsWith("create index"))
      connection.pragma(`max_page_count = ${connection.pragma("page_count", { simple: true })}`);
  });
  onTestFinished(restore);
  const error = await rejection(createStore({ log: silentLogger, database, modules: [finops] }));
  expect(error).toMatchObject({
    code: "ATLAS_CORE_MIGRATION_FAILED",
    details: { module: "finops", migration: "001_cost" },
  });
  expect(error.message).toContain("Check the disk");
  restore();
  await expectOldThenNew(database, before);
});
