import { createFakeClock } from "@atlas/testing/clock";
import { describe, expect, it, onTestFinished } from "vitest";
import { createGateway, type GatewayOptions, silentLogger } from "../src/index.ts";

async function open(options: Partial<GatewayOptions> = {}) {
  const clock = createFakeClock();
  const state = { isBroken: false };
  const gateway = await createGateway({
    database: ":memory:",
    log: silentLogger,
    clock,
    workflows: [
      {
        id: "work.v1",
        retry: { maxAttempts: 1 },
        async run() {
          if (state.isBroken) throw new Error("broken");
        },
      },
      { id: "other.v1", run: async () => undefined },
    ],
    ...options,
  });
  onTestFinished(() => gateway.stop());
  const count = async () => (await gateway.repo.listJobs()).items.length;
  return { gateway, clock, state, count, create: gateway.jobs.create };
}

const work = (input: Record<string, string> = {}) => ({ workflow_id: "work.v1", input });

describe("an idempotency key", () => {
  it("with the same input gives the job that is there, in whatever order its fields come", async () => {
    const { create, count } = await open();
    const first = await create({ ...work({ a: "1", b: "2" }), idempotency_key: "k" });
    expect(await create({ ...work({ b: "2", a: "1" }), idempotency_key: "k" })).toEqual(first);
    expect(await create({ workflow_id: "other.v1", idempotency_key: "k" })).not.toEqual(first);
    expect(await count()).toBe(2);
  });

  it("with another input is refused, and the error names both and the place", async () => {
    const { create, count } = await open();
    const first = await create({ workflow_id: "work.v1", input: { to: { id: 1 } }, idempotency_key: "k" });
    await expect(
      create({ workflow_id: "work.v1", input: { to: { id: 2 } }, idempotency_key: "k" }),
    ).rejects.toMatchObject({
      code: "ATLAS_PLUGINS_KEY_CONFLICT",
      retryable: false,
      details: { id: first.id, workflow_id: "work.v1", key: "k", path: "to.id" },
      message: expect.stringContaining(`The job "${first.id}" of the workflow "work.v1" has the key "k"`),
    });
    expect(await count()).toBe(1);
  });

  it("of a job that a plain command created is compared with the stored input", async () => {
    const { gateway, create } = await open();
    const job = { id: "j1", ...work({ a: "1" }), idempotency_key: "k" };
    await gateway.commands.enqueue({ type: "job.create", job });
    expect(await create({ ...work({ a: "1" }), idempotency_key: "k" })).toMatchObject({ id: "j1" });
    await expect(create({ ...work({ a: "2" }), idempotency_key: "k" })).rejects.toMatchObject({
      code: "ATLAS_PLUGINS_KEY_CONFLICT",
    });
  });

  it("compares what callers asked for, also when a hook of the host changes what is stored", async () => {
    const { create } = await open({
      admit: [
        (command) =>
          command.type === "job.create"
            ? { ...command, job: { ...(command["job"] as object), input: { secret: "[REDACTED]" } } }
            : command,
      ],
    });
    const asked = (secret: string) => create({ ...work({ secret }), idempotency_key: "k" });
    const first = await asked("one");
    expect(first.input).toEqual({ secret: "[REDACTED]" });
    expect(await asked("one")).toEqual(first);
    await expect(asked("two")).rejects.toMatchObject({ code: "ATLAS_PLUGINS_KEY_CONFLICT" });
  });

  it("of a failed or cancelled job says so, and what to do", async () => {
    const { gateway, create, state } = await open();
    const job = await create({ ...work(), idempotency_key: "k" });
    state.isBroken = true;
    await gateway.start();
    await gateway.jobs.wait(job.id);
    await expect(create({ ...work(), idempotency_key: "k" })).rejects.toMatchObject({
      code: "ATLAS_PLUGINS_KEY_ENDED",
      details: { id: job.id, status: "failed", key: "k" },
      message: expect.stringMatching(/has failed: broken\. No job was created\. Call jobs\.redrive/),
    });
    state.isBroken = false;
    await gateway.jobs.redrive(job.id);
    expect(await create({ ...work(), idempotency_key: "k" })).toMatchObject({ id: job.id });
  });

  it("with two inputs at the same time gives one job and one refusal", async () => {
    const { create, count } = await open();
    const both = await Promise.allSettled([
      create({ ...work({ a: "1" }), idempotency_key: "k" }),
      create({ ...work({ a: "2" }), idempotency_key: "k" }),
    ]);
    expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(both[1]).toMatchObject({ reason: { code: "ATLAS_PLUGINS_KEY_CONFLICT" } });
    expect(await count()).toBe(1);
  });
});

describe('unique: { key, while: "active" }', () => {
  it("gives the job that has not ended, and another one after it", async () => {
    const { gateway, create } = await open();
    const unique = { key: "sync", while: "active" } as const;
    const first = await create({ ...work(), unique });
    const same = await Promise.all(Array.from({ length: 20 }, () => create({ ...work(), unique })));
    expect(new Set(same.map(({ id }) => id))).toEqual(new Set([first.id]));
    await gateway.start();
    await gateway.jobs.wait(first.id);
    const second = await create({ ...work(), unique });
    expect(second.id).not.toBe(first.id);
  });

  it("is held by one job, however many ask at the same time", async () => {
    const { create, count } = await open();
    const unique = { key: "sync", while: "active" } as const;
    const jobs = await Promise.all(Array.from({ length: 50 }, () => create({ ...work(), unique })));
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(1);
    expect(await count()).toBe(1);
  });

  it("is free again when the job has failed or was cancelled", async () => {
    const { gateway, create } = await open();
    const unique = { key: "sync", while: "active" } as const;
    const first = await create({ ...work(), unique });
    await gateway.jobs.cancel(first.id);
    expect((await create({ ...work(), unique })).id).not.toBe(first.id);
  });

  it("refuses another input while the job has not ended", async () => {
    const { create } = await open();
    const unique = { key: "sync", while: "active" } as const;
    await create({ ...work({ a: "1" }), unique });
    await expect(create({ ...work({ a: "2" }), unique })).rejects.toMatchObject({
      code: "ATLAS_PLUGINS_KEY_CONFLICT",
    });
  });
});

describe("unique: { key, forMs }", () => {
  const unique = { key: "mail", forMs: 60_000 };

  it("gives the same job for that time, also when it has ended", async () => {
    const { gateway, clock, create } = await open();
    const first = await create({ ...work(), unique });
    await gateway.jobs.cancel(first.id);
    clock.advance(59_999);
    expect((await create({ ...work(), unique })).id).toBe(first.id);
    clock.advance(1);
    expect((await create({ ...work(), unique })).id).not.toBe(first.id);
  });

  it("is held by one job, however many ask at the same time", async () => {
    const { create, count } = await open();
    await Promise.all(Array.from({ length: 50 }, () => create({ ...work(), unique })));
    expect(await count()).toBe(1);
  });

  it("does not last longer because the clock was set back", async () => {
    const { clock, create } = await open();
    const first = await create({ ...work(), unique });
    clock.setWallClock(Date.parse("2025-12-31T00:00:00.000Z"));
    expect((await create({ ...work(), unique })).id).not.toBe(first.id);
  });
});

it.each<[object, string]>([
  [{ unique: { key: "", while: "active" } }, "unique.key must be a text"],
  [{ unique: { key: "k" } }, 'takes { key, while: "active" } or { key, forMs }'],
  [{ unique: { key: "k", while: "queued" } }, 'takes { key, while: "active" } or { key, forMs }'],
  [{ unique: { key: "k", while: "active", forMs: 1 } }, 'takes { key, while: "active" } or { key, forMs }'],
  [{ unique: { key: "k", forMs: 0 } }, "forMs must be a whole number"],
  [{ unique: { key: "k", forMs: Number.NaN } }, "forMs must be a whole number"],
  [{ unique: { key: "k", forms: 1 } }, 'Did you mean "forMs"?'],
  [{ unique: { key: "k", forMs: 1 }, idempotency_key: "k" }, "idempotency_key or unique, not both"],
])("refuses %j", async (request, message) => {
  const { create, count } = await open();
  await expect(create({ ...work(), ...request })).rejects.toThrow(message);
  expect(await count()).toBe(0);
});

describe("createMany", () => {
  it("creates all jobs in one unit and returns them in order", async () => {
    const { gateway } = await open();
    const jobs = await gateway.jobs.createMany(["a", "b", "c"].map((name) => work({ name })));
    expect(jobs.map(({ input }) => input["name"])).toEqual(["a", "b", "c"]);
    expect(new Set(jobs.map(({ created_at }) => created_at)).size).toBe(1);
    expect(await gateway.jobs.createMany([])).toEqual([]);
  });

  it.each<[string, object]>([
    ["an unknown workflow", { workflow_id: "nobody.v1" }],
    ["an input that is not JSON", { workflow_id: "work.v1", input: { at: new Date(0) } }],
    ["an empty key", { workflow_id: "work.v1", unique: { key: "", while: "active" } }],
  ])("creates none when one of them has %s", async (_, bad) => {
    const { gateway, count } = await open();
    await expect(gateway.jobs.createMany([work(), bad as ReturnType<typeof work>, work()])).rejects.toThrow();
    expect(await count()).toBe(0);
  });

  it("creates none when one of them has a key with another input", async () => {
    const { gateway, count } = await open();
    await gateway.jobs.create({ ...work({ a: "1" }), idempotency_key: "k" });
    await expect(
      gateway.jobs.createMany([work(), { ...work({ a: "2" }), idempotency_key: "k" }]),
    ).rejects.toMatchObject({ code: "ATLAS_PLUGINS_KEY_CONFLICT" });
    expect(await count()).toBe(1);
  });

  it("creates one job for requests with the same key, and takes those that are there", async () => {
    const { gateway, count } = await open();
    const there = await gateway.jobs.create({ ...work(), idempotency_key: "there" });
    const keyed = (key: string) => ({ ...work(), idempotency_key: key });
    const jobs = await gateway.jobs.createMany([keyed("new"), keyed("there"), work(), keyed("new")]);
    expect(jobs[1]).toEqual(there);
    expect(jobs[3]).toEqual(jobs[0]);
    expect(await count()).toBe(3);
    await expect(
      gateway.jobs.createMany([keyed("x"), { ...work({ a: "1" }), idempotency_key: "x" }]),
    ).rejects.toMatchObject({ code: "ATLAS_PLUGINS_KEY_CONFLICT" });
  });

  it("gives each request one job, when several calls with the same keys come at once", async () => {
    const { gateway, count } = await open();
    const unique = (key: string) => ({ ...work(), unique: { key, while: "active" } as const });
    const lists = await Promise.all(
      Array.from({ length: 8 }, () => gateway.jobs.createMany([unique("a"), unique("b")])),
    );
    expect(new Set(lists.flat().map(({ id }) => id)).size).toBe(2);
    expect(await count()).toBe(2);
  });
});
