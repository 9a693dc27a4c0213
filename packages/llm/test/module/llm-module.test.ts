import { join } from "node:path";
import { createStore, silentLogger } from "@atlas/core";
import Database from "better-sqlite3";
import { expect, it, onTestFinished } from "vitest";
import { type LLMCall, llmModule } from "../../src/module/index.ts";
import { createFolder } from "../support/folder.ts";

const call: LLMCall = {
  job_id: "j1",
  attempt: 1,
  number: 1,
  at: "2026-11-21T09:00:00.000Z",
  method: "text",
  status: "answered",
  provider: "mock",
  degraded: true,
  duration_ms: 5,
  tries: [{ candidate: "mock", outcome: "answered", waited_ms: 0, duration_ms: 5 }],
  skipped: [],
};

async function open() {
  const store = await createStore({ log: silentLogger, database: ":memory:", modules: [llmModule] });
  onTestFinished(() => store.stop());
  for (const id of ["j1", "j2"]) {
    await store.commands.enqueue({ type: "job.create", job: { id, workflow_id: "ask.v1" } });
  }
  return store;
}

it("keeps calls in order, each once, and knows where the mock stood in", async () => {
  const { commands, repo } = await open();
  await commands.enqueue({ type: "llm.call.record", call: { ...call, attempt: 2 } });
  for (const number of [10, 2, 1]) {
    await commands.enqueue({ type: "llm.call.record", call: { ...call, number } });
  }
  const again = { ...call, provider: "other" };
  expect(await commands.enqueue({ type: "llm.call.record", call: again })).toMatchObject({ changed: false });
  expect(await repo.llm.listCalls("j1")).toEqual([
    call,
    { ...call, number: 2 },
    { ...call, number: 10 },
    { ...call, attempt: 2 },
  ]);
  expect([await repo.llm.hasDegraded("j1"), await repo.llm.hasDegraded("j2")]).toEqual([true, false]);
});

it("refuses a call of a job that is not there, and one that is none", async () => {
  const { commands } = await open();
  await expect(
    commands.enqueue({ type: "llm.call.record", call: { ...call, job_id: "nobody" } }),
  ).rejects.toMatchObject({ code: "ATLAS_CORE_CONSTRAINT" });
  await expect(
    commands.enqueue({ type: "llm.call.record", call: { ...call, number: 0 } }),
  ).rejects.toMatchObject({ code: "ATLAS_CORE_COMMAND_INVALID" });
});

it("is the same after a replay, also when calls went with their job", async () => {
  const store = await open();
  const { commands, repo } = store;
  await commands.enqueue({ type: "llm.call.record", call });
  await commands.enqueue({ type: "llm.call.record", call: { ...call, job_id: "j2" } });
  for (const status of ["running", "succeeded"] as const) {
    await commands.enqueue({ type: "job.updateStatus", id: "j2", status, attempt: 1 });
  }
  const { items } = await repo.listDomainEvents();
  const [first] = items;
  await commands.enqueue({
    type: "domainEvent.markDelivered",
    id: first?.id ?? "",
    through_seq: items.length,
  });
  const policy = { jobs_before: "2999-01-01T00:00:00.000Z" };
  await commands.enqueue({ type: "maintenance.prune", policy });
  expect(await repo.getJob("j2")).toBeUndefined();
  expect(await repo.llm.listCalls("j2")).toEqual([]);
  expect(await store.verify()).toMatchObject({ status: "verified" });
});

it("keeps what a call belongs to, and what each try used", async () => {
  const { commands, repo } = await open();
  const whole: LLMCall = {
    ...call,
    correlation_id: "request-7",
    cached_input_tokens: 2,
    reasoning_tokens: 1,
    tries: call.tries.map((tried) => ({ ...tried, usage: { input_tokens: 3 } })),
  };
  await commands.enqueue({ type: "llm.call.record", call: whole });
  expect(await repo.llm.listCalls("j1")).toEqual([whole]);
});

it("opens a database of the version before, and lists its calls without a correlation", async () => {
  using folder = createFolder();
  const database = join(folder.path, "a.db");
  const before = await createStore({ log: silentLogger, database, modules: [llmModule] });
  await before.commands.enqueue({ type: "job.create", job: { id: "j1", workflow_id: "ask.v1" } });
  await before.commands.enqueue({ type: "llm.call.record", call });
  await before.stop();
  const file = new Database(database);
  file.exec(
    "alter table llm_calls drop column correlation_id; delete from schema_migrations where name = '002_correlation'",
  );
  file.close();

  const store = await createStore({ log: silentLogger, database, modules: [llmModule] });
  onTestFinished(() => store.stop());
  const next = { ...call, number: 2, correlation_id: "request-7" };
  await store.commands.enqueue({ type: "llm.call.record", call: next });
  expect(await store.repo.llm.listCalls("j1")).toEqual([call, next]);
});

// Every database of a gateway holds this checksum: with another one it would no longer open.
it("leaves its migrations as they were released", async () => {
  using folder = createFolder();
  const database = join(folder.path, "a.db");
  const store = await createStore({ database, modules: [llmModule] });
  await store.stop();
  const file = new Database(database, { readonly: true });
  onTestFinished(() => void file.close());
  const applied = file.prepare("select name, checksum from schema_migrations where module = 'llm'").all();
  expect(applied).toEqual([
    { name: "001_calls", checksum: "737c3bb32dc2e4783e3c56a890615ce8da0c206edbae92350efa7ad3d1f0b368" },
    { name: "002_correlation", checksum: "09c555c3557b43ca968093fb7e9708142a9a3bccb421013972bdc8771a6300c6" },
    {
      name: "003_token_details",
      checksum: "3634cf2b55076a308926af3fb4fd708988e809f950fda06ff2f80cdbad06463b",
    },
    { name: "004_cache", checksum: "fc990ee15cbadf54d29ec9673c4ac83b7d9f27f3225265ce2f42b2c11514ceb8" },
    {
      name: "005_calls_by_time",
      checksum: "2a73e46e2b5d7aad36dc62a936f1f697e51367d056a1caca39c3a47523521a51",
    },
  ]);
});

it("lists the calls of all jobs page by page, the newest first, by an index", async () => {
  const store = await open();
  const { commands, repo } = store;
  for (const [at, number] of [
    [3, 1],
    [1, 2],
    [2, 3],
    [2, 4],
    [3, 5],
  ] as const)
    await commands.enqueue({
      type: "llm.call.record",
      call: { ...call, number, at: `2026-11-21T09:00:0${at}.000Z` },
    });
  const first = await repo.llm.listRecentCalls({ limit: 2 });
  const second = await repo.llm.listRecentCalls({ limit: 2, ...first });
  const third = await repo.llm.listRecentCalls({ limit: 2, ...second });
  const numbers = [first, second, third].map(({ items }) => items.map(({ number }) => number));
  expect(numbers).toEqual([[5, 1], [4, 3], [2]]);
  expect(third.cursor).toBeUndefined();
  await expect(repo.llm.listRecentCalls({ cursor: "none" })).rejects.toMatchObject({
    code: "ATLAS_CORE_CURSOR_INVALID",
  });
  const database = new Database(store.path, { readonly: true });
  onTestFinished(() => void database.close());
  const order = "order by at desc, job_id desc, attempt desc, number desc limit 9";
  for (const [where, expected] of [
    ["", "SCAN llm_calls USING INDEX llm_calls_by_time"],
    [
      "where (at, job_id, attempt, number) < ('a', 'b', 1, 1)",
      "SEARCH llm_calls USING INDEX llm_calls_by_time ((at,job_id,attempt,number)<(?,?,?,?))",
    ],
  ] as const) {
    const plan = database
      .prepare<[], { detail: string }>(`explain query plan select * from llm_calls ${where} ${order}`)
      .all();
    expect(plan.map(({ detail }) => detail)).toEqual([expected]);
  }
});
