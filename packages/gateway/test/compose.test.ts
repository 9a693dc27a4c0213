import { createStore, silentLogger, systemClock } from "@atlas/core";
import { llmModule } from "@atlas/llm/module";
import { pluginsModule } from "@atlas/plugins";
import {
  createBatches,
  createJobAdmission,
  createJobRunner,
  createPluginRegistry,
} from "@atlas/plugins/runtime";
import { expect, it } from "vitest";
import { createAttemptLLM, createGatewayLLM, createJobs, readRouting } from "../src/compose/index.ts";

it("runs jobs with models and evidence in a composition without createGateway", async () => {
  const host = { clock: systemClock, log: silentLogger };
  const registry = createPluginRegistry();
  registry.registerWorkflow({
    id: "ask.v1",
    run: async (ctx) => (await ctx.llm.generateText({ profile: "writing", prompt: "Well?" })).text,
  });
  await using store = await createStore({
    database: ":memory:",
    modules: [pluginsModule, llmModule],
    admit: [createJobAdmission(registry)],
    ...host,
  });
  const { commands, repo, newId, onCommitted } = store;
  const providers = {
    mine: { generateText: async () => ({ text: "Yes.", provider: "mine" }) },
  };
  const routing = await readRouting(
    { llm: { profiles: { writing: ["mine"] } } },
    { models: Object.keys(providers) },
  );
  const llm = createGatewayLLM({ routing, llm: undefined, providers, middleware: [], env: {}, ...host });
  const { hasDegraded } = repo.llm;
  const runner = createJobRunner({
    host,
    repo,
    commands,
    registry,
    llm: createAttemptLLM({ llm, commands, hasDegraded, ...host }),
  });
  const over = new AbortController();
  const jobs = createJobs({
    commands,
    repo,
    registry,
    batches: createBatches({ repo, newId, opening: new Set(), ...host }),
    progress: runner.progress,
    newId,
    onCommitted,
    isStarted: () => true,
    signal: over.signal,
    ...host,
  });
  onCommitted(runner.wake);
  await runner.start();
  const { id } = await jobs.create({ workflow_id: "ask.v1" });
  expect(await jobs.wait(id)).toMatchObject({ status: "succeeded", result: "Yes." });
  expect(await repo.llm.listCalls(id)).toMatchObject([
    { profile: "writing", status: "answered", provider: "mine" },
  ]);
  await runner.stop(0);
  over.abort();
});
