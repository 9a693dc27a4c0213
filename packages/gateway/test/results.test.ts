import { defineWorkflow, resultOf } from "@atlas/plugins";
import { describe, expect, expectTypeOf, it, onTestFinished } from "vitest";
import { createGateway, type GatewayOptions, silentLogger } from "../src/index.ts";

async function open(options: Partial<GatewayOptions>) {
  const gateway = await createGateway({ database: ":memory:", log: silentLogger, ...options });
  onTestFinished(() => gateway.stop());
  await gateway.start();
  return gateway;
}

interface Count {
  readonly words: number;
  readonly of?: string;
}

const count = defineWorkflow({
  id: "count.v1",
  async run(_, { text }): Promise<Count> {
    return { words: String(text).split(" ").length };
  },
});

describe("what a workflow returns", () => {
  it("is the result of its job, for whoever reads it", async () => {
    const gateway = await open({ workflows: [count] });
    const { id } = await gateway.jobs.create({ workflow_id: "count.v1", input: { text: "one two" } });
    const done = await gateway.jobs.wait(id);
    expect(done).toMatchObject({ status: "succeeded", result: { words: 2 } });
    expect(await gateway.jobs.get(id)).toEqual(done);
    expect(await gateway.repo.plugins.getJobResult(id)).toEqual({ words: 2 });
    const typed = resultOf(count, done);
    expectTypeOf(typed).toEqualTypeOf<Count | undefined>();
    expect(typed?.words).toBe(2);
    expect(() => resultOf(count, { ...done, workflow_id: "other.v1" })).toThrow('not to "count.v1"');
  });

  it("reaches the parent that waits for the job", async () => {
    const parent = defineWorkflow({
      id: "parent.v1",
      async run(ctx) {
        const texts = ["a", "a b", "a b c"];
        const ids = [];
        for (const text of texts) {
          const child = await ctx.spawnJob({ workflow_id: "count.v1", input: { text } }, { key: text });
          ids.push(child.id);
        }
        const jobs = await ctx.waitForJobs("children", ids);
        return jobs.map((job) => resultOf(count, job)?.words ?? 0);
      },
    });
    const gateway = await open({ workflows: [count, parent] });
    const { id } = await gateway.jobs.create({ workflow_id: "parent.v1" });
    expect(await gateway.jobs.wait(id)).toMatchObject({ status: "succeeded", result: [1, 2, 3] });
  });

  it("is absent when it is nothing, and while the job has not succeeded", async () => {
    const gateway = await open({
      workflows: [
        { id: "nothing.v1", run: async () => undefined },
        { id: "fails.v1", retry: { maxAttempts: 1 }, run: () => Promise.reject(new Error("no")) },
      ],
    });
    for (const workflow_id of ["nothing.v1", "fails.v1"]) {
      const { id } = await gateway.jobs.create({ workflow_id });
      expect(await gateway.jobs.wait(id)).not.toHaveProperty("result");
    }
  });

  it("may be null, false or an empty text", async () => {
    const gateway = await open({
      workflows: [{ id: "echo.v1", run: async (_, { value }) => value as null }],
    });
    for (const value of [null, false, ""]) {
      const { id } = await gateway.jobs.create({ workflow_id: "echo.v1", input: { value } });
      expect(await gateway.jobs.wait(id)).toMatchObject({ result: value });
    }
  });

  it.each([
    [
      "holds a Date",
      { list: [new Date(0)] },
      "ATLAS_PLUGINS_RESULT_INVALID",
      'is not JSON: "list[0]" is a Date',
    ],
    ["is larger than 64 KiB", "x".repeat(65_535), "ATLAS_PLUGINS_RESULT_TOO_LARGE", "at most 65536"],
  ])("fails the job once if it %s", async (_, result, code, message) => {
    let runs = 0;
    const gateway = await open({
      workflows: [
        {
          id: "bad.v1",
          async run() {
            runs += 1;
            return result as string;
          },
        },
      ],
    });
    const { id } = await gateway.jobs.create({ workflow_id: "bad.v1" });
    const job = await gateway.jobs.wait(id);
    expect(job).toMatchObject({
      status: "failed",
      error: { code, message: expect.stringContaining(message) },
    });
    expect(runs).toBe(1);
    expect(await gateway.repo.plugins.getJobResult(id)).toBeUndefined();
  });

  it("must be JSON by its type", () => {
    // @ts-expect-error a Date is not JSON
    defineWorkflow({ id: "date.v1", run: async () => ({ at: new Date() }) });
    // @ts-expect-error a Map is not JSON
    defineWorkflow({ id: "map.v1", run: async () => new Map<string, number>() });
  });
});
