import { createFakeClock } from "@atlas/testing/clock";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { WorkflowContext } from "../../src/index.ts";
import { runningJobs } from "../support/running-jobs.ts";

/** What became an unhandled rejection during the test. */
function unhandledRejections(): unknown[] {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on("unhandledRejection", note);
  onTestFinished(() => void process.off("unhandledRejection", note));
  return unhandled;
}

describe("nothing on ctx ends the process:", () => {
  it("progress that a timer reports after the attempt has ended is dropped", async () => {
    const unhandled = unhandledRejections();
    let kept: WorkflowContext | undefined;
    const { create, over, runner } = await runningJobs(async (ctx) => {
      kept = ctx;
      ctx.progress({ done: 1 });
    });
    await create("j1");
    expect(await over("j1")).toMatchObject({ status: "succeeded" });
    expect(() => kept?.progress({ done: 2 })).not.toThrow();
    await new Promise(setImmediate);
    expect(runner.progress.of("j1")).toBeUndefined();
    expect(unhandled).toEqual([]);
  });

  it("progress that makes no sense fails the attempt and throws nothing", async () => {
    const unhandled = unhandledRejections();
    let thrown: unknown;
    const { create, over } = await runningJobs(
      async (ctx) => {
        try {
          ctx.progress({ done: Number.NaN });
          ctx.progress(undefined as never);
        } catch (error) {
          thrown = error;
        }
      },
      { workflow: { retry: { maxAttempts: 1 } } },
    );
    await create("j1");
    expect(await over("j1")).toMatchObject({
      status: "failed",
      error: { name: "TypeError", message: expect.stringContaining("ctx.progress takes") },
    });
    expect(thrown).toBeUndefined();
    expect(unhandled).toEqual([]);
  });

  it("a model or an agent that is called after the attempt has ended rejects, also as a stream", async () => {
    const unhandled = unhandledRejections();
    let kept: WorkflowContext | undefined;
    const { create, over } = await runningJobs(
      async (ctx) => {
        kept = ctx;
      },
      { harness: { runTask: () => Promise.reject(new Error("called")) } },
    );
    await create("j1");
    expect(await over("j1")).toMatchObject({ status: "succeeded" });
    const { llm, harness } = kept as Required<WorkflowContext>;
    const ended = { code: "ATLAS_PLUGINS_CONTEXT_ENDED" };
    // Nobody looks at these.
    void llm.generateText({ prompt: "late" });
    llm.streamText({ prompt: "late" });
    void harness.runTask({ agent: "a", prompt: "late", cwd: "/" } as never);
    await new Promise(setImmediate);
    expect(unhandled).toEqual([]);

    await expect(llm.generateText({ prompt: "late" })).rejects.toMatchObject(ended);
    await expect(llm.streamText({ prompt: "late" }).result).rejects.toMatchObject(ended);
    await expect(async () => {
      for await (const piece of llm.streamText({ prompt: "late" }).textStream) expect(piece).toBeUndefined();
    }).rejects.toMatchObject(ended);
    await expect(harness.runTask({} as never)).rejects.toMatchObject(ended);
  });

  it("a step that nobody awaits before a wait, and that fails", async () => {
    const unhandled = unhandledRejections();
    const { create, over, signal, waiting } = await runningJobs(async (ctx) => {
      void ctx.step("unawaited", async () => {
        if (ctx.attempt === 1) await new Promise(setImmediate);
        throw new Error("in the step");
      });
      await ctx.wait("go");
    });
    await create("j1", { max_attempts: 1 });
    const job = await Promise.race([over("j1"), waiting("j1")]);
    if (job.status === "queued") await signal("j1", "go", true);
    await over("j1");
    await new Promise(setImmediate);
    expect(unhandled).toEqual([]);
  });
});

it.each([
  ["a time", (ctx: WorkflowContext) => ctx.sleep("long", 60_000)],
  ["an answer", (ctx: WorkflowContext) => ctx.wait("go", { timeoutMs: 60_000 })],
  ["an event", (ctx: WorkflowContext) => ctx.waitForEvent("happened", { type: "happened" })],
  ["a job", (ctx: WorkflowContext) => ctx.waitForJobs("other", ["other"])],
])(
  "a job that waited for %s and was cancelled stays so, whatever comes and after a restart",
  async (_, wait) => {
    const clock = createFakeClock();
    const { commands, create, waiting, emit, repo, runner, startRunner, signal, over } = await runningJobs(
      async (ctx, _input, id) => {
        if (id === "j1") await wait(ctx);
      },
      { clock },
    );
    await create("other", { run_at: "2026-01-01T00:00:30.000Z" });
    await create("j1");
    await waiting("j1");
    await commands.enqueue({ type: "job.updateStatus", id: "j1", status: "cancelled" });
    await runner.stop(0);
    await startRunner();
    await emit("happened");
    expect(await signal("j1", "go", true)).toBe("closed");
    clock.advance(120_000);
    await over("other");
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    expect(await repo.getJob("j1")).toMatchObject({ status: "cancelled", attempt: 1 });
  },
);

it("a job that cannot be read after its claim goes back to the queue, and its attempt is not counted", async () => {
  const attempts: number[] = [];
  const { repo, create, over } = await runningJobs(async (ctx) => {
    attempts.push(ctx.attempt);
    if (attempts.length === 1) {
      vi.spyOn(repo.plugins, "getJobRun").mockRejectedValueOnce(new Error("disk I/O error"));
      throw new Error("The first attempt fails.");
    }
  });
  await create("j1");
  expect(await over("j1")).toMatchObject({ status: "succeeded", attempt: 3 });
  expect(attempts).toEqual([1, 2]);
});
