// The gateway of the soak: a source that counts, a workflow for each number, a sink that writes down what it is given.
import { appendFileSync, writeSync } from "node:fs";
import { createGateway, silentLogger } from "../../src/index.ts";

/** What the host is told. */
export interface SoakHostOptions {
  readonly database: string;
  /** Where the sink writes a line for each event. */
  readonly log: string;
  /** Ends well when this many numbers are through. */
  readonly upTo?: number;
}

const { database, log, upTo } = JSON.parse(process.argv[2] ?? "") as SoakHostOptions;
const PER_SYNC = 20;

const gateway = await createGateway({
  database,
  log: silentLogger,
  concurrency: 20,
  sources: [
    {
      id: "counter",
      async sync(ctx) {
        const from = Number(ctx.cursor ?? 0);
        const to = Math.min(from + PER_SYNC, upTo ?? Number.POSITIVE_INFINITY);
        for (let number = from; number < to; number += 1) {
          void ctx.commands.enqueue({
            type: "event.insert",
            event: { type: "number", source: "counter", external_id: String(number) },
          });
          void ctx.commands.enqueue({
            type: "job.create",
            job: { workflow_id: "number.v1", idempotency_key: String(number), input: { number } },
          });
        }
        await ctx.checkpoint(to);
      },
    },
  ],
  workflows: [
    {
      id: "number.v1",
      retry: { maxAttempts: 50, firstDelayMs: 1, maxDelayMs: 20 },
      async run(ctx, { number }) {
        const square = await ctx.step("square", () => Number(number) ** 2);
        if (Number(number) % 7 === 0 && ctx.attempt === 1) throw new Error("the first attempt always fails");
        await ctx.emitArtifact({ type: "square", title: String(square) });
      },
    },
  ],
  sinks: [
    {
      id: "file",
      on: ["artifact.created"],
      from: "start",
      async handle(event) {
        appendFileSync(log, `${event.aggregate_id}\n`);
        if (event.seq % 13 === 0 && Math.random() < 0.5) throw new Error("the file is busy");
      },
      retry: { maxAttempts: 1_000, firstDelayMs: 1, maxDelayMs: 20 },
    },
  ],
});
await gateway.start();
writeSync(1, "ready\n");
for (;;) {
  await gateway.sync("counter");
  const { queued, running } = await gateway.repo.plugins.countJobs();
  if (queued + running > 500) await new Promise(setImmediate);
  if (upTo !== undefined && Number(await gateway.repo.plugins.getSourceCursor("counter")) >= upTo) break;
}
// All of it through: then this one ends in good order.
for (;;) {
  const { queued, running } = await gateway.repo.plugins.countJobs();
  const [lag] = await gateway.repo.plugins.listSinkLags();
  if (queued + running === 0 && lag?.retrying === 0 && lag.behind === 0) break;
  await new Promise((resolve) => setTimeout(resolve, 5));
}
await gateway.stop();
