import { createLLM, createStream, type LLMResult } from "@atlas/llm";
import { expect, it } from "vitest";
import { runningJobs } from "../support/running-jobs.ts";

/** A model that answers when it is told to. */
function heldModel() {
  const asked = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const answer = async (): Promise<LLMResult> => {
    asked.resolve();
    await release.promise;
    return { text: "late", provider: "held" };
  };
  const llm = createLLM({
    generateText: answer,
    streamText: ({ signal }) =>
      createStream(signal, async (emit) => {
        const result = await answer();
        await emit(result.text);
        return result;
      }),
  });
  return { llm, asked: asked.promise, release: release.resolve };
}

/** More turns than the check for parking takes. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
}

const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "And now?" }] }];

it.each(["generateText", "streamText", "doGenerate", "doStream"] as const)(
  "is not parked at a wait that lost a race while %s is in progress",
  async (method) => {
    const { llm, asked, release } = heldModel();
    const texts: string[] = [];
    const { create, over, repo } = await runningJobs(
      async (ctx) => {
        await Promise.race([ctx.wait("never"), ctx.step("quick", () => 1)]);
        const call = { prompt: "And now?" };
        const ask = {
          generateText: async () => (await ctx.llm.generateText(call)).text,
          streamText: async () => (await ctx.llm.streamText(call).result).text,
          async doGenerate() {
            const { content } = await ctx.model().doGenerate({ prompt });
            return content.map((part) => (part.type === "text" ? part.text : "")).join("");
          },
          async doStream() {
            let text = "";
            for await (const part of (await ctx.model().doStream({ prompt })).stream) {
              if (part.type === "text-delta") text += part.delta;
            }
            return text;
          },
        };
        texts.push(await ask[method]());
      },
      { llm },
    );
    await create("j1");
    await asked;
    await turns();
    expect(await repo.getJob("j1")).toMatchObject({ status: "running", attempt: 1 });
    release();
    expect(await over("j1")).toMatchObject({ status: "succeeded", attempt: 1 });
    expect(texts).toEqual(["late"]);
  },
);
