import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStore, defineModule, silentLogger } from "@atlas/core";
import { createFakeClock } from "@atlas/testing/clock";
import Sqlite from "better-sqlite3";
import { expect, it, onTestFinished } from "vitest";
import { initial } from "../../src/module/migrations/001_initial.ts";
import { openStore } from "../support/open-store.ts";
import { runningJobs } from "../support/running-jobs.ts";

const FAR = "2999-01-01T00:00:00.000Z";

/** A database of version 1, whose jobs waited by order: "waiting" in its first run, after a step. */
async function oldDatabase(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "atlas-plugins-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "atlas.db");
  const first = defineModule({
    name: "plugins",
    version: 1,
    migrations: { "001_initial": initial },
    commands: {},
    queries: () => ({}),
  });
  const clock = createFakeClock();
  const store = await createStore({ database: path, modules: [first], clock, log: silentLogger });
  onTestFinished(() => store.stop());
  const { enqueue } = store.commands;
  for (const id of ["waiting", "cancelled", "later"]) {
    clock.advance(1_000);
    const job = { id, workflow_id: "work.v1", max_attempts: 1 };
    await enqueue({ type: "job.create", job });
    await enqueue({ type: "job.updateStatus", id, status: "running" });
    await enqueue({ type: "job.updateStatus", id, status: "queued", run_at: FAR });
  }
  await enqueue({ type: "job.updateStatus", id: "cancelled", status: "cancelled" });
  await store.stop();

  const database = new Sqlite(path);
  const wait = database.prepare(
    "insert into plugins_job_waits (job_id, name, attempt, wait_for, after_seq) values (?, 'signal:1', 1, ?, 0)",
  );
  for (const id of ["waiting", "cancelled"]) wait.run(id, '{"type":"approved"}');
  database.exec(`
    insert into plugins_job_runs values ('waiting', 1, 0, 0);
    insert into plugins_job_steps values ('waiting', 'first', '"from the old run"');
  `);
  database.close();
  return path;
}

it("queues the jobs of a version 1 database that waited by order, and leaves the others", async () => {
  const path = await oldDatabase();
  const { store, repo } = await openStore({ database: path });
  expect(await repo.getJob("waiting")).toMatchObject({
    status: "queued",
    attempt: 1,
    run_at: "2026-01-01T00:00:01.000Z",
    created_at: "2026-01-01T00:00:01.000Z",
  });
  expect(await repo.getJob("cancelled")).toMatchObject({ status: "cancelled", run_at: FAR });
  expect(await repo.getJob("later")).toMatchObject({ status: "queued", run_at: FAR });
  await store.stop();
  const database = new Sqlite(path, { readonly: true });
  onTestFinished(() => void database.close());
  const tables = database.prepare("select name from sqlite_master where name like 'plugins_%waits'").pluck();
  expect(tables.all()).toEqual(["plugins_waits"]);
});

it("runs such a job again from the top, with its steps, and it waits by name", async () => {
  const got: unknown[] = [];
  let steps = 0;
  const clock = createFakeClock();
  clock.advance(60_000);
  const { job, over, signal, repo, store } = await runningJobs(
    async (ctx) => {
      got.push(
        await ctx.step("first", () => {
          steps += 1;
        }),
      );
      await ctx.wait("approval");
    },
    { clock, database: await oldDatabase() },
  );
  await job("waiting", ({ status, attempt }) => status === "queued" && attempt === 2);
  expect(await repo.plugins.listWaits("waiting")).toMatchObject([
    { kind: "signal", name: "approval", attempt: 2 },
  ]);
  expect(await signal("waiting", "approval", true)).toBe("delivered");
  expect(await over("waiting")).toMatchObject({ status: "succeeded", attempt: 3 });
  expect(got).toEqual(["from the old run", "from the old run"]);
  expect(steps).toBe(0);
  expect(await repo.getJob("later")).toMatchObject({ status: "queued", attempt: 1, run_at: FAR });
  expect(await store.verify()).toMatchObject({ status: "verified" });
});
