import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DomainEvent, silentLogger } from "@atlas/core";
import type { HarnessRuntime } from "@atlas/harness";
import { defineSink, defineSource, defineWorkflow } from "@atlas/plugins";
import { createRecordingSink } from "@atlas/testing";
import { context, SpanKind, SpanStatusCode, type Tracer, trace } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { expect, it, onTestFinished } from "vitest";
import { createHttp } from "../../src/http/index.ts";
import { createGateway, type GatewayOptions } from "../../src/index.ts";
import { traceContext, tracing } from "../../src/opentelemetry/index.ts";
import { useTracer } from "../support/traces.ts";
import { until } from "../support/until.ts";

const { tracer, spans } = useTracer();
const TOKEN = "t".repeat(32);
const CALLER = { trace: "0af7651916cd43dd8448eb211c80319c", span: "b7ad6b7169203331" };
const traceparent = `00-${CALLER.trace}-${CALLER.span}-01`;

const harness: HarnessRuntime = {
  runTask: async () => ({ mode: "propose", summary: "", outputs: [], harness: "fake" }),
};

const ask = defineWorkflow({
  id: "ask.v1",
  capabilities: ["harness"],
  async run(ctx) {
    const { text } = await ctx.step("ask", () => ctx.llm.generateText({ prompt: "Well?" }));
    await ctx.harness.runTask({ goal: "Do it.", cwd: "." });
    await ctx.emitArtifact({ type: "answer", content_md: text });
  },
});

async function open(options: Partial<GatewayOptions> = {}, by: Tracer = tracer) {
  const gateway = await createGateway({
    database: ":memory:",
    log: silentLogger,
    harness,
    workflows: [ask],
    ...options,
    extensions: [tracing({ tracer: by })],
  });
  onTestFinished(() => gateway.stop());
  return gateway;
}

type Opened = Awaited<ReturnType<typeof open>>;

/** Creates a job over HTTP, as a caller that traces. */
async function post(gateway: Opened, headers: Readonly<Record<string, string>> = { traceparent }) {
  const request = new Request("http://127.0.0.1/jobs", {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json", ...headers },
    body: JSON.stringify({ workflow_id: "ask.v1" }),
  });
  const response = await createHttp(gateway, { token: TOKEN }).fetch(request);
  expect(response.status).toBe(201);
  return ((await response.json()) as { readonly id: string }).id;
}

function named(name: string): ReadableSpan {
  const found = spans().filter((span) => span.name === name);
  expect([name, found.length]).toEqual([name, 1]);
  return found[0] as ReadableSpan;
}

const idOf = (name: string): string => named(name).spanContext().spanId;
const parentOf = (name: string): string | undefined => named(name).parentSpanContext?.spanId;

/** The spans of one request that made one job, whoever ran it. */
function expectOneTrace(): void {
  expect(new Set(spans().map((span) => span.spanContext().traceId))).toEqual(new Set([CALLER.trace]));
  expect(parentOf("POST /jobs")).toBe(CALLER.span);
  expect(parentOf("atlas.job")).toBe(idOf("POST /jobs"));
  expect(parentOf("atlas.step")).toBe(idOf("atlas.job"));
  expect(parentOf("chat")).toBe(idOf("atlas.step"));
  expect(parentOf("atlas.agent.run")).toBe(idOf("atlas.job"));
  expect(parentOf("atlas.sink.deliver")).toBe(idOf("atlas.job"));
}

it("traces a request, its job, step, model call, agent and delivery as one trace", async () => {
  const seen: DomainEvent[] = [];
  const tell = defineSink({
    id: "tell",
    on: ["artifact.created"],
    handle: async (event) => void seen.push(event),
  });
  const gateway = await open({ sinks: [tell] });
  await gateway.start();
  const id = await post(gateway);
  await gateway.jobs.wait(id);
  await gateway.stop();

  expectOneTrace();
  const server = named("POST /jobs");
  expect(server.kind).toBe(SpanKind.SERVER);
  expect(server.attributes).toMatchObject({
    "http.request.method": "POST",
    "http.route": "/jobs",
    "url.path": "/jobs",
    "http.response.status_code": 201,
  });
  expect(named("atlas.job").attributes).toMatchObject({
    "atlas.job_id": id,
    "atlas.workflow_id": "ask.v1",
    "atlas.attempt": 1,
    "atlas.correlation_id": server.attributes["atlas.request_id"],
  });
  expect(named("atlas.sink.deliver").attributes).toMatchObject({
    "atlas.sink_id": "tell",
    "atlas.event_type": "artifact.created",
  });
  expect(seen[0]?.context?.traceparent).toBe(`00-${CALLER.trace}-${idOf("atlas.job")}-01`);
});

it("goes on with the trace after the process was restarted", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tracing-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const database = join(folder, "atlas.db");
  const before = await open({ database });
  const id = await post(before);
  await before.stop();
  const tell = defineSink({ id: "tell", on: ["artifact.created"], handle: async () => undefined });
  const after = await open({ database, sinks: [tell] });
  await after.start();
  await after.jobs.wait(id);
  await after.stop();
  expectOneTrace();
});

it("gives each attempt a span under the same parent, which says how it ended", async () => {
  const outcomes: readonly (() => void)[] = [
    () => {
      throw new RangeError("The secret is 42.");
    },
    () => undefined,
  ];
  const gateway = await open({
    workflows: [
      {
        id: "ask.v1",
        retry: { firstDelayMs: 1 },
        run: async (ctx) => outcomes[ctx.attempt - 1]?.(),
      },
    ],
  });
  await gateway.start();
  await gateway.jobs.wait(await post(gateway));
  await gateway.stop();
  const attempts = spans().filter(({ name }) => name === "atlas.job");
  expect(attempts.map(({ parentSpanContext }) => parentSpanContext?.spanId)).toEqual([
    idOf("POST /jobs"),
    idOf("POST /jobs"),
  ]);
  expect(attempts.map(({ attributes }) => attributes["atlas.outcome"])).toEqual(["failed", undefined]);
  expect(attempts[0]?.attributes["error.type"]).toBe("RangeError");
  expect(attempts[0]?.status).toEqual({ code: SpanStatusCode.ERROR });
});

it("begins a trace for a job that nobody traced, and for each sync, whose events are part of it", async () => {
  const sink = createRecordingSink();
  const gateway = await open({
    sources: [
      defineSource({
        id: "notes",
        sync: async (ctx) =>
          void (await ctx.commands.enqueue({ type: "entity.upsert", entity: { id: "n", type: "note" } })),
      }),
    ],
    workflows: [{ id: "idle.v1", run: async () => undefined }],
    sinks: [sink],
  });
  await gateway.start();
  const { id } = await gateway.jobs.create({ workflow_id: "idle.v1" });
  await gateway.jobs.wait(id);
  await gateway.sync("notes");
  await sink.next("entity.upserted");
  await gateway.stop();
  expect(parentOf("atlas.job")).toBeUndefined();
  expect(parentOf("atlas.source.sync")).toBeUndefined();
  const sync = named("atlas.source.sync").spanContext();
  expect(sync.traceId).not.toBe(named("atlas.job").spanContext().traceId);
  const delivery = spans().find(({ attributes }) => attributes["atlas.event_type"] === "entity.upserted");
  expect(delivery?.parentSpanContext?.spanId).toBe(sync.spanId);
});

it("makes the jobs that a job leads to part of its trace", async () => {
  const gateway = await open({
    workflows: [
      { id: "parent.v1", run: async (ctx) => void ctx.spawnJob({ id: "child", workflow_id: "child.v1" }) },
      { id: "child.v1", run: async () => undefined },
    ],
  });
  await gateway.start();
  await gateway.jobs.create({ id: "parent", workflow_id: "parent.v1" });
  await gateway.jobs.wait("parent");
  await gateway.jobs.wait("child");
  await gateway.stop();
  const [parent, child] = ["parent", "child"].map((id) =>
    spans().find(({ attributes }) => attributes["atlas.job_id"] === id),
  );
  expect(child?.parentSpanContext?.spanId).toBe(parent?.spanContext().spanId);
});

it("lets the host hand its own span on", async () => {
  const gateway = await open({ workflows: [{ id: "idle.v1", run: async () => undefined }] });
  await gateway.start();
  expect(traceContext()).toEqual({});
  const own = tracer.startSpan("own");
  const { id } = await context.with(trace.setSpan(context.active(), own), () =>
    gateway.jobs.create({ workflow_id: "idle.v1" }, { context: traceContext() }),
  );
  await gateway.jobs.wait(id);
  await gateway.stop();
  expect(parentOf("atlas.job")).toBe(own.spanContext().spanId);
});

it("takes no span that happens to be active for the parent of a job or a sync", async () => {
  const gateway = await open({
    workflows: [{ id: "idle.v1", run: async () => undefined }],
    sources: [defineSource({ id: "notes", sync: async () => undefined })],
  });
  await gateway.start();
  const own = tracer.startSpan("own");
  const { id } = await context.with(trace.setSpan(context.active(), own), async () => {
    await gateway.sync("notes");
    return gateway.jobs.create({ workflow_id: "idle.v1" });
  });
  await gateway.jobs.wait(id);
  await gateway.stop();
  expect([parentOf("atlas.source.sync"), parentOf("atlas.job")]).toEqual([undefined, undefined]);
});

it("gives the commands of a sink the span of their delivery", async () => {
  const sink = createRecordingSink();
  const note = defineSink({
    id: "note",
    on: ["artifact.created"],
    handle: async (_event, ctx) =>
      void (await ctx.commands.enqueue({ type: "entity.upsert", entity: { id: "n", type: "note" } })),
  });
  const gateway = await open({ sinks: [sink, note] });
  await gateway.start();
  await post(gateway);
  const { context: of } = await sink.next("entity.upserted");
  await gateway.stop();
  const delivery = spans().find(({ attributes }) => attributes["atlas.sink_id"] === "note");
  expect(of?.traceparent).toBe(`00-${CALLER.trace}-${delivery?.spanContext().spanId}-01`);
});

it("answers a request with a malformed traceparent, in a trace of its own", async () => {
  const gateway = await open();
  await post(gateway, { traceparent: `00-${"0".repeat(32)}-${"1".repeat(16)}-01` });
  expect(parentOf("POST /jobs")).toBeUndefined();
});

it("hands the caller's traceparent on where nothing is traced", async () => {
  const gateway = await createGateway({
    database: ":memory:",
    workflows: [{ id: "ask.v1", run: async () => undefined }],
  });
  onTestFinished(() => gateway.stop());
  const id = await post(gateway as Opened);
  expect((await gateway.repo.getJob(id))?.context?.traceparent).toBe(traceparent);
});

const fail = (): never => {
  throw new Error("The exporter is gone.");
};
const throwing: Readonly<Record<string, Tracer>> = {
  "a tracer": { startSpan: fail, startActiveSpan: fail },
  "every span": {
    startActiveSpan: fail,
    startSpan: () => ({
      spanContext: fail,
      setAttribute: fail,
      setAttributes: fail,
      addEvent: fail,
      addLink: fail,
      addLinks: fail,
      setStatus: fail,
      updateName: fail,
      end: fail,
      isRecording: fail,
      recordException: fail,
    }),
  },
};

it.each(Object.keys(throwing))("harms nothing where %s throws", async (what) => {
  const seen: string[] = [];
  const tell = defineSink({
    id: "tell",
    on: ["artifact.created"],
    handle: async (event) => void seen.push(event.type),
  });
  const gateway = await open({ sinks: [tell] }, throwing[what]);
  await gateway.start();
  const id = await post(gateway);
  expect(await gateway.jobs.wait(id)).toMatchObject({ status: "succeeded", attempt: 1 });
  await until(() => seen.length === 1);
  expect((await gateway.repo.llm.listCalls(id))[0]?.status).toBe("answered");
});

it("refuses options that do not exist", () => {
  expect(() => tracing({ trace: tracer } as never)).toThrow(/trace.*tracer/);
});
