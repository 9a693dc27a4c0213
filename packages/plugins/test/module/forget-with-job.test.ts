import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStore, defineModule, silentLogger } from "@atlas/core";
import Sqlite from "better-sqlite3";
import { expect, it, onTestFinished } from "vitest";
import { pluginsModule } from "../../src/index.ts";
import { createJobRunner, createPluginRegistry } from "../../src/runtime.ts";
import { openStore } from "../support/open-store.ts";

/** The tables of the module that hold rows of jobs, as the database itself names them. */
function tablesOfJobs(database: Sqlite.Database): readonly string[] {
  return database
    .prepare<[], string>(
      `select name from sqlite_master
       where type = 'table' and name like 'plugins\\_%' escape '\\'
         and exists (select 1 from pragma_table_info(sqlite_master.name) as field where field.name = 'job_id')
       order by name`,
    )
    .pluck()
    .all();
}

/** Gives a job a row in each of these tables, whatever its other columns are. */
function fillFor(database: Sqlite.Database, jobId: string): void {
  for (const table of tablesOfJobs(database)) {
    const fields = database
      .prepare<[], { name: string; type: string }>(`select name, type from pragma_table_info('${table}')`)
      .all();
    const values = fields.map(({ name, type }) =>
      name === "job_id" || type.toLowerCase() === "text" ? jobId : 1,
    );
    database.prepare(`insert into ${table} values (${fields.map(() => "?").join(", ")})`).run(values);
  }
}

const left = (database: Sqlite.Database): Readonly<Record<string, readonly unknown[]>> =>
  Object.fromEntries(
    tablesOfJobs(database).map((table) => [
      table,
      database.prepare(`select job_id from ${table} order by job_id`).pluck().all(),
    ]),
  );

function openBeside(path: string): Sqlite.Database {
  const database = new Sqlite(path);
  onTestFinished(() => void database.close());
  return database;
}

async function finish(
  { commands }: Awaited<ReturnType<typeof openStore>>,
  id: string,
  at: string,
): Promise<void> {
  await commands.enqueue({ type: "job.create", job: { id, workflow_id: "w", created_at: at } });
  await commands.enqueue({ type: "job.updateStatus", id, status: "running", at });
  await commands.enqueue({ type: "job.updateStatus", id, status: "succeeded", at });
}

/** A job that an undelivered event names is kept. */
async function deliverAll({ commands, repo }: Awaited<ReturnType<typeof openStore>>): Promise<void> {
  const { items } = await repo.listDomainEvents();
  const [first, last] = [items[0], items.at(-1)];
  if (first === undefined || last === undefined) throw new Error("There is no event.");
  await commands.enqueue({ type: "domainEvent.markDelivered", id: first.id, through_seq: last.seq });
}

it("removes all that was stored for a job together with the job, and nothing of another one", async () => {
  const opened = await openStore();
  await finish(opened, "old", "2020-01-01T00:00:00.000Z");
  await finish(opened, "new", "2026-01-01T00:00:00.000Z");
  const database = openBeside(opened.store.path);
  fillFor(database, "old");
  fillFor(database, "new");
  expect(tablesOfJobs(database)).toHaveLength(11);
  await deliverAll(opened);
  await opened.store.prune({ jobs_before: "2021-01-01T00:00:00.000Z" });
  expect(await opened.repo.getJob("old")).toBeUndefined();
  const expected = Object.fromEntries(tablesOfJobs(database).map((table) => [table, ["new"]]));
  expect(left(database)).toEqual(expected);
});

it("finds what was stored for a job by an index, in each table", async () => {
  const { store } = await openStore();
  const database = openBeside(store.path);
  for (const table of tablesOfJobs(database)) {
    const plan = database
      .prepare<[], { detail: string }>(`explain query plan delete from ${table} where job_id = 'j'`)
      .all();
    expect(plan.map(({ detail }) => detail).join("; ")).toMatch(
      new RegExp(`^SEARCH ${table} USING (COVERING )?INDEX \\w+ \\(job_id=\\?\\)$`),
    );
  }
});

it("gives the same rows when a journal with a prune is replayed", async () => {
  const opened = await openStore();
  await finish(opened, "old", "2020-01-01T00:00:00.000Z");
  const { commands, store } = opened;
  await commands.enqueue({ type: "plugins.job.result", job_id: "old", result: 1 });
  await commands.enqueue({ type: "plugins.job.version", job_id: "old", version: 2 });
  await deliverAll(opened);
  await commands.enqueue({ type: "maintenance.prune", policy: { jobs_before: "2021-01-01T00:00:00.000Z" } });
  expect(await opened.repo.plugins.getJobResult("old")).toBeUndefined();
  expect(await store.verify()).toMatchObject({ status: "verified" });
});

it("removes once, from an older database, what is left of jobs that are gone", async () => {
  const folder = mkdtempSync(join(tmpdir(), "atlas-plugins-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "atlas.db");
  const { "012_forget_with_job": _, ...earlier } = pluginsModule.migrations;
  const before = defineModule({
    name: "plugins",
    version: 1,
    migrations: earlier,
    commands: {},
    queries: () => ({}),
  });
  const older = await createStore({ database: path, modules: [before], log: silentLogger });
  await older.commands.enqueue({ type: "job.create", job: { id: "kept", workflow_id: "w" } });
  await older.stop();
  const database = openBeside(path);
  fillFor(database, "gone");
  fillFor(database, "kept");
  database.close();
  const { store } = await openStore({ database: path });
  const opened = openBeside(store.path);
  const expected = Object.fromEntries(tablesOfJobs(opened).map((table) => [table, ["kept"]]));
  expect(left(opened)).toEqual(expected);
});

it("sends no command when a runner starts after a clean end", async () => {
  const opened = await openStore();
  await finish(opened, "j1", "2026-01-01T00:00:00.000Z");
  const { commands, repo, host } = opened;
  const sent: string[] = [];
  const runner = createJobRunner({
    host,
    repo,
    commands: {
      enqueue: (command, envelope) => {
        sent.push(command.type);
        return commands.enqueue(command, envelope);
      },
      enqueueAll: (unit, envelope) => {
        sent.push(...unit.map(({ type }) => type));
        return commands.enqueueAll(unit, envelope);
      },
    },
    registry: createPluginRegistry(),
  } as Parameters<typeof createJobRunner>[0]);
  await runner.start();
  await runner.stop(1_000);
  expect(sent).toEqual([]);
});
