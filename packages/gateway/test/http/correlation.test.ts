import { defineSink, defineWorkflow } from "@atlas/plugins";
import { createTestGateway } from "@atlas/testing";
import { expect, it } from "vitest";
import { createHttp } from "../../src/http/index.ts";
import { until } from "../support/until.ts";

const TOKEN = "t".repeat(32);

it("carries the id of a request into the journal, logs, the evidence of model calls, and sinks", async () => {
  const lines: Readonly<Record<string, unknown>>[] = [];
  const seen: (string | undefined)[] = [];
  const note = (fields: object): void => void lines.push({ ...fields });
  await using gateway = await createTestGateway({
    log: { debug: note, info: note, warn: note, error: note },
    workflows: [
      defineWorkflow({
        id: "ask.v1",
        async run(ctx) {
          const { text } = await ctx.llm.generateText({ prompt: "Well?" });
          ctx.log.info({ at: "workflow" }, "Asked.");
          await ctx.emitArtifact({ type: "answer", content_md: text });
        },
      }),
    ],
    sinks: [
      defineSink({
        id: "tell",
        on: ["artifact.created"],
        async handle(event, ctx) {
          ctx.log.info({ at: "sink" }, "Told.");
          seen.push(event.context?.correlation_id);
        },
      }),
    ],
  });
  await gateway.start();
  const response = await createHttp(gateway, { token: TOKEN }).fetch(
    new Request("http://127.0.0.1/jobs", {
      method: "POST",
      headers: {
        authorization: `Bearer ${TOKEN}`,
        "content-type": "application/json",
        "x-request-id": "request-7",
      },
      body: JSON.stringify({ workflow_id: "ask.v1" }),
    }),
  );
  expect(response.headers.get("x-request-id")).toBe("request-7");
  const { id } = (await response.json()) as { readonly id: string };
  await gateway.jobs.wait(id);
  await until(() => seen.length > 0);

  expect(seen).toEqual(["request-7"]);
  const { items } = await gateway.repo.listJournal({ limit: 100 });
  const correlations = new Map(items.map(({ type, context }) => [type, context?.correlation_id]));
  for (const type of ["job.create", "artifact.create", "llm.call.record"])
    expect([type, correlations.get(type)]).toEqual([type, "request-7"]);
  expect(items.find(({ type }) => type === "job.create")?.cause).toEqual({
    kind: "request",
    id: "request-7",
    depth: 0,
  });
  expect(await gateway.repo.llm.listCalls(id)).toMatchObject([{ correlation_id: "request-7" }]);
  for (const at of ["workflow", "sink"])
    expect(lines.find((line) => line["at"] === at)).toMatchObject({ correlation_id: "request-7" });
});
