import { defineWorkflow, type WorkflowPlugin } from "@atlas/plugins";
import { createFakeClock } from "@atlas/testing/clock";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { createGateway, type GatewayOptions, silentLogger } from "../src/index.ts";
import { until } from "./support/until.ts";

// What the function gets is not what the job is created with.
const tenants = z.object({
  tenant: z
    .string()
    .default("nobody")
    .transform((text) => text.toUpperCase()),
});
const schemas = {
  "at once": tenants,
  later: tenants.refine(async () => true),
};

function keyed(input: (typeof schemas)[keyof typeof schemas], options: Partial<WorkflowPlugin> = {}) {
  const workflow = defineWorkflow({
    id: "keyed.v1",
    input,
    perKey: { key: ({ tenant }) => `tenant:${tenant}` },
    run: async () => undefined,
  });
  return { ...workflow, ...options };
}

async function open(workflows: readonly WorkflowPlugin[], options: Partial<GatewayOptions> = {}) {
  const gateway = await createGateway({ database: ":memory:", log: silentLogger, workflows, ...options });
  onTestFinished(() => gateway.stop());
  return gateway;
}

const jobsOf = async ({ repo }: Awaited<ReturnType<typeof open>>) =>
  (await repo.listJobs({ workflow_id: "keyed.v1" })).items;

describe.each(["at once", "later"] as const)("with a schema that answers %s, the key of a job", (answers) => {
  const schema = schemas[answers];

  it("is that of its checked input when the host creates it, alone or with others", async () => {
    const gateway = await open([keyed(schema)]);
    const workflow_id = "keyed.v1";
    const one = await gateway.jobs.create({ workflow_id, input: { tenant: "acme" } });
    expect(one).toMatchObject({ group_key: "tenant:ACME", input: { tenant: "acme" } });
    const many = await gateway.jobs.createMany([
      { workflow_id },
      { workflow_id, input: { tenant: "b" }, unique: { key: "b", while: "active" } },
      { workflow_id, input: { tenant: "c" }, group_key: "given" },
    ]);
    expect(many.map(({ group_key }) => group_key)).toEqual(["tenant:NOBODY", "tenant:B", "given"]);
  });

  it("is that of its checked input when a workflow spawns it", async () => {
    const parent: WorkflowPlugin = {
      id: "parent.v1",
      run: async (ctx) => void (await ctx.spawnJob({ workflow_id: "keyed.v1", input: { tenant: "acme" } })),
    };
    const gateway = await open([parent, keyed(schema)]);
    await gateway.start();
    const { id } = await gateway.jobs.create({ workflow_id: "parent.v1" });
    expect(await gateway.jobs.wait(id)).toMatchObject({ status: "succeeded" });
    expect(await jobsOf(gateway)).toMatchObject([{ parent_id: id, group_key: "tenant:ACME" }]);
  });

  it("is that of its checked input when an event triggers it", async () => {
    const gateway = await open([keyed(schema, { on: ["note.added"], inputOf: ({ payload }) => payload })]);
    await gateway.start();
    const event = { type: "note.added", payload: { tenant: "acme" } };
    await gateway.commands.enqueue({ type: "domainEvent.emit", event });
    const [job] = await until(async () => {
      const jobs = await jobsOf(gateway);
      return jobs.length > 0 ? jobs : undefined;
    });
    expect(job).toMatchObject({ group_key: "tenant:ACME" });
  });

  it("is that of its checked input when a schedule creates it, in the code or at run time", async () => {
    const schedule = { everyMs: 60_000, input: { tenant: "code" } };
    const gateway = await open([keyed(schema, { schedule })], { clock: createFakeClock() });
    await gateway.start();
    await gateway.schedules.upsert({
      id: "api",
      workflow_id: "keyed.v1",
      everyMs: 60_000,
      input: { tenant: "api" },
    });
    const jobs = await until(async () => {
      const made = await jobsOf(gateway);
      return made.length === 2 ? made : undefined;
    });
    expect(jobs.map(({ group_key }) => group_key).sort()).toEqual(["tenant:API", "tenant:CODE"]);
  });

  it("stays when it is promoted or redriven", async () => {
    const clock = createFakeClock();
    const failing = keyed(schema, {
      retry: { maxAttempts: 1 },
      run: () => Promise.reject(new Error("broken")),
    });
    const gateway = await open([failing], { clock });
    const { id } = await gateway.jobs.create({
      workflow_id: "keyed.v1",
      input: { tenant: "acme" },
      run_at: new Date(clock.now() + 3_600_000).toISOString(),
    });
    expect(await gateway.jobs.promote(id)).toMatchObject({ group_key: "tenant:ACME" });
    await gateway.start();
    expect(await gateway.jobs.wait(id)).toMatchObject({ status: "failed", group_key: "tenant:ACME" });
    await gateway.jobs.redrive(id);
    expect(await gateway.jobs.wait(id)).toMatchObject({ status: "failed", group_key: "tenant:ACME" });
  });
});

describe("a function that gives no key", () => {
  const broken = {
    id: "keyed.v1",
    perKey: { key: ({ tenant }: Record<string, unknown>) => tenant as string },
    run: async () => undefined,
  };
  const refusal = {
    code: "ATLAS_PLUGINS_GROUP_KEY_INVALID",
    details: { workflow_id: "keyed.v1", field: "perKey.key" },
    message: expect.stringMatching(/"keyed\.v1".*perKey\.key.*it returned undefined/),
  };

  it("refuses the job at every door of the host", async () => {
    const gateway = await open([broken]);
    const workflow_id = "keyed.v1";
    await expect(gateway.jobs.create({ workflow_id })).rejects.toMatchObject(refusal);
    await expect(
      gateway.jobs.createMany([{ workflow_id, input: { tenant: "a" } }, { workflow_id }]),
    ).rejects.toMatchObject(refusal);
    const command = { type: "job.create", job: { workflow_id } } as const;
    await expect(gateway.commands.enqueue(command)).rejects.toMatchObject(refusal);
    await expect(gateway.schedules.upsert({ id: "s", workflow_id, everyMs: 1_000 })).rejects.toMatchObject(
      refusal,
    );
    expect(await jobsOf(gateway)).toEqual([]);
    expect(await gateway.schedules.list()).toEqual([]);
  });

  it("refuses the start of a gateway whose schedule it would stop", async () => {
    const gateway = await open([{ ...broken, schedule: { everyMs: 1_000 } }]);
    await expect(gateway.start()).rejects.toMatchObject(refusal);
  });

  it("fails the attempt that spawns the job", async () => {
    const parent: WorkflowPlugin = {
      id: "parent.v1",
      retry: { maxAttempts: 1 },
      run: async (ctx) => void (await ctx.spawnJob({ workflow_id: "keyed.v1" })),
    };
    const gateway = await open([parent, broken]);
    await gateway.start();
    const { id } = await gateway.jobs.create({ workflow_id: "parent.v1" });
    expect(await gateway.jobs.wait(id)).toMatchObject({
      status: "failed",
      error: { code: "ATLAS_PLUGINS_GROUP_KEY_INVALID" },
    });
  });

  it("makes a dead letter of the event that triggers the job", async () => {
    const gateway = await open([{ ...broken, on: ["note.added"], inputOf: () => ({}) }]);
    await gateway.start();
    await gateway.commands.enqueue({ type: "domainEvent.emit", event: { type: "note.added" } });
    const [failed] = await until(async () => {
      const all = await gateway.repo.plugins.listFailedDeliveries();
      return all.length > 0 ? all : undefined;
    });
    expect(failed).toMatchObject({ sink_id: "$on:keyed.v1", status: "dead" });
  });

  it("cannot be asked for a bare command when the schema answers later", async () => {
    const gateway = await open([keyed(schemas.later)]);
    const create = (group_key?: string) =>
      gateway.commands.enqueue({
        type: "job.create",
        job: {
          workflow_id: "keyed.v1",
          input: { tenant: "acme" },
          ...(group_key === undefined ? {} : { group_key }),
        },
      });
    await expect(create()).rejects.toMatchObject({
      code: "ATLAS_PLUGINS_GROUP_KEY_INVALID",
      message: expect.stringContaining("its schema answers later"),
    });
    await create("given");
    expect(await jobsOf(gateway)).toMatchObject([{ group_key: "given" }]);
  });

  it("cannot end the process with a promise that fails", async () => {
    const key = () => Promise.reject(new Error("nobody awaits it")) as unknown as string;
    const gateway = await open([{ ...broken, perKey: { key } }]);
    await expect(gateway.jobs.create({ workflow_id: "keyed.v1" })).rejects.toMatchObject({
      message: expect.stringContaining("it returned a promise"),
    });
    await new Promise(setImmediate);
  });
});
