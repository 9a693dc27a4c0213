// Calls every real model service three times, for a text, a stream and an object: `npm run check:providers`. It costs a few tokens.
//
//   npm run check:providers                   the built-in candidates; those without a key are skipped
//   npm run check:providers -- --routing FILE the candidates of a routing file
//
// Keys come from the environment: OPENAI_API_KEY, ANTHROPIC_API_KEY, GOOGLE_GENERATIVE_AI_API_KEY, and the variables that the
// routing file names.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { createLLM, createLLMRouter } from "@atlas/llm";
import { builtInModels, parseRoutingConfig } from "@atlas/routing";
import { z } from "zod";

const { values } = parseArgs({ options: { routing: { type: "string" } } });
const file: unknown =
  values.routing === undefined ? {} : JSON.parse(readFileSync(values.routing, "utf8").replace(/^\uFEFF/, ""));
const { providers = {} } = parseRoutingConfig(file).llm ?? {};
const names = [...new Set([...builtInModels, ...Object.keys(providers)])].filter((name) => name !== "mock");

const schema = z.object({ sum: z.number() });

let failures = 0;
for (const name of names) {
  // A router with this one candidate, so that no other can answer in its place.
  const config = { profiles: { [name]: [name] }, providers, limits: { retries: 0 } };
  const router = createLLMRouter({ config, env: process.env });
  const [planned] = router.explainRoute().candidates;
  if (planned?.state === "skipped") {
    console.log(`${name.padEnd(20)} skipped: ${planned.reason}`);
    continue;
  }
  const llm = createLLM(router);
  await check(name, "text", async () => {
    const { text, model, usage } = await llm.generateText({ prompt: "Say ahoy.", maxTokens: 1_000 });
    return `${model}, ${usage?.inputTokens} + ${usage?.outputTokens} tokens: ${text.trim().slice(0, 40)}`;
  });
  await check(name, "stream", async () => {
    let pieces = 0;
    for await (const _ of llm.streamText({ prompt: "Count to ten." }).textStream) pieces += 1;
    return `${pieces} pieces`;
  });
  await check(name, "object", async () => {
    const { object } = await llm.generateObject({ prompt: "What is 20 + 22?", schema });
    if (object.sum !== 42) throw new Error(`It says ${object.sum}.`);
    return JSON.stringify(object);
  });
}
process.exitCode = failures > 0 ? 1 : 0;

async function check(name: string, what: string, ask: () => Promise<string>): Promise<void> {
  const startedAt = performance.now();
  const seconds = (): string => `${((performance.now() - startedAt) / 1_000).toFixed(1)} s`;
  const line = `${name.padEnd(20)} ${what.padEnd(7)}`;
  try {
    console.log(`${line} ok      ${await ask()} (${seconds()})`);
  } catch (error) {
    failures += 1;
    console.log(`${line} FAILED  ${error instanceof Error ? error.message : String(error)} (${seconds()})`);
  }
}
