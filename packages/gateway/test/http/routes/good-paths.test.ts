import { readdir } from "node:fs/promises";
import { defineSink, defineSource } from "@atlas/plugins";
import { expect, it } from "vitest";
import type { z } from "zod";
import { contracts } from "../../../src/http/contract/all-contracts.ts";
import { createFolder, openHttp } from "../support/open-http.ts";

const source = defineSource({
  id: "notes",
  check: async () => undefined,
  sync: async (ctx) => {
    await ctx.commands.enqueueAll([
      { type: "entity.upsert", entity: { id: "e1", type: "note", title: "One" } },
      { type: "event.insert", event: { id: "v1", type: "read", entity_id: "e1" } },
    ]);
  },
});
const sink = defineSink({
  id: "broken",
  on: ["job.failed"],
  retry: { maxAttempts: 1 },
  handle: async () => {
    throw new Error("It takes nothing.");
  },
});

it("answers every operation as its contract says, through the client", async () => {
  const folder = await createFolder();
  const { gateway, client } = await openHttp({ sources: [source], sinks: [sink], backups: { folder } });
  const answered = new Set<string>();
  /** Notes the operation, and checks the answer against the schema, in which no other fields are. */
  const said = <Answer>(id: keyof typeof contracts, answer: Answer): Answer => {
    answered.add(id);
    const schema: z.ZodType | undefined = contracts[id].answer.schema;
    if (schema === undefined) return answer;
    // A schema drops fields that it does not know.
    expect(schema.parse(answer)).toEqual(answer);
    return answer;
  };

  said("health.live", await client.health.live());
  expect(said("health.ready", await client.health.ready())).toEqual({
    status: "ok",
    checks: { store: "ok" },
  });
  expect(said("openapi", await client.openapi())).toMatchObject({ openapi: "3.1.1" });

  const { id } = said(
    "jobs.create",
    await client.jobs.create({ workflow_id: "echo.v1", input: { text: "hi" } }),
  );
  const ended = said("jobs.wait", await client.jobs.wait(id, { timeout_ms: 60_000 }));
  expect(ended).toMatchObject({ status: "succeeded", result: { text: "hi" } });
  expect(said("jobs.get", await client.jobs.get(id))).toMatchObject({ id });
  expect(said("jobs.list", await client.jobs.list({ status: "succeeded", limit: 1 })).items).toHaveLength(1);
  expect(said("jobs.log", await client.jobs.log(id)).items).toMatchObject([{ message: "Echoes." }]);
  expect(said("jobs.runs", await client.jobs.runs(id)).items).toEqual([]);

  const { jobs } = said(
    "jobs.createMany",
    await client.jobs.createMany({
      jobs: [
        { workflow_id: "fail.v1", unique: { key: "k", for_ms: 1_000 } },
        { workflow_id: "ask/me.v1", tenant: "t1", priority: 2 },
        { workflow_id: "model.v1" },
        { workflow_id: "echo.v1", input: { text: "later" }, run_at: "2099-01-01T00:00:00Z" },
      ],
    }),
  );
  const [failing, asking, modelled, delayed] = jobs.map((job) => job.id);
  if (failing === undefined || asking === undefined || modelled === undefined || delayed === undefined)
    throw new Error("Four jobs were asked for.");
  await client.jobs.wait(failing);
  await client.jobs.wait(modelled);
  expect(said("jobs.redrive", await client.jobs.redrive(failing)).id).toBe(failing);
  await client.jobs.wait(failing);
  expect(said("jobs.promote", await client.jobs.promote(delayed)).run_at < "2099").toBe(true);
  expect((await client.jobs.get(asking)).context).toMatchObject({ tenant: "t1", actor: "token:static" });
  await expect.poll(async () => (await client.jobs.waits(asking)).items.length).toBe(1);
  expect(said("jobs.steps", await client.jobs.steps(asking)).items).toEqual([
    { name: "prepare", result: "READY", attempt: 1 },
  ]);
  said("jobs.waits", await client.jobs.waits(asking));
  const cancelled = said("jobs.cancel", await client.jobs.cancel(asking, { children: false }));
  expect(cancelled.status).toBe("cancelled");
  const answer = { name: "answer", value: true, signal_id: "s1" };
  expect(said("jobs.signal", await client.jobs.signal(asking, answer))).toEqual({ result: "closed" });
  expect(said("jobs.calls", await client.jobs.calls(modelled)).items).toMatchObject([{ provider: "mock" }]);
  expect(said("calls.list", await client.calls.list({ limit: 5 })).items).toMatchObject([
    { job_id: modelled },
  ]);
  const seen: string[] = [];
  for await (const { event } of client.jobs.follow(id)) seen.push(event);
  expect(seen).toEqual(["status", "end"]);
  answered.add("jobs.follow");

  expect(said("workflows.list", await client.workflows.list()).items).toHaveLength(4);
  expect(said("workflows.get", await client.workflows.get("echo.v1")).input_schema).toMatchObject({
    properties: { text: { type: "string" } },
  });
  expect(said("workflows.pause", await client.workflows.pause("ask/me.v1"))).toBeUndefined();
  expect((await client.workflows.get("ask/me.v1")).paused_at).toBeTypeOf("string");
  said("workflows.resume", await client.workflows.resume("ask/me.v1"));
  expect((await client.workflows.get("ask/me.v1")).paused_at).toBeUndefined();

  const schedule = { workflow_id: "fail.v1", cron: "0 7 * * 1", time_zone: "Europe/Vienna", jitter_ms: 5 };
  const put = said("schedules.put", await client.schedules.put("weekly", schedule));
  expect(put).toMatchObject({ id: "weekly", origin: "api", ...schedule, on_missed: "once" });
  expect(said("schedules.list", await client.schedules.list()).items).toEqual([put]);
  said("schedules.remove", await client.schedules.remove("weekly"));
  expect((await client.schedules.list()).items).toEqual([]);

  expect(
    said("sources.sync", await client.sources.sync({ source_id: "notes", full: true })).sources,
  ).toMatchObject([{ id: "notes", changed: 2 }]);
  expect(said("sources.list", await client.sources.list()).items).toMatchObject([
    { id: "notes", status: "ok" },
  ]);
  expect(said("sources.check", await client.sources.check()).sources).toEqual([
    { id: "notes", status: "ok" },
  ]);
  said("sources.pause", await client.sources.pause("notes"));
  expect((await client.operations.status()).sources[0]?.paused_at).toBeTypeOf("string");
  said("sources.resume", await client.sources.resume("notes"));

  expect(
    said("entities.list", await client.entities.list({ type: "note", include_deleted: true })).items,
  ).toHaveLength(1);
  expect(said("entities.get", await client.entities.get("e1"))).toMatchObject({ title: "One" });
  expect(
    said("events.list", await client.events.list({ entity_id: "e1", order: "desc" })).items,
  ).toHaveLength(1);
  expect(said("events.get", await client.events.get("v1"))).toMatchObject({ type: "read" });
  const [artifact] = said("artifacts.list", await client.artifacts.list({ job_id: id })).items;
  expect(said("artifacts.get", await client.artifacts.get(artifact?.id ?? ""))).toEqual(artifact);

  await expect.poll(async () => (await client.deadLetters.list()).items.length).toBe(2);
  const [letter] = said("deadLetters.list", await client.deadLetters.list({ sink_id: "broken" })).items;
  expect(letter).toMatchObject({ sink_id: "broken", event_type: "job.failed" });
  expect(said("sinks.list", await client.sinks.list()).items).toMatchObject([
    { id: "broken", dead_events: 2 },
  ]);
  const which = { sink_id: "broken", event_id: letter?.event_id ?? "" };
  said("sinks.pause", await client.sinks.pause("broken"));
  expect(said("deadLetters.redrive", await client.deadLetters.redrive(which))).toEqual({ redriven: 1 });
  expect(said("deadLetters.dismiss", await client.deadLetters.dismiss({ sink_id: "broken" }))).toEqual({
    dismissed: 1,
  });
  said("sinks.resume", await client.sinks.resume("broken"));

  const events = said(
    "domainEvents.list",
    await client.domainEvents.list({ types: ["job.created", "job.failed"], limit: 2 }),
  );
  expect(events.items.map(({ type }) => type)).toEqual(["job.created", "job.created"]);
  for await (const event of client.domainEvents.follow({ after: 0 })) {
    expect(event.seq).toBe(1);
    break;
  }
  answered.add("domainEvents.follow");

  expect(said("models.explain", await client.models.explain()).candidates).toMatchObject([
    { candidate: "mock" },
  ]);
  expect(said("operations.status", await client.operations.status()).status).toBe("ok");
  expect(said("operations.stats", await client.operations.stats()).workflows.length).toBe(4);
  expect(said("operations.metrics", await client.operations.metrics())).toMatch(/^atlas_jobs_ready/m);
  await gateway.commands
    .enqueue({ type: "job.updateStatus", id: "nobody", status: "cancelled" })
    .catch(() => undefined);
  expect(said("refused.list", await client.refused.list()).items).toHaveLength(1);
  expect(said("journal.list", await client.journal.list({ after: 1, limit: 3 })).items).toHaveLength(3);
  const made = said("maintenance.backup", await client.maintenance.backup());
  // Beside the one that the schedule has made at the start.
  expect(await readdir(folder)).toEqual(expect.arrayContaining([made.name, `${made.name}.json`]));
  expect(JSON.stringify(made)).not.toContain(folder);
  const policy = {
    domain_events_before: "2099-01-01T00:00:00Z",
    llm: { cache_before: "2099-01-01T00:00:00Z" },
  };
  said("maintenance.prune", await client.maintenance.prune(policy));
  expect(said("maintenance.verify", await client.maintenance.verify()).status).toBe("verified");

  const token = said("tokens.create", await client.tokens.create({ name: "reader", scopes: ["jobs:read"] }));
  expect(said("tokens.list", await client.tokens.list()).items).toEqual([token.record]);
  expect(said("tokens.revoke", await client.tokens.revoke(token.record.id)).revoked_at).toBeTypeOf("string");

  expect([...answered].sort()).toEqual(Object.keys(contracts).sort());
});
