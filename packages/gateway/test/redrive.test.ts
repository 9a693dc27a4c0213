import type { WorkflowPlugin } from "@atlas/plugins";
import { describe, expect, it, onTestFinished } from "vitest";
import { createGateway, silentLogger } from "../src/index.ts";

async function open(workflows: readonly WorkflowPlugin[]) {
  const gateway = await createGateway({ database: ":memory:", log: silentLogger, workflows });
  onTestFinished(() => gateway.stop());
  await gateway.start();
  return gateway;
}

/** A parent of three children, which fails when one of them has failed; "b" fails until it is repaired. */
function family() {
  const runs: string[] = [];
  const state = { isRepaired: false };
  const parent: WorkflowPlugin = {
    id: "parent.v1",
    retry: { maxAttempts: 1 },
    async run(ctx) {
      const ids: string[] = [];
      for (const name of ["a", "b", "c"]) {
        const { id } = await ctx.spawnJob({ workflow_id: "child.v1", input: { name } }, { key: name });
        ids.push(id);
      }
      const children = await ctx.waitForJobs("children", ids);
      const failed = children.filter(({ status }) => status !== "succeeded");
      if (failed.length > 0) throw new Error(`${failed.length} failed`);
      return children.map(({ result = null }) => result);
    },
  };
  const child: WorkflowPlugin = {
    id: "child.v1",
    retry: { maxAttempts: 1 },
    async run(_, { name }) {
      runs.push(String(name));
      if (name === "b" && !state.isRepaired) throw new Error("broken");
      return String(name).toUpperCase();
    },
  };
  return { runs, state, workflows: [parent, child] };
}

describe("redriving a parent", () => {
  it("reruns its failed children first, waits for them again, and leaves the others", async () => {
    const { runs, state, workflows } = family();
    const gateway = await open(workflows);
    const { id } = await gateway.jobs.create({ workflow_id: "parent.v1" });
    expect(await gateway.jobs.wait(id)).toMatchObject({ status: "failed", error: { message: "1 failed" } });
    state.isRepaired = true;
    await gateway.jobs.redrive(id);
    expect(await gateway.jobs.wait(id)).toMatchObject({ status: "succeeded", result: ["A", "B", "C"] });
    expect(runs.sort()).toEqual(["a", "b", "b", "c"]);
  });

  it("waits anew for children whose end had ended its wait", async () => {
    const fails = Promise.withResolvers<void>();
    const isAgain = Promise.withResolvers<void>();
    let runs = 0;
    const gateway = await open([
      {
        id: "parent.v1",
        retry: { maxAttempts: 1 },
        async run(ctx) {
          const { id } = await ctx.spawnJob({ workflow_id: "child.v1" }, { key: "only" });
          const [child] = await ctx.waitForJobs("child", [id]);
          if (child?.status !== "succeeded") throw new Error(`the child is ${child?.status}`);
        },
      },
      {
        id: "child.v1",
        retry: { maxAttempts: 1 },
        async run() {
          runs += 1;
          await (runs === 1 ? fails.promise : isAgain.promise);
        },
      },
    ]);
    const { id } = await gateway.jobs.create({ workflow_id: "parent.v1" });
    const parked = async () =>
      (await gateway.jobs.listWaits(id)).some(({ attempt }) => attempt !== undefined);
    while (!(await parked())) await new Promise(setImmediate);
    fails.reject(new Error("broken"));
    expect(await gateway.jobs.wait(id)).toMatchObject({ error: { message: "the child is failed" } });
    await gateway.jobs.redrive(id);
    while (!(await parked())) await new Promise(setImmediate);
    isAgain.resolve();
    expect(await gateway.jobs.wait(id)).toMatchObject({ status: "succeeded" });
  });

  it("leaves the children alone with children: false", async () => {
    const { runs, state, workflows } = family();
    const gateway = await open(workflows);
    const { id } = await gateway.jobs.create({ workflow_id: "parent.v1" });
    await gateway.jobs.wait(id);
    state.isRepaired = true;
    await gateway.jobs.redrive(id, { children: false });
    expect(await gateway.jobs.wait(id)).toMatchObject({ status: "failed" });
    expect(runs).toHaveLength(3);
  });

  it("goes down to the children of failed children, and revives no child that was cancelled alone", async () => {
    const gateway = await open([]);
    const make = async (id: string, parent_id?: string) => {
      const job = { id, workflow_id: "w", ...(parent_id === undefined ? {} : { parent_id }) };
      await gateway.commands.enqueue({ type: "job.create", job });
    };
    const fail = async (id: string) => {
      await gateway.commands.enqueue({ type: "job.updateStatus", id, status: "running" });
      await gateway.commands.enqueue({ type: "job.updateStatus", id, status: "failed", error: {} });
    };
    await make("top");
    await make("middle", "top");
    await make("low", "middle");
    await make("alone", "top");
    for (const id of ["top", "middle", "low"]) await fail(id);
    await gateway.jobs.cancel("alone");
    await gateway.jobs.redrive("top");
    const statuses = async () =>
      Promise.all(["top", "middle", "low", "alone"].map(async (id) => (await gateway.jobs.get(id))?.status));
    expect(await statuses()).toEqual(["queued", "queued", "queued", "cancelled"]);
    await gateway.jobs.cancel("top");
    expect(await statuses()).toEqual(["cancelled", "cancelled", "cancelled", "cancelled"]);
    // What was cancelled with it comes back with it.
    await gateway.jobs.redrive("top");
    expect(await statuses()).toEqual(["queued", "queued", "queued", "queued"]);
  });
});

it("keeps the paid steps of a job that was cancelled while it ran", async () => {
  let paid = 0;
  let isFirst = true;
  const paying = Promise.withResolvers<void>();
  const gateway = await open([
    {
      id: "pay.v1",
      async run(ctx) {
        const receipt = await ctx.step("pay", () => {
          paid += 1;
          return `receipt ${paid}`;
        });
        if (!isFirst) return receipt;
        isFirst = false;
        paying.resolve();
        await new Promise((_, reject) =>
          ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason)),
        );
        return "not reached";
      },
    },
  ]);
  const { id } = await gateway.jobs.create({ workflow_id: "pay.v1" });
  await paying.promise;
  expect(await gateway.jobs.cancel(id)).toMatchObject({ status: "cancelled" });
  await gateway.jobs.redrive(id);
  expect(await gateway.jobs.wait(id)).toMatchObject({ status: "succeeded", result: "receipt 1" });
  expect(paid).toBe(1);
});

it("does not prune a finished child while its parent waits for another", async () => {
  const last = Promise.withResolvers<void>();
  const gateway = await open([
    {
      id: "parent.v1",
      async run(ctx) {
        const first = await ctx.spawnJob({ workflow_id: "quick.v1" }, { key: "quick" });
        const second = await ctx.spawnJob({ workflow_id: "slow.v1" }, { key: "slow" });
        const jobs = await ctx.waitForJobs("both", [first.id, second.id]);
        return jobs.map(({ result = null }) => result);
      },
    },
    { id: "quick.v1", run: async () => "quick" },
    {
      id: "slow.v1",
      async run() {
        await last.promise;
        return "slow";
      },
    },
  ]);
  const { id } = await gateway.jobs.create({ workflow_id: "parent.v1" });
  const [quick] = await (async () => {
    for (;;) {
      const children = (await gateway.repo.listJobs({ parent_id: id, status: "succeeded" })).items;
      if (children.length > 0) return children;
      await new Promise(setImmediate);
    }
  })();
  const events = (await gateway.repo.listDomainEvents({ limit: 100 })).items;
  // An undelivered event would keep the child as well.
  await gateway.commands.enqueue({
    type: "domainEvent.markDelivered",
    id: events[0]?.id ?? "",
    through_seq: events.at(-1)?.seq ?? 0,
  });
  const later = "2999-01-01T00:00:00.000Z";
  await gateway.store.prune({ domain_events_before: later, jobs_before: later });
  expect(await gateway.jobs.get(quick?.id ?? "")).toMatchObject({ status: "succeeded" });
  last.resolve();
  expect(await gateway.jobs.wait(id)).toMatchObject({ status: "succeeded", result: ["quick", "slow"] });
});
