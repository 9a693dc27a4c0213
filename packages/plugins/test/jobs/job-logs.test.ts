import { createFakeClock } from "@atlas/testing/clock";
import { describe, expect, it } from "vitest";
import { runningJobs } from "../support/running-jobs.ts";

describe("the log of a job", () => {
  it("keeps the lines of all its attempts, with levels and fields, and emits nothing", async () => {
    const { create, over, repo, store } = await runningJobs(async (ctx) => {
      ctx.log.info({ page: ctx.attempt }, "reading");
      ctx.log.debug({}, "done");
      if (ctx.attempt === 1) throw new Error("not yet");
    });
    await create("j1");
    await over("j1");
    expect(await repo.plugins.listJobLogs("j1")).toMatchObject([
      { attempt: 1, level: "info", message: "reading", fields: { page: 1 } },
      { attempt: 1, level: "debug", message: "done" },
      { attempt: 2, level: "info", message: "reading", fields: { page: 2 } },
      { attempt: 2, level: "debug", message: "done" },
    ]);
    const types = (await repo.listDomainEvents()).items.map(({ type }) => type);
    expect(types.every((type) => type.startsWith("job."))).toBe(true);
    expect(await store.verify()).toMatchObject({ status: "verified" });
  });

  it("is bounded by lines: the last 200 stay", async () => {
    const { create, over, repo } = await runningJobs(async (ctx) => {
      for (let line = 1; line <= 250; line += 1) ctx.log.info({}, `${ctx.attempt}.${line}`);
      if (ctx.attempt === 1) throw new Error("not yet");
    });
    await create("j1");
    await over("j1");
    const lines = await repo.plugins.listJobLogs("j1");
    expect(lines).toHaveLength(200);
    expect([lines[0]?.message, lines.at(-1)?.message]).toEqual(["2.51", "2.250"]);
  });

  it("is bounded by bytes, over attempts: the last 32 KiB stay", async () => {
    const { create, over, repo } = await runningJobs(async (ctx) => {
      for (let line = 1; line <= 12; line += 1)
        ctx.log.info({}, `${ctx.attempt}.${line} ${"x".repeat(1_995)}`);
      if (ctx.attempt === 1) throw new Error("not yet");
    });
    await create("j1");
    await over("j1");
    const messages = (await repo.plugins.listJobLogs("j1")).map(({ message }) => message.slice(0, 4).trim());
    expect(messages).toEqual([
      "1.9",
      "1.10",
      "1.11",
      "1.12",
      ...Array.from({ length: 12 }, (_, n) => `2.${n + 1}`),
    ]);
  });

  it("takes whatever a plugin logs", async () => {
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    const { create, over, repo } = await runningJobs(async (ctx) => {
      ctx.log.warn({ error: new Error("no", { cause: new Error("why") }), many: 1n }, "an error");
      ctx.log.warn(circle, "a circle");
      ctx.log.warn({ text: "x".repeat(5_000) }, "m".repeat(5_000));
      ctx.log.warn(undefined as never, undefined as never);
    });
    await create("j1");
    expect(await over("j1")).toMatchObject({ status: "succeeded" });
    const lines = await repo.plugins.listJobLogs("j1");
    expect(lines).toMatchObject([
      { fields: { error: { message: "no: why" }, many: "1" } },
      { fields: { omitted: "The fields are not JSON." } },
      { fields: { omitted: expect.stringContaining("2048") } },
      { message: "undefined" },
    ]);
    expect(lines[2]?.message).toHaveLength(2_000);
  });

  it("is stored once a second while the attempt runs, and not after its end", async () => {
    const clock = createFakeClock();
    const gate = Promise.withResolvers<void>();
    let late: (() => void) | undefined;
    const { create, over, job, repo } = await runningJobs(
      async (ctx) => {
        ctx.log.info({}, "first");
        ctx.log.info({}, "second");
        late = () => ctx.log.info({}, "after the end");
        await gate.promise;
      },
      { clock },
    );
    await create("j1");
    await job("j1", ({ status }) => status === "running");
    const lines = async () => (await repo.plugins.listJobLogs("j1")).map(({ message }) => message);
    while (late === undefined) await new Promise(setImmediate);
    expect(await lines()).toEqual([]);
    clock.advance(1_000);
    while ((await lines()).length === 0) await new Promise(setImmediate);
    expect(await lines()).toEqual(["first", "second"]);
    gate.resolve();
    await over("j1");
    late();
    clock.advance(5_000);
    await repo.getJob("j1");
    expect(await lines()).toEqual(["first", "second"]);
  });

  it("costs a job that does not log no command", async () => {
    const { create, over, store } = await runningJobs(async () => undefined);
    await create("j1");
    await over("j1");
    const sent = (await store.repo.listJournal()).items.map(({ type }) => type);
    expect(sent.filter((type) => type.startsWith("plugins.job."))).toEqual([]);
  });
});
