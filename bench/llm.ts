import { join } from "node:path";
import {
  applyMiddleware,
  createLLM,
  createLLMRouter,
  createStream,
  type LLM,
  type LLMMiddleware,
  type LLMRouterOptions,
  withInstructions,
} from "@atlas/llm";
import { fromModel } from "@atlas/llm/ai-sdk";
import { withTracing } from "@atlas/llm/tracing";
import { generateText, streamText } from "ai";
import { createBenchFolder } from "./folder.ts";
import type { Report } from "./line.ts";
import { writeInstructions } from "./llm/instructions-folder.ts";
import { CHUNKS, createModel, forgetCalls, prompt } from "./llm/model.ts";
import { benchModels, benchModelsInFlight } from "./llm/routed-models.ts";
import { startPortkey, startUpstream } from "./llm/servers.ts";
import { bare, lineOf, read, repeat } from "./llm/work.ts";
import { type Contestant, mean, measure, percentile } from "./measure.ts";

const ROUNDS = 9;
const MICROSECONDS = 1_000;

/** What Atlas adds to asking a model: to a call, to a piece of a stream, and to a call over HTTP. */
export async function benchLLM(report: Report): Promise<void> {
  using folder = createBenchFolder();
  const root = join(folder.path, "project");
  writeInstructions(root);
  await benchCalls(root, report);
  await benchStreams(root, report);
  await benchModels(report);
  await benchModelsInFlight(report);
  await benchPieces(report);
  await benchHttp(report);
}

async function benchCalls(root: string, report: Report): Promise<void> {
  const calls = 200;
  const rounds = await measure(
    {
      routed: routed([], (llm) => repeat(calls, () => llm.generateText({ prompt }))),
      instructed: routed([withInstructions({ root })], (llm) =>
        repeat(calls, () => llm.generateText({ prompt })),
      ),
      around: routed(
        [],
        (llm) => repeat(calls, () => llm.generateText({ prompt })),
        (next) => ({ ...next, generateText: (call) => next.generateText(call) }),
      ),
      traced: routed([withTracing()], (llm) => repeat(calls, () => llm.generateText({ prompt }))),
      bare: bare((model) => repeat(calls, () => generateText({ model, prompt, maxRetries: 0 }))),
      alone: bare((model) =>
        repeat(calls, () =>
          model.doGenerate({ prompt: [{ role: "user", content: [{ type: "text", text: prompt }] }] }),
        ),
      ),
    },
    { rounds: ROUNDS, slices: 6 },
  );
  const perCall = (name: keyof typeof rounds): readonly number[] =>
    mean(rounds[name]).map((ms) => (ms * MICROSECONDS) / calls);
  const sdk = { name: "bare AI SDK call", values: perCall("bare") };
  report(lineOf("routed generateText", "µs", perCall("routed"), sdk));
  report(lineOf("routed, with instructions", "µs", perCall("instructed"), sdk));
  report(
    lineOf("routed, with around", "µs", perCall("around"), { name: "without", values: perCall("routed") }),
  );
  report(lineOf("routed, traced without an SDK", "µs", perCall("traced"), sdk));
  const alone = { name: "the model alone", values: perCall("alone") };
  report(lineOf("routed generateText", "µs", perCall("routed"), alone));
}

async function benchStreams(root: string, report: Report): Promise<void> {
  const streams = 4;
  const readAll = (llm: LLM) => repeat(streams, () => read(llm.streamText({ prompt }).textStream));
  const rounds = await measure(
    {
      routed: routed([], readAll),
      instructed: routed([withInstructions({ root })], readAll),
      bare: bare((model) =>
        repeat(streams, () => read(streamText({ model, prompt, maxRetries: 0 }).textStream)),
      ),
    },
    { rounds: ROUNDS, slices: 6 },
  );
  const perChunk = (name: keyof typeof rounds): readonly number[] =>
    mean(rounds[name]).map((ms) => (ms * MICROSECONDS) / (streams * CHUNKS));
  const sdk = { name: "bare AI SDK stream", values: perChunk("bare") };
  report(lineOf("routed streamText, per chunk", "µs", perChunk("routed"), sdk));
  report(lineOf("the same, with instructions", "µs", perChunk("instructed"), sdk));
}

/** One layer of `createStream` alone: what each piece costs, beside the plainest iterator there is. */
async function benchPieces(report: Report): Promise<void> {
  const pieces = 2_000;
  const piece = "twelve bytes";
  const result = { text: piece.repeat(pieces), provider: "bench" };
  const readAll = async (open: () => AsyncIterable<string>): Promise<readonly number[]> => {
    const startedAt = performance.now();
    let count = 0;
    for await (const _ of open()) count += 1;
    if (count !== pieces) throw new Error(`The stream had ${count} pieces instead of ${pieces}.`);
    return [performance.now() - startedAt];
  };
  const stream = (): AsyncIterable<string> =>
    createStream(undefined, async (emit) => {
      for (let left = pieces; left > 0; left -= 1) await emit(piece);
      return result;
    }).textStream;
  async function* generator(): AsyncGenerator<string, void> {
    for (let left = pieces; left > 0; left -= 1) yield piece;
  }
  const rounds = await measure(
    {
      layer: { slice: () => readAll(stream) },
      generator: { slice: () => readAll(generator) },
    },
    { rounds: ROUNDS, slices: 6 },
  );
  const perPiece = (name: keyof typeof rounds): readonly number[] =>
    mean(rounds[name]).map((ms) => (ms * MICROSECONDS) / pieces);
  const plain = { name: "an async generator", values: perPiece("generator") };
  report(lineOf("a streamed piece, one layer", "µs", perPiece("layer"), plain));
}

async function benchHttp(report: Report): Promise<void> {
  using upstream = await startUpstream();
  using portkey = await startPortkey();
  if (portkey === undefined) {
    console.error("Skipped: added p50. Install the gateway: npm install --no-save @portkey-ai/gateway");
    return;
  }
  const calls = 100;
  const body = JSON.stringify({ model: "bench-1", messages: [{ role: "user", content: prompt }] });
  const post = async (address: string, headers: Readonly<Record<string, string>> = {}): Promise<unknown> => {
    const response = await fetch(`${address}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer bench", ...headers },
      body,
    });
    if (!response.ok) throw new Error(`${address} answered ${response.status}: ${await response.text()}`);
    return response.json();
  };
  const llm = createLLM(
    createLLMRouter({
      config: {
        profiles: { default: ["upstream"] },
        providers: {
          upstream: {
            type: "openai-compatible",
            base_url: `${upstream.address}/v1`,
            api_key_env: "KEY",
            model: "bench-1",
          },
        },
      },
      env: { KEY: "bench" },
    }),
  );
  const toPortkey = { "x-portkey-provider": "openai", "x-portkey-custom-host": `${upstream.address}/v1` };
  const each = (work: () => Promise<unknown>): Contestant => ({ slice: () => timeEach(calls, work) });
  const rounds = await measure(
    {
      direct: each(() => post(upstream.address)),
      atlas: each(() => llm.generateText({ prompt })),
      portkey: each(() => post(portkey.address, toPortkey)),
    },
    { rounds: ROUNDS, slices: 4 },
  );
  const direct = percentile(rounds.direct, 50);
  const added = (name: "atlas" | "portkey"): readonly number[] =>
    percentile(rounds[name], 50).map((value, round) => value - (direct[round] ?? Number.NaN));
  report(
    lineOf("added p50 over a direct request", "ms", added("atlas"), {
      name: "@portkey-ai/gateway",
      values: added("portkey"),
    }),
  );
}

/** A contestant that asks through a router with one provider. */
function routed(
  middleware: readonly LLMMiddleware[],
  work: (llm: LLM) => Promise<readonly number[]>,
  around?: LLMRouterOptions["around"],
): Contestant {
  const model = createModel();
  const router = createLLMRouter({
    config: { profiles: { default: ["bench"] } },
    providers: { bench: fromModel(model) },
    around,
  });
  const llm = createLLM(applyMiddleware(router, middleware));
  return { slice: () => work(llm).finally(() => forgetCalls(model)) };
}

/** Does the work so many times, one after the other, and returns how long each took. */
async function timeEach(times: number, work: () => Promise<unknown>): Promise<readonly number[]> {
  const durations: number[] = [];
  for (let done = 0; done < times; done += 1) {
    const startedAt = performance.now();
    await work();
    durations.push(performance.now() - startedAt);
  }
  return durations;
}
