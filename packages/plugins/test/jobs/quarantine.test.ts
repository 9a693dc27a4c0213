import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStore, silentLogger } from "@atlas/core";
import { createMockLLM } from "@atlas/llm/mock";
import { createFakeClock } from "@atlas/testing/clock";
import { expect, it, onTestFinished } from "vitest";
import { pluginsModule, type WorkflowPlugin } from "../../src/index.ts";
import { createJobRunner, createPluginRegistry } from "../../src/runtime.ts";
import { openStore } from "../support/open-store.ts";
import { until } from "../support/until.ts";

function databasePath(): string {
  const folder = mkdtempSync(join(tmpdir(), "atlas-plugins-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "atlas.db");
}

/** A process with a runner. `crash` ends its store and leaves its jobs running, as a kill does. */
async function startProcess(database: string, run: WorkflowPlugin["run"]) {
  const clock = createFakeClock();
  const store = await createStore({ database, modules: [pluginsModule], clock, log: silentLogger });
  onTestFinished(() => store.stop());
  const { commands, repo } = store;
  const registry = createPluginRegistry();
  registry.registerWorkflow({ id: "work.v1", run });
  const host = { clock, log: silentLogger };
  const runner = createJobRunner({ host, repo, commands, registry, llm: createMockLLM() });
  store.onCommitted(runner.wake);
  await runner.start();
  const create = (id: string) =>
    commands.enqueue({ type: "job.create", job: { id, workflow_id: "work.v1" } });
  return { store, repo, create, crash: () => store.stop() };
}

it("runs the jobs of a crashed process one at a time, and others beside them", async () => {
  const opened = await openStore();
  const { commands, repo } = opened;
  const create = (id: string) =>
    commands.enqueue({ type: "job.create", job: { id, workflow_id: "work.v1" } });
  for (const id of ["s1", "s2", "s3"]) {
    await create(id);
    await commands.enqueue({ type: "job.updateStatus", id, status: "running" });
  }
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const registry = createPluginRegistry();
  registry.registerWorkflow({
    id: "work.v1",
    run: (_ctx, _input, id) =>
      new Promise((resolve) => {
        begun.push(id);
        ends.set(id, resolve);
      }),
  });
  const runner = createJobRunner({ ...opened, registry, llm: createMockLLM() });
  opened.store.onCommitted(runner.wake);
  await runner.start();
  for (const id of ["f1", "f2"]) await create(id);
  await until(() => begun.length === 3);
  expect(begun.toSorted()).toEqual(["f1", "f2", "s1"]);
  ends.get("f1")?.();
  await until(async () => (await repo.getJob("f1"))?.status === "succeeded");
  expect(begun).toHaveLength(3);
  for (const id of ["s1", "s2", "s3"]) {
    await until(() => begun.includes(id));
    expect(begun.filter((one) => one.startsWith("s")).at(-1)).toBe(id);
    ends.get(id)?.();
  }
  await until(async () => (await repo.getJob("s3"))?.status === "succeeded");
  ends.get("f2")?.();
  await runner.stop(1_000);
});

it("fails the job that ends the process again and again, and none of those that ran beside it", async () => {
  const database = databasePath();
  const neighbours = ["n1", "n2", "n3"];
  let running = new Set<string>();
  let crash: (() => void) | undefined;
  const poisoned: WorkflowPlugin["run"] = async (_ctx, _input, id) => {
    running.add(id);
    // The first time, all of them are under way; after that, the poison acts as soon as it runs.
    if (id === "poison" && crash !== undefined) crash();
    if (crash === undefined || id === "poison") await new Promise<never>(() => undefined);
    running.delete(id);
  };
  const first = await startProcess(database, poisoned);
  for (const id of ["n1", "n2", "poison", "n3"]) await first.create(id);
  await until(() => running.size === 4);
  await first.crash();

  for (let start = 2; ; start += 1) {
    running = new Set();
    const crashed = Promise.withResolvers<"crashed">();
    crash = () => crashed.resolve("crashed");
    const next = await startProcess(database, poisoned);
    const quiet = until(async () => (await next.repo.listJobs({ status: "queued" })).items.length === 0).then(
      () => until(async () => (await next.repo.listJobs({ status: "running" })).items.length === 0),
    );
    const how = await Promise.race([crashed.promise, quiet.then(() => "over")]);
    if (how === "over") {
      expect(start).toBe(4);
      for (const id of neighbours) expect(await next.repo.getJob(id)).toMatchObject({ status: "succeeded" });
      expect(await next.repo.getJob("poison")).toMatchObject({
        status: "failed",
        error: { code: "ATLAS_PLUGINS_CRASH_LOOP" },
      });
      return;
    }
    quiet.catch(() => undefined);
    await next.crash();
  }
});
