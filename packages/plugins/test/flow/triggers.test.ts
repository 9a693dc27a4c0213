import type { DomainEvent } from "@atlas/core";
import { createMockLLM } from "@atlas/llm/mock";
import { createFakeClock } from "@atlas/testing/clock";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { defineWorkflow, type WorkflowPlugin } from "../../src/index.ts";
import {
  createBatches,
  createDelivery,
  createJobAdmission,
  createJobRunner,
  createPluginRegistry,
  MAX_EVENT_DEPTH,
  triggersOf,
} from "../../src/runtime.ts";
import { openStore } from "../support/open-store.ts";
import { until } from "../support/until.ts";

const ID = "$on:work.v1";
const batch = { maxSize: 10, maxWaitMs: 1_000 };

/** A store with one workflow. Its clock stands still, so that a place is stored by the trigger alone. */
async function triggered(workflow: Partial<WorkflowPlugin>) {
  const clock = createFakeClock();
  const registry = createPluginRegistry();
  const opening = new Set<string>();
  const opened = await openStore({ clock, admit: [createJobAdmission(registry, opening)] });
  const { store, repo, commands } = opened;
  const work: WorkflowPlugin = { id: "work.v1", run: async () => undefined, ...workflow };
  registry.registerWorkflow(work);
  return {
    ...opened,
    clock,
    async deliver() {
      const batches = createBatches({ ...opened, clock, newId: store.newId, opening });
      const sinks = triggersOf(registry.workflows.values(), batches);
      const delivery = createDelivery({ ...opened, sinks, random: () => 0 });
      const unsubscribe = store.onCommitted(delivery.wake);
      onTestFinished(() => delivery.stop(0));
      await delivery.start();
      return { delivery, unsubscribe };
    },
    async run() {
      const runner = createJobRunner({ ...opened, registry, llm: createMockLLM() });
      onTestFinished(() => runner.stop(0));
      store.onCommitted(runner.wake);
      await runner.start();
    },
    emit: (type: string, payload: Readonly<Record<string, string>> = {}) =>
      commands.enqueue({ type: "domainEvent.emit", event: { type, aggregate_id: "thing", payload } }),
    jobs: async () => (await repo.listJobs()).items,
    eventsOf: async (type: string): Promise<readonly DomainEvent[]> =>
      (await repo.listDomainEvents({ types: [type] })).items,
  };
}

describe("a workflow with `on`", () => {
  it("gets one job for each event that it names, with the event as its input", async () => {
    const { deliver, emit, jobs, eventsOf } = await triggered({ on: ["note.added"] });
    await emit("note.added");
    await deliver();
    await emit("note.added", { text: "a" });
    await emit("note.removed");
    await emit("note.added", { text: "b" });
    await until(async () => (await jobs()).length === 2);
    const [, first, second] = await eventsOf("note.added");
    expect(await jobs()).toMatchObject([
      {
        id: `${first?.id}:work.v1`,
        workflow_id: "work.v1",
        input: { event_id: first?.id, type: "note.added", aggregate_id: "thing", payload: { text: "a" } },
      },
      { id: `${second?.id}:work.v1`, input: { payload: { text: "b" } } },
    ]);
  });

  it("has the place of its trigger stored in the commit that creates the job", async () => {
    const { deliver, emit, repo, store, eventsOf } = await triggered({ on: ["note.added"] });
    await deliver();
    const place = Promise.withResolvers<number | undefined>();
    store.onCommitted(({ events }) => {
      if (events.some(({ type }) => type === "job.created"))
        repo.plugins.getSinkCursor(ID).then(place.resolve, place.reject);
    });
    await emit("note.added");
    expect(await place.promise).toBe((await eventsOf("note.added"))[0]?.seq);
  });

  it("does not look at an event again after a crash", async () => {
    let asked = 0;
    const { deliver, emit, jobs } = await triggered({
      on: ["note.added"],
      inputOf: () => {
        asked += 1;
        return {};
      },
    });
    const { unsubscribe } = await deliver();
    await emit("note.added");
    await until(async () => (await jobs()).length === 1);
    unsubscribe();
    await deliver();
    await emit("note.added");
    await until(async () => (await jobs()).length === 2);
    expect(asked).toBe(2);
  });

  it("with a batch has the place of its trigger stored in the commit that stores the input", async () => {
    const { deliver, emit, jobs, store, repo } = await triggered({ on: ["note.added"], batch });
    await deliver();
    const place = Promise.withResolvers<number | undefined>();
    store.onCommitted(({ events }) => {
      if (events.some(({ type }) => type === "job.created"))
        repo.plugins.getSinkCursor(ID).then(place.resolve, place.reject);
    });
    await emit("note.added");
    expect(await place.promise).toBe(1);
    expect(await repo.plugins.listBatchInputs((await jobs())[0]?.id ?? "")).toHaveLength(1);
  });

  it("with a batch takes the input of an event once, also when its delivery counts as failed after the commit", async () => {
    const { deliver, emit, jobs, repo, commands, clock } = await triggered({ on: ["note.added"], batch });
    const { delivery } = await deliver();
    await emit("note.added");
    const job = await until(async () => (await jobs())[0]);
    const error = { message: "the answer was lost" };
    const failed = { status: "retrying", attempts: 1, next_at: "2026-01-01T00:00:00.000Z", error } as const;
    await commands.enqueue({ type: "plugins.sink.fail", sink_id: ID, event_seq: 1, ...failed });
    expect(await repo.plugins.listFailedDeliveries()).toHaveLength(1);
    clock.advance(5_000);
    await delivery.redrive(ID, {});
    await until(async () => (await repo.plugins.listFailedDeliveries()).length === 0);
    expect(await repo.plugins.listBatchInputs(job.id)).toHaveLength(1);
    expect(await jobs()).toHaveLength(1);
  });

  it("repeats an event whose input could not be made, until there is one job", async () => {
    let asked = 0;
    const { deliver, emit, jobs, clock, repo } = await triggered({
      on: ["note.added"],
      inputOf() {
        asked += 1;
        if (asked < 3) throw new Error("not yet");
        return { asked };
      },
    });
    const { delivery } = await deliver();
    await emit("note.added");
    for (const calls of [1, 2]) {
      await until(() => asked === calls);
      await until(async () => (await repo.plugins.listFailedDeliveries())[0]?.attempts === calls);
      clock.advance(5_000);
      delivery.wake();
    }
    await until(async () => (await jobs()).length === 1);
    expect(await jobs()).toMatchObject([{ input: { asked: 3 } }]);
    expect(await repo.plugins.listFailedDeliveries()).toEqual([]);
  });

  it("makes a dead letter of an event whose input its schema refuses, and goes on with the next", async () => {
    const { deliver, emit, jobs, repo } = await triggered({
      on: ["note.added"],
      input: z.object({ text: z.string() }),
      inputOf: ({ payload }) => payload,
    });
    const { delivery } = await deliver();
    await emit("note.added");
    await emit("note.added", { text: "fine" });
    await until(async () => (await jobs()).length === 1);
    expect(await repo.plugins.listFailedDeliveries()).toMatchObject([
      { sink_id: ID, status: "dead", error: { code: "ATLAS_PLUGINS_INPUT_INVALID" } },
    ]);
    expect(await repo.plugins.listSinkLags()).toMatchObject([{ sink_id: ID, dead: 1 }]);
    expect(delivery.health()).toMatchObject([{ id: ID }]);
  });

  it("does the same with a schema that answers late", async () => {
    const { deliver, emit, jobs, repo } = await triggered({
      on: ["note.added"],
      input: {
        "~standard": {
          version: 1,
          vendor: "test",
          validate: async (value) =>
            JSON.stringify(value).includes("fine") ? { value } : { issues: [{ message: "not fine" }] },
        },
      },
    });
    await deliver();
    await emit("note.added");
    await emit("note.added", { text: "fine" });
    await until(async () => (await jobs()).length === 1);
    expect(await repo.plugins.listFailedDeliveries()).toMatchObject([{ sink_id: ID, status: "dead" }]);
  });

  it("hands the context of the event down to the job", async () => {
    const { deliver, commands, jobs } = await triggered({ on: ["note.added"] });
    await deliver();
    await commands.enqueue(
      { type: "domainEvent.emit", event: { type: "note.added" } },
      { context: { tenant: "acme", correlation_id: "c1" } },
    );
    await until(async () => (await jobs()).length === 1);
    expect((await jobs())[0]).toMatchObject({
      depth: 1,
      context: { tenant: "acme", correlation_id: "c1" },
    });
  });

  it("that answers its own events comes to an end, and the last event is a dead letter", async () => {
    const { deliver, run, emit, jobs, repo } = await triggered({
      on: ["artifact.created", "note.added"],
      run: async (ctx) => void (await ctx.emitArtifact({ type: "echo" })),
    });
    await run();
    await deliver();
    await emit("note.added");
    const [dead] = await until(async () => {
      const failed = await repo.plugins.listFailedDeliveries();
      return failed.length > 0 ? failed : undefined;
    });
    expect(dead).toMatchObject({
      sink_id: ID,
      status: "dead",
      error: { code: "ATLAS_PLUGINS_EVENT_TOO_DEEP" },
    });
    expect((await jobs()).length).toBeLessThanOrEqual(MAX_EVENT_DEPTH);
  });

  it("holds events back from prune until they have their jobs", async () => {
    const { deliver, emit, clock, jobs, eventsOf } = await triggered({ on: ["note.added"] });
    await deliver();
    await emit("note.added");
    await until(async () => (await jobs()).length === 1);
    await until(async () => {
      clock.advance(1_000);
      return (await eventsOf("note.added"))[0]?.delivered_at !== undefined;
    });
  });
});

describe("the options of a trigger", () => {
  const registering = (workflow: object) => () =>
    createPluginRegistry().registerWorkflow({
      id: "work.v1",
      run: async () => undefined,
      ...workflow,
    } as WorkflowPlugin);

  it.each([
    [{ on: [] }, '"on" is empty'],
    [{ on: "note.added" }, '"on" must be a list'],
    [{ on: ["*"] }, 'an entry of "on"'],
    [{ inputOf: () => ({}) }, 'the events of "on", which is missing'],
    [{ on: ["a"], inputOf: {} }, "inputOf must be a function"],
  ])("refuses %j", (workflow, message) => {
    expect(registering(workflow)).toThrow(message);
  });

  it("are typed by the schema of the input", () => {
    const workflow = defineWorkflow({
      id: "typed.v1",
      input: z.object({ size: z.number() }),
      on: ["note.added"],
      inputOf: ({ payload }) => ({ size: Number(payload["size"]) }),
      run: async () => undefined,
    });
    defineWorkflow({
      id: "wrong.v1",
      input: z.object({ size: z.number() }),
      on: ["note.added"],
      // @ts-expect-error: the schema takes a number.
      inputOf: () => ({ size: "1" }),
      run: async () => undefined,
    });
    expect(workflow.inputOf?.({ payload: { size: 3 } } as unknown as DomainEvent)).toEqual({ size: 3 });
  });
});
