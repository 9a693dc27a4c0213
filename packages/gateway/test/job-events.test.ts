import type { CoreModule, EventOf } from "@atlas/core";
import { expect, expectTypeOf, it, onTestFinished } from "vitest";
import { createGateway, type JobEvent } from "../src/index.ts";

async function open() {
  const errors: string[] = [];
  const silent = () => undefined;
  const gateway = await createGateway({
    database: ":memory:",
    log: { debug: silent, info: silent, warn: silent, error: (_, message) => errors.push(message) },
    workflows: [
      { id: "good.v1", run: async () => undefined },
      { id: "bad.v1", retry: { maxAttempts: 1 }, run: () => Promise.reject(new Error("no")) },
    ],
  });
  onTestFinished(() => gateway.stop());
  await gateway.start();
  const run = async (workflow_id: string) => {
    const { id } = await gateway.jobs.create({ workflow_id });
    await gateway.jobs.wait(id);
    return id;
  };
  return { gateway, errors, run, on: gateway.jobs.on };
}

it("tells listeners what happened to jobs, each what it asked for", async () => {
  const { on, run } = await open();
  const heard: JobEvent[] = [];
  on("succeeded", (event) => {
    expectTypeOf(event.name).toEqualTypeOf<"succeeded">();
    expectTypeOf(event.event).toEqualTypeOf<EventOf<CoreModule, "job.succeeded">>();
    expectTypeOf(event.event.payload.attempt).toEqualTypeOf<number | undefined>();
    heard.push(event);
  });
  on("failed", (event) => heard.push(event));
  const good = await run("good.v1");
  const bad = await run("bad.v1");
  expect(heard).toMatchObject([
    { name: "succeeded", job_id: good, event: { type: "job.succeeded" } },
    { name: "failed", job_id: bad, error: { message: "no" } },
  ]);
});

it("tells nobody who has stopped listening", async () => {
  const { on, run } = await open();
  let calls = 0;
  const stop = on("started", () => {
    calls += 1;
  });
  await run("good.v1");
  stop();
  stop();
  await run("good.v1");
  expect(calls).toBe(1);
});

it("logs a listener that throws or rejects, and goes on", async () => {
  const { on, run, errors } = await open();
  let calls = 0;
  on("succeeded", () => {
    throw new Error("at once");
  });
  on("succeeded", async () => Promise.reject(new Error("later")));
  on("succeeded", () => {
    calls += 1;
  });
  await run("good.v1");
  await run("good.v1");
  expect(calls).toBe(2);
  expect(errors).toEqual(Array.from({ length: 4 }, () => 'A listener of jobs.on("succeeded") failed.'));
});

it("refuses a name that nothing has", async () => {
  const { on } = await open();
  expect(() => on("succeded" as "succeeded", () => undefined)).toThrow("jobs.on: the name must be one of");
  expect(() => on("failed", undefined as never)).toThrow("takes a function");
});
