import type { LanguageModelV4, LLM, ModelOptions } from "@atlas/llm";
import { createMockLLM } from "@atlas/llm/mock";
import { createFakeClock } from "@atlas/testing";
import { expect, it } from "vitest";
import type { WorkflowContext } from "../../src/index.ts";
import { runningJobs } from "../support/running-jobs.ts";

type Request = Parameters<LanguageModelV4["doGenerate"]>[0];
const hello: Request = { prompt: [{ role: "user", content: [{ type: "text", text: "Hello" }] }] };

/** A mock whose models keep what they were made with and asked. */
function createWatchedLLM(wrap: (model: LanguageModelV4) => Partial<LanguageModelV4> = () => ({})) {
  const mock = createMockLLM();
  const made: ModelOptions[] = [];
  const asked: Request[] = [];
  const llm: LLM = {
    ...mock,
    languageModel(options = {}) {
      made.push(options);
      const model = mock.languageModel(options);
      const own = { ...model, ...wrap(model) };
      return {
        ...own,
        doGenerate(request) {
          asked.push(request);
          return own.doGenerate(request);
        },
        doStream(request) {
          asked.push(request);
          return own.doStream(request);
        },
      };
    },
  };
  return { llm, made, asked };
}

it("a model of an attempt has its context, and ends with it at the latest", async () => {
  const { llm, made, asked } = createWatchedLLM();
  const own = new AbortController();
  const { create, over } = await runningJobs(
    async (ctx) => {
      const model = ctx.model("fast");
      expect([model.specificationVersion, model.provider, model.modelId]).toEqual(["v4", "atlas", "fast"]);
      expect(await model.supportedUrls).toEqual({});
      await model.doGenerate(hello);
      await model.doStream({ ...hello, abortSignal: own.signal });
      expect(ctx.model().modelId).toBe("default");
      ctx.llm.languageModel({ profile: "slow", context: { tenant: "acme", job_id: "other" } });
      expect(asked[0]?.abortSignal).toBe(ctx.signal);
      expect(asked[1]?.abortSignal?.aborted).toBe(false);
      own.abort(new Error("own"));
      expect(asked[1]?.abortSignal?.reason).toBe(own.signal.reason);
    },
    { llm },
  );
  await create("j1");
  expect(await over("j1")).toMatchObject({ status: "succeeded" });
  expect(made[0]).toMatchObject({ profile: "fast", context: { job_id: "j1", attempt: 1 } });
  expect(made.at(-1)).toMatchObject({ profile: "slow", context: { tenant: "acme", job_id: "j1" } });
});

it("a call of a model that has a signal of its own ends with the attempt as well", async () => {
  const clock = createFakeClock();
  const reason = Promise.withResolvers<unknown>();
  const asked = Promise.withResolvers<void>();
  const { llm } = createWatchedLLM(() => ({
    doGenerate: ({ abortSignal }) => {
      abortSignal?.addEventListener("abort", () => reason.resolve(abortSignal.reason));
      asked.resolve();
      return new Promise(() => undefined);
    },
  }));
  const { create, over } = await runningJobs(
    async (ctx) => {
      await ctx.model().doGenerate({ ...hello, abortSignal: new AbortController().signal });
    },
    { llm, clock, workflow: { timeoutMs: 1_000, retry: { maxAttempts: 1 } } },
  );
  await create("j1");
  await asked.promise;
  clock.advance(1_000);
  expect(await reason.promise).toMatchObject({ code: "ATLAS_PLUGINS_TIMEOUT" });
  clock.advance(5_000);
  expect(await over("j1")).toMatchObject({ status: "failed" });
});

it("a model that is asked after the attempt has ended rejects, also where nobody looks", async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on("unhandledRejection", note);
  let kept: WorkflowContext | undefined;
  const { llm, asked } = createWatchedLLM();
  const { create, over } = await runningJobs(
    async (ctx) => {
      kept = ctx;
    },
    { llm },
  );
  await create("j1");
  await over("j1");
  const model = kept?.model() as LanguageModelV4;
  void model.doGenerate(hello);
  void model.doStream(hello);
  await new Promise(setImmediate);
  process.off("unhandledRejection", note);
  const ended = { code: "ATLAS_PLUGINS_CONTEXT_ENDED" };
  await expect(model.doGenerate(hello)).rejects.toMatchObject(ended);
  await expect(model.doStream(hello)).rejects.toMatchObject(ended);
  expect([unhandled, asked]).toEqual([[], []]);
});

it.each<[string, (stream: ReadableStream<unknown>, end: () => void) => Promise<unknown>]>([
  [
    "read to its end",
    async (stream) => {
      for await (const _ of stream);
    },
  ],
  ["left", (stream) => stream.cancel()],
  ["left unread, once its route has ended", async (_, end) => end()],
])("an attempt is parked once a stream of its models was %s, and not before", async (_, finish) => {
  const { llm, made } = createWatchedLLM();
  const go = Promise.withResolvers<void>();
  const { create, waiting, over, signal } = await runningJobs(
    async (ctx) => {
      const { stream } = await ctx.model().doStream(hello);
      const waited = ctx.wait("go");
      await new Promise(setImmediate);
      expect(ctx.signal.aborted).toBe(false);
      go.resolve();
      const end = () => made.at(-1)?.onRoute?.({ profile: "p", attempts: [], skipped: [], durationMs: 0 });
      await finish(stream, end);
      await waited;
    },
    { llm },
  );
  await create("j1", { max_attempts: 1 });
  await go.promise;
  await waiting("j1");
  await signal("j1", "go", true);
  await over("j1");
});
