import type { Logger } from "@atlas/core";
import { createFakeClock } from "@atlas/testing/clock";
import { expect, it, onTestFinished } from "vitest";
import { createGateway } from "../src/index.ts";

it.each([
  [
    "throws",
    () => {
      throw new TypeError("Converting circular structure to JSON");
    },
  ],
  ["rejects", () => Promise.reject(new Error("The log's disk is full."))],
])(
  "a logger of the host that %s costs no job, sync, delivery or schedule, and not the process",
  async (_, write) => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", note);
    onTestFinished(() => void process.off("unhandledRejection", note));
    let lines = 0;
    const line = (): unknown => {
      lines += 1;
      return write();
    };
    const log: Logger = { debug: line, info: line, warn: line, error: line };
    const clock = createFakeClock();
    const handled: string[] = [];
    const gateway = await createGateway({
      database: ":memory:",
      log,
      clock,
      sources: [
        {
          id: "broken",
          async sync(ctx) {
            ctx.log.warn({ source: "broken" }, "about to fail");
            throw new Error("no such host");
          },
        },
      ],
      workflows: [
        {
          id: "failing.v1",
          retry: { maxAttempts: 1 },
          async run(ctx) {
            ctx.log.error({ job: 1 }, "about to fail");
            throw new Error("no");
          },
        },
        {
          id: "hourly.v1",
          schedule: { everyMs: 3_600_000 },
          async run(ctx) {
            ctx.log.info({}, "works");
          },
        },
      ],
      sinks: [
        {
          id: "failing",
          on: ["job.failed"],
          async handle() {
            throw new Error("no");
          },
        },
        { id: "working", on: ["job.failed"], handle: async ({ type }) => void handled.push(type) },
      ],
    });
    onTestFinished(() => gateway.stop());
    await gateway.start();
    await expect(gateway.sync("broken")).rejects.toThrow("no such host");
    const failing = await gateway.jobs.create({ workflow_id: "failing.v1" });
    expect(await gateway.jobs.wait(failing.id)).toMatchObject({ status: "failed", error: { message: "no" } });
    const { items } = await gateway.repo.listJobs({ workflow_id: "hourly.v1" });
    expect(await gateway.jobs.wait(items[0]?.id ?? "")).toMatchObject({ status: "succeeded" });
    await gateway.stop();
    expect(handled).toEqual(["job.failed"]);
    expect(lines).toBeGreaterThan(4);
    await new Promise(setImmediate);
    expect(unhandled).toEqual([]);
  },
);
