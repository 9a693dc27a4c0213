import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CallContext, DomainEvent, Envelope } from "@atlas/core";
import type { HarnessRuntime, HarnessTask } from "@atlas/harness";
import type { LLMOptions } from "@atlas/llm";
import { defineSink, defineWorkflow } from "@atlas/plugins";
import { createRecordingSink } from "@atlas/testing";
import { expect, it, onTestFinished } from "vitest";
import { createGateway, type GatewayOptions } from "../src/index.ts";

async function open(options: Partial<GatewayOptions> = {}) {
  const gateway = await createGateway({ database: ":memory:", ...options });
  onTestFinished(() => gateway.stop());
  return gateway;
}

/** What an HTTP layer knows of a request. */
const request: Envelope = {
  actor: "http",
  cause: { kind: "request", id: "req-1", depth: 0 },
  context: { actor: "user:42", correlation_id: "corr-1", tenant: "acme" },
};
const caller: CallContext = { actor: "user:42", correlation_id: "corr-1", tenant: "acme" };

it("carries one correlation id from a caller through a job, its model, agent and children, to a sink and its commands", async () => {
  const asked: (LLMOptions & { readonly context?: CallContext })[] = [];
  const tasks: (HarnessTask & { readonly context?: CallContext })[] = [];
  const logged: object[] = [];
  const seen: [DomainEvent, CallContext][] = [];
  const harness: HarnessRuntime = {
    async runTask(task) {
      tasks.push(task);
      return { mode: "propose", summary: "", outputs: [] };
    },
  };
  const gateway = await open({
    harness,
    log: {
      debug: () => undefined,
      info: (fields) => void logged.push(fields),
      warn: () => undefined,
      error: () => undefined,
    },
    llm: {
      async generateText(options) {
        asked.push(options);
        return { text: "Yes.", provider: "fake" };
      },
    },
    workflows: [
      defineWorkflow({
        id: "ask.v1",
        capabilities: ["harness"],
        async run(ctx) {
          const { text } = await ctx.step("ask", () => ctx.llm.generateText({ prompt: "Well?" }));
          await ctx.harness.runTask({ goal: "Do it.", cwd: "." });
          ctx.log.info({}, "Asked.");
          await ctx.emitArtifact({ type: "answer", content_md: text });
          await ctx.spawnJob({ id: "child", workflow_id: "child.v1" });
        },
      }),
      { id: "child.v1", run: async () => undefined },
    ],
    sinks: [
      defineSink({
        id: "tell",
        on: ["artifact.created"],
        async handle(event, ctx) {
          seen.push([event, ctx.context]);
          ctx.log.info({}, "Told.");
          await ctx.commands.enqueue({ type: "entity.upsert", entity: { id: "told", type: "note" } });
        },
      }),
    ],
  });
  await gateway.start();
  await gateway.jobs.create({ id: "parent", workflow_id: "ask.v1" }, request);
  expect(await gateway.jobs.wait("parent")).toMatchObject({ status: "succeeded", context: caller });
  expect(await gateway.jobs.wait("child")).toMatchObject({ status: "succeeded", context: caller });
  const calls = await gateway.repo.llm.listCalls("parent");
  await gateway.stop();

  const ofAttempt = { ...caller, job_id: "parent", workflow_id: "ask.v1", attempt: 1 };
  expect(asked.map(({ context }) => context)).toEqual([ofAttempt]);
  expect(tasks.map(({ context }) => context)).toEqual([ofAttempt]);
  expect(calls).toMatchObject([{ correlation_id: "corr-1" }]);
  expect(seen).toMatchObject([[{ context: ofAttempt }, ofAttempt]]);
  expect(logged).toContainEqual(expect.objectContaining({ job_id: "parent", correlation_id: "corr-1" }));
  expect(logged).toContainEqual({ sink_id: "tell", event_id: seen[0]?.[0].id, correlation_id: "corr-1" });
});

it("keeps the context of every command of the path in the journal", async () => {
  const sink = createRecordingSink();
  const gateway = await open({
    workflows: [
      { id: "make.v1", run: async (ctx) => void ctx.emitArtifact({ type: "made", content_md: "Made." }) },
    ],
    sinks: [
      sink,
      {
        id: "note",
        on: ["artifact.created"],
        handle: async (_event, ctx) =>
          void (await ctx.commands.enqueue({ type: "entity.upsert", entity: { id: "n", type: "note" } })),
      },
    ],
  });
  await gateway.start();
  await gateway.jobs.create({ id: "j", workflow_id: "make.v1" }, request);
  await gateway.jobs.wait("j");
  expect((await sink.next("entity.upserted")).context).toMatchObject(caller);
  const { items } = await gateway.repo.listJournal({ limit: 100 });
  const contexts = new Map(items.map(({ type, context }) => [type, context]));
  expect(contexts.get("job.create")).toEqual(caller);
  for (const type of ["artifact.create", "entity.upsert"])
    expect([type, contexts.get(type)]).toEqual([
      type,
      { ...caller, job_id: "j", workflow_id: "make.v1", attempt: 1 },
    ]);
});

it("lets a plugin add to the context what it leaves open, and replace nothing", async () => {
  const gateway = await open({
    workflows: [
      {
        id: "add.v1",
        run: async (ctx) =>
          void ctx.commands.enqueue(
            { type: "entity.upsert", entity: { id: "e", type: "note" } },
            { actor: "somebody", context: { correlation_id: "forged", tenant: "mine" } },
          ),
      },
    ],
  });
  await gateway.start();
  await gateway.jobs.create({ id: "j", workflow_id: "add.v1" }, { context: { correlation_id: "corr-1" } });
  await gateway.jobs.wait("j");
  const entry = (await gateway.repo.listJournal({ limit: 100 })).items.find(
    ({ type }) => type === "entity.upsert",
  );
  expect(entry).toMatchObject({
    actor: "workflow:add.v1#j",
    context: { correlation_id: "corr-1", tenant: "mine", job_id: "j" },
  });
});

it("lets a call of a model or an agent add to the context in the same way", async () => {
  const asked: (CallContext | undefined)[] = [];
  const gateway = await open({
    llm: {
      async generateText({ context }) {
        asked.push(context);
        return { text: "Yes.", provider: "fake" };
      },
    },
    harness: {
      async runTask({ context }) {
        asked.push(context);
        return { mode: "propose", summary: "", outputs: [] };
      },
    },
    workflows: [
      defineWorkflow({
        id: "add.v1",
        capabilities: ["harness"],
        async run(ctx) {
          const context = { correlation_id: "forged", tenant: "mine" };
          await ctx.llm.generateText({ prompt: "Well?", context });
          await ctx.harness.runTask({ goal: "Do it.", cwd: ".", context });
        },
      }),
    ],
  });
  await gateway.start();
  await gateway.jobs.create({ id: "j", workflow_id: "add.v1" }, { context: { correlation_id: "corr-1" } });
  expect(await gateway.jobs.wait("j")).toMatchObject({ status: "succeeded" });
  const whole = { correlation_id: "corr-1", tenant: "mine", job_id: "j", workflow_id: "add.v1", attempt: 1 };
  expect(asked).toEqual([whole, whole]);
});

it("hands a job what its envelope says, unless the job itself says otherwise", async () => {
  const gateway = await open({ workflows: [{ id: "w.v1", run: async () => undefined }] });
  const job = { id: "own", workflow_id: "w.v1", context: { tenant: "other" } };
  await gateway.commands.enqueue({ type: "job.create", job }, request);
  await gateway.commands.enqueue({ type: "job.create", job: { id: "plain", workflow_id: "w.v1" } });
  expect((await gateway.jobs.get("own"))?.context).toEqual({ ...caller, tenant: "other" });
  expect((await gateway.jobs.get("plain"))?.context).toBeUndefined();
});

it("keeps the depth of a job's events over a restart", async () => {
  const folder = mkdtempSync(join(tmpdir(), "context-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const options: GatewayOptions = {
    database: join(folder, "atlas.db"),
    workflows: [
      { id: "deep.v1", run: async (ctx) => void ctx.emitArtifact({ type: "deep", content_md: "Deep." }) },
    ],
  };
  const first = await createGateway(options);
  await first.commands.enqueue(
    { type: "job.create", job: { id: "j", workflow_id: "deep.v1" } },
    { cause: { kind: "event", id: "evt_abcdefgh_1", depth: 7 } },
  );
  await first.stop();

  const second = await createGateway(options);
  onTestFinished(() => second.stop());
  await second.start();
  await second.jobs.wait("j");
  const { items } = await second.repo.listDomainEvents({ limit: 100 });
  expect(items.find(({ type }) => type === "artifact.created")).toMatchObject({ depth: 7 });
});
