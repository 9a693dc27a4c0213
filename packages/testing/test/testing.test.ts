import { describe, expect, expectTypeOf, it } from "vitest";
import { createFakeClock, createRecordingSink, createTestGateway } from "../src/index.ts";

describe("the fake clock", () => {
  it("stands still until it is advanced, and calls what fell due in order, at the new time", () => {
    const clock = createFakeClock("2026-05-01T00:00:00.000Z");
    const rang: string[] = [];
    clock.after(20, () => rang.push(`late at ${clock.monotonic()}`));
    clock.after(10, () => {
      rang.push(`early at ${clock.monotonic()}`);
      clock.after(5, () => rang.push(`chained at ${clock.monotonic()}`));
      cancelOther();
    });
    const cancel = clock.after(15, () => rang.push("never"));
    const cancelOther = clock.after(16, () => rang.push("cancelled by the one before"));
    cancel();
    expect(clock.timers).toBe(3);
    clock.advance(20);
    expect(rang).toEqual(["early at 20", "late at 20"]);
    expect(clock.now()).toBe(Date.parse("2026-05-01T00:00:00.020Z"));
    clock.advance(5);
    expect(rang.at(-1)).toBe("chained at 25");
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
    expectTypeOf(created.payload.type).toEqualTypeOf<string>();
    expect(await gateway.repo.getArtifact(created.aggregate_id)).toMatchObject({ title: "mock" });
    await gateway.stop();
    expect(sink.events.filter(({ type }) => type === "artifact.created")).toEqual([created]);
  });

  it("gives each call of next an event of its own, be it delivered already or not", async () => {
    const sink = createRecordingSink();
    const gateway = await createTestGateway({ sinks: [sink] });
    const send = (id: string) =>
      gateway.commands.enqueue({ type: "entity.upsert", entity: { id, type: "note" } });
    const ids = async (): Promise<string | undefined> => (await sink.next("entity.upserted")).aggregate_id;

    const early = [ids(), ids()];
    await send("n1");
    await send("n2");
    expect(await Promise.all(early)).toEqual(["n1", "n2"]);
    await send("n3");
    await send("n4");
    await gateway.stop();
    expect([await ids(), await ids()]).toEqual(["n3", "n4"]);
  });

  it("runs schedules as its clock is advanced", async () => {
    const clock = createFakeClock("2026-01-01T00:00:00.000Z");
    const sink = createRecordingSink();
    const report = { id: "report.v1", schedule: { everyMs: 60_000 }, async run() {} };
    const gateway = await createTestGateway({ workflows: [report], sinks: [sink], clock });
    const isPlanned = async (at: string) =>
      (await gateway.repo.plugins.listSchedules()).some(({ next_at }) => next_at === at);
    for (const minute of [1, 2, 3]) {
      await sink.next("job.succeeded");
      const nextAt = `2026-01-01T00:0${minute}:00.000Z`;
      while (!(await isPlanned(nextAt))) await new Promise(setImmediate);
      if (minute < 3) clock.advance(60_000);
    }
    // Time passed while the sink was being called; it is not timed out for that.
    expect(await gateway.repo.plugins.listFailedDeliveries()).toEqual([]);
    await gateway.stop();
    expect(sink.events.filter(({ type }) => type === "job.succeeded")).toHaveLength(3);
  });
});
