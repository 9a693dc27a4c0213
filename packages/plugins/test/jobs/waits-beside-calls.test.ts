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

it.each(["generateText", "streamText"] as const)(
  "is not parked at a wait that lost a race while %s is in progress",
  async (method) => {
    const { llm, asked, release } = heldModel();
    const texts: string[] = [];
    const { create, over, repo } = await runningJobs(
      async (ctx) => {
        await Promise.race([ctx.wait("never"), ctx.step("quick", () => 1)]);
        const call = { prompt: "And now?" };
        const { text } = await (method === "generateText"
          ? ctx.llm.generateText(call)
          : ctx.llm.streamText(call).result);
        texts.push(text);
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
