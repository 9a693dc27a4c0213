import { Writable } from "node:stream";
import { defineSink, defineWorkflow } from "@atlas/plugins";
import { pino } from "pino";
import { expect, it, onTestFinished } from "vitest";
import { createGateway } from "../src/index.ts";
import { until } from "./support/until.ts";

/** A pino logger as the guide shows it, and the lines that it wrote. */
function logger(level: string) {
  const lines: Record<string, unknown>[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (const line of chunk.toString().trimEnd().split("\n")) lines.push(JSON.parse(line));
      done();
    },
  });
  const log = pino(
    {
      level,
      // The fields in which Atlas logs what was thrown.
      serializers: { error: pino.stdSerializers.err },
      redact: ["*.password", "*.token"],
    },
    stream,
  );
  return { log, lines };
}

async function open(level: string) {
  const { log, lines } = logger(level);
  const gateway = await createGateway({
    database: ":memory:",
    log: log.child({ service: "digest" }),
    workflows: [
      defineWorkflow({
        id: "ask.v1",
        retry: { maxAttempts: 1 },
        async run(ctx) {
          ctx.log.debug({}, "Begins.");
          ctx.log.info({ login: { user: "ada", password: "hunter2" } }, "Asks.");
          await ctx.emitArtifact({ type: "answer", content_md: "Yes." });
          throw new RangeError("Too far.");
        },
      }),
    ],
    sinks: [
      defineSink({
        id: "tell",
        on: ["artifact.created"],
        handle: async (_event, ctx) => ctx.log.info({}, "Told."),
      }),
    ],
  });
  onTestFinished(() => gateway.stop());
  await gateway.start();
  await gateway.jobs.create(
    { id: "j1", workflow_id: "ask.v1" },
    { context: { correlation_id: "request-7" } },
  );
  await gateway.jobs.wait("j1");
  await until(() => lines.some(({ msg }) => msg === "Told."));
  const line = (msg: string | RegExp) => lines.find((one) => String(one["msg"]).match(msg) !== null);
  return { line };
}

it("writes lines of jobs and sinks as JSON, with the ids that they belong to", async () => {
  const { line } = await open("info");
  const ofJob = { job_id: "j1", workflow_id: "ask.v1", attempt: 1, correlation_id: "request-7" };
  expect(line("Asks.")).toMatchObject({ level: 30, service: "digest", ...ofJob });
  expect(line("Told.")).toMatchObject({
    level: 30,
    service: "digest",
    sink_id: "tell",
    correlation_id: "request-7",
  });
  expect(line(/^An attempt at the job "j1" failed/)).toMatchObject({
    level: 40,
    job_id: "j1",
    attempt: 1,
    error: { type: "RangeError", message: "Too far." },
  });
});

it("keeps to the level and the redaction of the logger", async () => {
  const { line } = await open("info");
  expect(line("Begins.")).toBeUndefined();
  expect(line("Asks.")?.["login"]).toEqual({ user: "ada", password: "[Redacted]" });
  const { line: debugged } = await open("debug");
  expect(debugged("Begins.")).toMatchObject({ level: 20, job_id: "j1" });
});
