import { describe, expect, it } from "vitest";
import { createFakeClock, createRecordingSink, createTestGateway } from "../src/index.ts";

describe("the fake clock", () => {
  it("stands still until it is advanced, and calls what falls due in order", () => {
    const clock = createFakeClock("2026-05-01T00:00:00.000Z");
    const rang: string[] = [];
    clock.after(20, () => rang.push(`late at ${clock.monotonic()}`));
    clock.after(10, () => {
      rang.push(`early at ${clock.monotonic()}`);
      clock.after(5, () => rang.push(`chained at ${clock.monotonic()}`));
    });
    const cancel = clock.after(15, () => rang.push("never"));
    cancel();
    expect(clock.timers).toBe(2);
    clock.advance(20);
    expect(rang).toEqual(["early at 10", "chained at 15", "late at 20"]);
    expect(clock.now()).toBe(Date.parse("2026-05-01T00:00:00.020Z"));
  });

  it("lets the wall clock jump without touching durations", () => {
    const clock = createFakeClock();
    clock.setWallClock(0);
    expect([clock.now(), clock.monotonic()]).toEqual([0, 0]);
  });
});

describe("the test gateway", () => {
  it("is started, works with the mock model, and brings events to a recording sink", async () => {
    const sink = createRecordingSink();
    const gateway = await createTestGateway({
      sinks: [sink],
      workflows: [
        {
          id: "ask.v1",
          async run(ctx) {
            const { provider } = await ctx.llm.generateText({ prompt: "Who are you?" });
            ctx.emitArtifact({ type: "answer", title: provider });
          },
        },
      ],
    });
    await gateway.jobs.create({ workflow_id: "ask.v1" });
    const created = await sink.next("artifact.created");
    expect(await gateway.repo.getArtifact(created.aggregate_id ?? "")).toMatchObject({ title: "mock" });
    await gateway.stop();
    expect(await sink.next("artifact.created")).toBe(created);
  });
});
