// Asks the mock model for two tenants, and prints what an extension has counted for each of them.
//
//   node --conditions=@atlas/source examples/03-own-extension/own-extension.ts
import { parseArgs } from "node:util";
import { createGateway, defineWorkflow } from "@atlas/gateway";
import { serve } from "@atlas/gateway/http";
import { z } from "zod";
import { meter, meterService } from "./meter.ts";

const { values } = parseArgs({ options: { database: { type: "string", default: "data/own-extension.db" } } });
const told: string[] = [];

const askWorkflow = defineWorkflow({
  id: "ask.v1",
  input: z.object({ question: z.string() }),
  needs: [meterService],
  async run(ctx, { question }) {
    const { text } = await ctx.llm.generateText({ prompt: question });
    const { calls } = await ctx.services.meter.usage(ctx.context.tenant ?? "nobody");
    await ctx.emitArtifact({ type: "answer", title: `Answer ${calls}`, content_md: text });
  },
});

const gateway = await createGateway({
  database: values.database,
  extensions: [meter({ tell: (tenant, tokens) => told.push(`told: ${tenant} used ${tokens} tokens`) })],
  workflows: [askWorkflow],
});
try {
  await gateway.start();
  for (const [tenant, question] of [
    ["acme", "What is a meter?"],
    ["globex", "How long is a mile?"],
    ["acme", "And a yard?"],
  ] as const) {
    const { id } = await gateway.jobs.create(
      { workflow_id: "ask.v1", input: { question } },
      { context: { tenant } },
    );
    const job = await gateway.jobs.wait(id);
    if (job.status !== "succeeded") throw new Error(`The job failed: ${JSON.stringify(job.error)}`);
  }
  for (const tenant of ["acme", "globex"]) {
    const { calls, tokens } = await gateway.services.meter.usage(tenant);
    console.log(`${tenant}: calls ${calls}, tokens ${tokens}`);
  }
  // The extension's route is served like those of Atlas itself.
  const { token } = await gateway.tokens.create({ name: `reader-${Date.now()}`, scopes: ["meter:read"] });
  await using server = await serve(gateway);
  const response = await fetch(`${server.url}/meter/usage/acme`, {
    headers: { authorization: `Bearer ${token}` },
  });
  console.log(`over HTTP: ${await response.text()}`);
} finally {
  await gateway.stop(); // delivers what is committed, so every call has been told
}
console.log(told.join("\n"));
