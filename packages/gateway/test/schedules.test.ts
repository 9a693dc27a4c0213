import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { WorkflowPlugin } from "@atlas/plugins";
import { createFakeClock, type FakeClock } from "@atlas/testing/clock";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { createGateway, type GatewayOptions, type ScheduleRequest, silentLogger } from "../src/index.ts";
import { until } from "./support/until.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = "2026-01-01T00:00:00.000Z";

const work: WorkflowPlugin = { id: "work.v1", run: async () => undefined };

async function open(clock: FakeClock, options: Partial<GatewayOptions> = {}) {
  const gateway = await createGateway({
    database: ":memory:",
    log: silentLogger,
    workflows: [work],
    clock,
    ...options,
  });
  onTestFinished(() => gateway.stop());
  const { schedules, repo } = gateway;
  const stateOf = async (id: string) =>
    (await schedules.list()).find((one) => one.id === id && one.origin === "api");
  const runsOf = async (id: string) => (await stateOf(id))?.runs ?? 0;
  const isIdle = async () => {
    const { queued, running } = await repo.plugins.countJobs();
    return queued + running === 0;
  };
  return {
    gateway,
    schedules,
    stateOf,
    jobsOf: async (id: string) =>
      (await repo.listJobs({ limit: 500 })).items
        .filter((job) => job.id.startsWith(`schedule:${id}:`))
        .sort((one, other) => (one.created_at < other.created_at ? -1 : 1)),
    /** Resolves once a schedule has made so many jobs, and no job is left to run. */
    async ran(id: string, runs: number) {
      await until(async () => (await runsOf(id)) === runs && (await isIdle()));
    },
  };
}

function temporaryDatabase(): string {
  const folder = mkdtempSync(join(tmpdir(), "gateway-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "atlas.db");
}

describe("a schedule that is made at run time", () => {
  it("makes jobs at its times and with its input, beside others of its workflow and the one in the code", async () => {
    const clock = createFakeClock();
    const coded = { ...work, schedule: { everyMs: DAY, input: { by: "code" } } };
    const { gateway, schedules, ran, jobsOf } = await open(clock, { workflows: [coded] });
    await gateway.start();
    const hour = { id: "work.v1", workflow_id: "work.v1", cron: "0 * * * *", input: { by: "hour" } };
    await schedules.upsert(hour);
    const made = await schedules.upsert({ id: "minute", workflow_id: "work.v1", everyMs: MINUTE });
    expect(made).toMatchObject({ id: "minute", origin: "api", next_at: START, runs: 0 });
    await ran("minute", 1);
    clock.advance(MINUTE);
    await ran("minute", 2);
    clock.advance(59 * MINUTE);
    await ran("minute", 3);
    await ran("work.v1", 1);
    expect(await jobsOf("work.v1")).toMatchObject([
      { input: { by: "hour" }, status: "succeeded", created_at: "2026-01-01T01:00:00.000Z" },
    ]);
    expect((await jobsOf("minute")).map(({ created_at }) => created_at.slice(11, 16))).toEqual([
      "00:00",
      "00:01",
      "01:00",
    ]);
    expect(await gateway.repo.getJobByKey("work.v1", "schedule:1")).toMatchObject({ input: { by: "code" } });
  });

  it("outlasts a restart, goes on where it was, and makes up for the times in between as onMissed says", async () => {
    const database = temporaryDatabase();
    const clock = createFakeClock();
    const first = await open(clock, { database });
    await first.gateway.start();
    for (const [id, onMissed] of [
      ["once", "once"],
      ["skip", "skip"],
      ["all", "all"],
    ] as const)
      await first.schedules.upsert({ id, workflow_id: "work.v1", everyMs: HOUR, onMissed, overlap: "queue" });
    for (const id of ["once", "skip", "all"]) await first.ran(id, 1);
    await first.gateway.stop();

    clock.advance(30 * MINUTE);
    const second = await open(clock, { database });
    await second.gateway.start();
    expect(await second.stateOf("once")).toMatchObject({ next_at: "2026-01-01T01:00:00.000Z", runs: 1 });
    await second.gateway.stop();

    clock.advance(4 * HOUR);
    const third = await open(clock, { database });
    await third.gateway.start();
    await third.ran("all", 5);
    await third.ran("once", 2);
    expect(await third.stateOf("skip")).toMatchObject({ runs: 1, next_at: "2026-01-01T05:30:00.000Z" });
    expect(await third.jobsOf("once")).toHaveLength(2);
    expect(await third.gateway.store.verify()).toMatchObject({ status: "verified" });
  });

  it("that was made before the start begins with the start", async () => {
    const clock = createFakeClock();
    const { gateway, schedules, ran, jobsOf } = await open(clock);
    await schedules.upsert({ id: "early", workflow_id: "work.v1", everyMs: HOUR });
    clock.advance(MINUTE);
    expect(await jobsOf("early")).toEqual([]);
    await gateway.start();
    await ran("early", 1);
  });

  it("is looked at no more once the gateway was stopped", async () => {
    const clock = createFakeClock();
    const { gateway, schedules, ran } = await open(clock);
    await schedules.upsert({ id: "minute", workflow_id: "work.v1", everyMs: MINUTE });
    await gateway.start();
    await ran("minute", 1);
    await gateway.stop();
    expect(clock.timers).toBe(0);
  });

  it("never makes a job once it was removed, also not after a restart or under the same id again", async () => {
    const database = temporaryDatabase();
    const clock = createFakeClock();
    const first = await open(clock, { database });
    const control = { id: "control", workflow_id: "work.v1", everyMs: MINUTE };
    for (const id of ["gone", "again"]) await first.schedules.upsert({ ...control, id });
    await first.schedules.upsert(control);
    await first.gateway.start();
    for (const id of ["gone", "again", "control"]) await first.ran(id, 1);
    expect(await first.schedules.remove("gone")).toBe(true);
    expect(await first.schedules.remove("again")).toBe(true);
    expect(await first.schedules.remove("gone")).toBe(false);
    clock.advance(MINUTE);
    await first.ran("control", 2);
    expect(await first.jobsOf("gone")).toHaveLength(1);
    await first.gateway.stop();

    clock.advance(HOUR);
    const second = await open(clock, { database });
    await second.gateway.start();
    await second.ran("control", 3);
    expect(await second.jobsOf("gone")).toHaveLength(1);
    expect((await second.schedules.list()).map(({ id }) => id)).toEqual(["control"]);
    expect(await second.schedules.upsert({ ...control, id: "again" })).toMatchObject({ runs: 0 });
    await second.ran("again", 1);
    expect(await second.jobsOf("again")).toHaveLength(2);
  });

  it("is not changed by the same content, however it is spelt", async () => {
    const clock = createFakeClock();
    const { gateway, schedules, ran } = await open(clock);
    await gateway.start();
    const daily = { id: "daily", workflow_id: "work.v1", cron: "0 7 * * *", input: { a: 1, b: [2] } };
    const made = await schedules.upsert(daily);
    const hourly = { id: "hourly", workflow_id: "work.v1", everyMs: HOUR };
    await schedules.upsert(hourly);
    await ran("hourly", 1);
    const before = await gateway.repo.plugins.listApiSchedules();
    clock.advance(10 * MINUTE);
    expect(
      await schedules.upsert({
        input: { b: [2], a: 1 },
        cron: "0 7 * * *",
        timeZone: "UTC",
        onMissed: "once",
        overlap: "skip",
        jitterMs: 0,
        workflow_id: "work.v1",
        id: "daily",
      }),
    ).toEqual(made);
    expect(await schedules.upsert({ ...hourly, input: {} })).toMatchObject({
      next_at: "2026-01-01T01:00:00.000Z",
    });
    expect(await gateway.repo.plugins.listApiSchedules()).toEqual(before);
  });

  it("starts anew with other times or another workflow, and goes on with another input or other options", async () => {
    const clock = createFakeClock();
    const other = { ...work, id: "other.v1" };
    const { gateway, schedules, ran, jobsOf } = await open(clock, { workflows: [work, other] });
    await gateway.start();
    const hourly = { id: "one", workflow_id: "work.v1", everyMs: HOUR };
    await schedules.upsert(hourly);
    await ran("one", 1);
    clock.advance(10 * MINUTE);
    const changed = { ...hourly, input: { topic: "tides" }, overlap: "queue" } as const;
    expect(await schedules.upsert(changed)).toMatchObject({
      next_at: "2026-01-01T01:00:00.000Z",
      runs: 1,
      input: { topic: "tides" },
      schedule: { everyMs: HOUR, overlap: "queue" },
    });
    clock.advance(50 * MINUTE);
    await ran("one", 2);
    expect((await jobsOf("one")).at(-1)?.input).toEqual({ topic: "tides" });
    expect(await schedules.upsert({ ...changed, everyMs: 2 * HOUR })).toMatchObject({
      next_at: "2026-01-01T01:00:00.000Z",
    });
    await ran("one", 3);
    clock.advance(MINUTE);
    expect(await schedules.upsert({ ...changed, everyMs: 2 * HOUR, workflow_id: "other.v1" })).toMatchObject({
      next_at: "2026-01-01T01:01:00.000Z",
    });
    await ran("one", 4);
    expect((await jobsOf("one")).at(-1)?.workflow_id).toBe("other.v1");
    const { id, workflow_id } = hourly;
    const named = await schedules.upsert({ id, workflow_id, cron: "0 7 * * *", timeZone: "Europe/Vienna" });
    expect(named.next_at).toBe("2026-01-01T06:00:00.000Z");
    expect(await schedules.upsert({ id, workflow_id, cron: "0 7 * * *" })).toMatchObject({
      next_at: "2026-01-01T07:00:00.000Z",
    });
  });

  it("has its input checked at once, and nothing of a refused one is kept", async () => {
    const clock = createFakeClock();
    const slow = z
      .object({ topic: z.string() })
      .refine(async ({ topic }) => topic !== "none", { path: ["topic"] });
    const checked = { ...work, id: "checked.v1", input: z.object({ topic: z.string() }) };
    const { gateway, schedules } = await open(clock, {
      workflows: [checked, { ...work, id: "slow.v1", input: slow }],
    });
    const good = { id: "one", workflow_id: "checked.v1", everyMs: MINUTE, input: { topic: "tides" } };
    const before = await schedules.upsert(good);
    for (const [workflow_id, input] of [
      ["checked.v1", { topic: 1 }],
      ["checked.v1", undefined],
      ["slow.v1", { topic: "none" }],
    ] as const) {
      const wrong = { id: "one", workflow_id, everyMs: HOUR, ...(input === undefined ? {} : { input }) };
      await expect(schedules.upsert(wrong)).rejects.toMatchObject({
        code: "ATLAS_PLUGINS_INPUT_INVALID",
        details: { workflow_id, path: "topic" },
      });
    }
    const notJson = { ...good, input: { topic: "tides", at: new Date(0) } } as unknown as ScheduleRequest;
    await expect(schedules.upsert(notJson)).rejects.toMatchObject({ code: "ATLAS_CORE_JSON_INVALID" });
    expect(await schedules.list()).toEqual([before]);
    await gateway.start();
  });

  it("keeps the input that it was given, whatever the caller does to that later", async () => {
    const { schedules } = await open(createFakeClock());
    const input = { topics: ["tides"] };
    const made = schedules.upsert({ id: "one", workflow_id: "work.v1", everyMs: MINUTE, input });
    input.topics.push("moon");
    expect((await made).input).toEqual({ topics: ["tides"] });
  });

  it("is refused with the nearest name for an unknown workflow or option, and for options that do not fit", async () => {
    const { schedules } = await open(createFakeClock());
    const good = { id: "one", workflow_id: "work.v1", everyMs: MINUTE };
    const upsert = (request: object) => schedules.upsert(request as ScheduleRequest);
    await expect(upsert({ ...good, workflow_id: "wrk.v1" })).rejects.toMatchObject({
      code: "ATLAS_PLUGINS_WORKFLOW_UNKNOWN",
      details: { nearest: "work.v1" },
    });
    for (const [wrong, message] of [
      [{ overlapp: "skip" }, 'Did you mean "overlap"?'],
      [{ overlap: "wait" }, 'must be "skip" or "queue"'],
      [{ onMissed: "never" }, 'must be "skip" or "once" or "all"'],
      [{ cron: "* * * * *" }, "has both cron and everyMs"],
      [{ timeZone: "UTC" }, "the zone of cron, which is missing"],
      [{ everyMs: 10 }, "from 1000 to a year"],
      [{ jitterMs: -1 }, "schedule.jitterMs"],
      [{ id: "" }, "id must have 1 to 100 letters"],
      [{ id: "x".repeat(101) }, "id must have 1 to 100 letters"],
    ] as const)
      await expect(upsert({ ...good, ...wrong })).rejects.toThrow(message);
    await expect(upsert({ id: "one", workflow_id: "work.v1" })).rejects.toThrow(
      "must be { cron }, or { everyMs }",
    );
    await expect(upsert({ id: "one", workflow_id: "work.v1", cron: "61 * * * *" })).rejects.toThrow(
      TypeError,
    );
    await expect(schedules.remove(7 as never)).rejects.toThrow("takes the id of a schedule");
    expect(await schedules.list()).toEqual([]);
  });

  it("makes one job of a paused workflow, which waits until that is resumed", async () => {
    const clock = createFakeClock();
    const { gateway, schedules, ran, stateOf, jobsOf } = await open(clock);
    await gateway.start();
    await gateway.pause({ workflow: "work.v1" });
    await schedules.upsert({ id: "one", workflow_id: "work.v1", everyMs: MINUTE });
    await until(async () => (await stateOf("one"))?.runs === 1);
    clock.advance(MINUTE);
    await until(async () => (await stateOf("one"))?.next_at === "2026-01-01T00:02:00.000Z");
    expect(await jobsOf("one")).toMatchObject([{ status: "queued" }]);
    await gateway.resume({ workflow: "work.v1" });
    await ran("one", 1);
    clock.advance(MINUTE);
    await ran("one", 2);
  });

  it("is listed with where it stands, after those of the code", async () => {
    const clock = createFakeClock();
    const coded = { ...work, schedule: { cron: "0 7 * * *" } };
    const { gateway, schedules, ran } = await open(clock, {
      workflows: [coded, { ...work, id: "other.v1" }],
    });
    await schedules.upsert({ id: "b", workflow_id: "other.v1", everyMs: HOUR, input: { n: 1 } });
    await schedules.upsert({ id: "a", workflow_id: "work.v1", cron: "0 9 * * 1", timeZone: "Europe/Vienna" });
    const defaults = { onMissed: "once", overlap: "skip", jitterMs: 0 };
    const ofCode = {
      id: "work.v1",
      workflow_id: "work.v1",
      origin: "code",
      schedule: { cron: "0 7 * * *", timeZone: "UTC", ...defaults },
      input: {},
      runs: 0,
    };
    expect((await schedules.list())[0]).toEqual(ofCode);
    await gateway.start();
    await ran("b", 1);
    const [b] = (await gateway.repo.listJobs()).items;
    expect(await schedules.list()).toEqual([
      { ...ofCode, next_at: "2026-01-01T07:00:00.000Z" },
      {
        id: "a",
        workflow_id: "work.v1",
        origin: "api",
        schedule: { cron: "0 9 * * 1", timeZone: "Europe/Vienna", ...defaults },
        input: {},
        next_at: "2026-01-05T08:00:00.000Z",
        runs: 0,
      },
      {
        id: "b",
        workflow_id: "other.v1",
        origin: "api",
        schedule: { everyMs: HOUR, ...defaults },
        input: { n: 1 },
        next_at: "2026-01-01T01:00:00.000Z",
        runs: 1,
        last_job_id: b?.id,
      },
    ]);
    clock.advance(7 * HOUR);
    await until(async () => (await schedules.list())[0]?.runs === 1);
    const job = await gateway.repo.getJobByKey("work.v1", "schedule:1");
    expect((await schedules.list())[0]).toMatchObject({ last_job_id: job?.id, runs: 1 });
  });

  it("is what the last call says when many calls come at once", async () => {
    const { schedules } = await open(createFakeClock());
    const calls: Promise<unknown>[] = [];
    for (let n = 1; n <= 50; n += 1) {
      calls.push(schedules.upsert({ id: "one", workflow_id: "work.v1", everyMs: n * 1_000, input: { n } }));
      calls.push(schedules.remove(n % 2 === 0 ? "one" : "two"));
      calls.push(schedules.upsert({ id: "two", workflow_id: "work.v1", cron: "0 * * * *", input: { n } }));
    }
    await Promise.all(calls);
    expect(await schedules.list()).toMatchObject([{ id: "two", input: { n: 50 } }]);
  });

  it("makes exactly one job of each of hundreds that are due at once", async () => {
    const clock = createFakeClock();
    const { gateway, schedules } = await open(clock);
    const ids = Array.from({ length: 250 }, (_, n) => `s${n}`);
    await Promise.all(ids.map((id) => schedules.upsert({ id, workflow_id: "work.v1", everyMs: HOUR })));
    await gateway.start();
    await until(async () => (await schedules.list()).every(({ runs }) => runs === 1));
    const { items } = await gateway.repo.listJobs({ limit: 500 });
    expect(items.map(({ id }) => id.split(":")[1]).sort()).toEqual([...ids].sort());
  });
});

describe("a schedule whose run cannot be completed", () => {
  it("says why, holds up no other, and is not lost: its job comes with the next try", async () => {
    const clock = createFakeClock();
    let isRefusing = true;
    const errors: unknown[] = [];
    const { gateway, schedules, ran, stateOf, jobsOf } = await open(clock, {
      log: { ...silentLogger, error: (fields: unknown) => void errors.push(fields) },
      admit: [
        (command) =>
          isRefusing && command.type === "job.create" && JSON.stringify(command).includes("schedule:bad:")
            ? { refuse: "QUOTA", message: "The quota is used up." }
            : command,
      ],
    });
    await gateway.start();
    await schedules.upsert({ id: "bad", workflow_id: "work.v1", everyMs: HOUR });
    await schedules.upsert({ id: "good", workflow_id: "work.v1", everyMs: HOUR });
    await ran("good", 1);
    await until(async () => (await stateOf("bad"))?.problem !== undefined);
    expect(await stateOf("bad")).toMatchObject({ problem: "The quota is used up.", runs: 0, next_at: START });
    for (let tries = 0; tries < 3; tries += 1) {
      clock.advance(5_000);
      await schedules.upsert({ id: `try${tries}`, workflow_id: "work.v1", everyMs: HOUR });
      await ran(`try${tries}`, 1);
    }
    expect(errors).toMatchObject([{ schedule_id: "bad", workflow_id: "work.v1" }]);
    isRefusing = false;
    clock.advance(5_000);
    await ran("bad", 1);
    expect(await jobsOf("bad")).toHaveLength(1);
    expect(await stateOf("bad")).not.toHaveProperty("problem");
  });

  it("because its workflow is gone from the code waits for it, also over restarts", async () => {
    const database = temporaryDatabase();
    const clock = createFakeClock();
    const first = await open(clock, { database });
    await first.schedules.upsert({ id: "one", workflow_id: "work.v1", everyMs: HOUR });
    await first.gateway.stop();
    const errors: unknown[] = [];
    const second = await open(clock, {
      database,
      workflows: [{ ...work, id: "work.v2" }],
      log: { ...silentLogger, error: (fields: unknown) => void errors.push(fields) },
    });
    await second.gateway.start();
    await until(async () => (await second.stateOf("one"))?.problem?.includes('Did you mean "work.v2"?'));
    clock.advance(DAY);
    await second.schedules.upsert({ id: "two", workflow_id: "work.v2", everyMs: HOUR });
    await second.ran("two", 1);
    expect(errors).toHaveLength(1);
    await second.schedules.upsert({ id: "one", workflow_id: "work.v2", everyMs: HOUR });
    await second.ran("one", 1);
    await second.schedules.remove("one");
    expect(await second.stateOf("one")).toBeUndefined();
  });
});
