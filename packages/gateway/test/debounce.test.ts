import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFakeClock, type FakeClock } from "@atlas/testing/clock";
import { describe, expect, expectTypeOf, it, onTestFinished } from "vitest";
import { z } from "zod";
import {
  createGateway,
  type DebouncedJob,
  defineWorkflow,
  type GatewayOptions,
  type Jobs,
  silentLogger,
} from "../src/index.ts";
import { until } from "./support/until.ts";

const options = { key: "k", waitMs: 1_000 };

async function open(given: { readonly clock?: FakeClock } & Partial<GatewayOptions> = {}) {
  const clock = given.clock ?? createFakeClock();
  const ran: unknown[] = [];
  const index = defineWorkflow({
    id: "index.v1",
    input: z.object({ text: z.string() }),
    concurrency: 1,
    run: async (_ctx, { text }) => void ran.push(text),
  });
  const hold = Promise.withResolvers<void>();
  const holding = defineWorkflow({ id: "hold.v1", run: () => hold.promise });
  const gateway = await createGateway({
    database: ":memory:",
    log: silentLogger,
    workflows: [index, holding],
    ...given,
    clock,
  });
  onTestFinished(() => gateway.stop());
  const start = clock.now();
  const debounce = (text: string, more: Partial<Parameters<Jobs["debounce"]>[1]> = {}) =>
    gateway.jobs.debounce({ workflow_id: "index.v1", input: { text } }, { ...options, ...more });
  return {
    gateway,
    clock,
    ran,
    hold,
    debounce,
    /** When a job begins, from the start of the test. */
    due: ({ job }: DebouncedJob) => Date.parse(job.run_at) - start,
    /** Lets everything that is ready run. */
    async settled() {
      const { id } = await gateway.jobs.create({ workflow_id: "index.v1", input: { text: "settled" } });
      await gateway.jobs.wait(id);
      return ran.filter((text) => text !== "settled");
    },
  };
}

function temporaryDatabase(): string {
  const folder = mkdtempSync(join(tmpdir(), "debounce-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "atlas.db");
}

describe("debounced calls", () => {
  it("give the job the key of the last input, or the one that they name", async () => {
    const workflow = defineWorkflow({
      id: "keyed.v1",
      input: z.object({ tenant: z.string() }),
      perKey: { key: ({ tenant }) => tenant },
      run: async () => undefined,
    });
    const { gateway } = await open({ workflows: [workflow] });
    const call = (tenant: string, more: { readonly group_key?: string } = {}) =>
      gateway.jobs.debounce({ workflow_id: "keyed.v1", input: { tenant }, ...more }, options);
    expect((await call("acme")).job.group_key).toBe("acme");
    const second = await call("globex");
    expect([second.outcome, second.job.group_key, second.job.input]).toEqual([
      "replaced",
      "globex",
      { tenant: "globex" },
    ]);
    expect((await call("globex", { group_key: "vip" })).job.group_key).toBe("vip");
  });

  it("run once with the last input, when no call has come for some time", async () => {
    const { gateway, debounce, clock, due, settled } = await open();
    await gateway.start();
    const first = await debounce("a");
    expect([first.outcome, due(first)]).toEqual(["created", 1_000]);
    clock.advance(999);
    const second = await debounce("b");
    expect([second.outcome, due(second)]).toEqual(["replaced", 1_999]);
    expect(second.job).toMatchObject({ id: first.job.id, status: "queued", input: { text: "b" } });
    clock.advance(999);
    expect(await settled()).toEqual([]);
    clock.advance(1);
    await gateway.jobs.wait(first.job.id);
    expect(await settled()).toEqual(["b"]);
    const third = await debounce("c");
    expect(third.outcome).toBe("created");
    expect(third.job.id).not.toBe(first.job.id);
  });

  it("are put off by no more than maxWaitMs from the first", async () => {
    const { gateway, debounce, clock, due, settled } = await open();
    await gateway.start();
    const most = { maxWaitMs: 2_500 };
    const times = [due(await debounce("a", most))];
    for (const text of ["b", "c"]) {
      clock.advance(900);
      times.push(due(await debounce(text, most)));
    }
    expect(times).toEqual([1_000, 1_900, 2_500]);
    clock.advance(699);
    // Its time has not come, and the cap does not move.
    const last = await debounce("d", most);
    expect(due(last)).toBe(2_500);
    clock.advance(1);
    await gateway.jobs.wait(last.job.id);
    expect(await settled()).toEqual(["d"]);
  });

  it("take the input and nothing else from a later call, and what the caller changes afterwards is not meant", async () => {
    const { gateway, debounce } = await open();
    const input = { text: "a" };
    const request = { workflow_id: "index.v1", input, priority: 3 };
    const sent = gateway.jobs.debounce(request, options, { context: { correlation_id: "request-1" } });
    input.text = "changed";
    expect((await sent).job).toMatchObject({ priority: 3, input: { text: "a" } });
    expect((await debounce("b")).job).toMatchObject({ priority: 3, input: { text: "b" } });
    const { items } = await gateway.repo.listDomainEvents();
    expect(items.map(({ type, context }) => `${type} ${context?.correlation_id}`)).toEqual([
      "job.created request-1",
      "job.requeued undefined",
    ]);
  });

  it("belong together by key and workflow, and their keys are apart from other keys", async () => {
    const { gateway, debounce } = await open();
    const jobs = [
      await debounce("a"),
      await debounce("b", { key: "other" }),
      await gateway.jobs.debounce({ workflow_id: "hold.v1" }, options),
    ];
    expect(jobs.map(({ outcome }) => outcome)).toEqual(["created", "created", "created"]);
    const unique = { key: "k", while: "active" } as const;
    const { id } = await gateway.jobs.create({ workflow_id: "index.v1", input: { text: "c" }, unique });
    expect(jobs.map(({ job }) => job.id)).not.toContain(id);
  });

  it("that come at once become one job with the input of the last", async () => {
    const { gateway, debounce } = await open();
    const calls = await Promise.all(Array.from({ length: 30 }, (_, index) => debounce(`${index}`)));
    expect(calls.map(({ outcome }) => outcome)).toEqual(["created", ...Array<string>(29).fill("replaced")]);
    expect((await gateway.repo.listJobs()).items).toMatchObject([{ input: { text: "29" } }]);
  });

  it("outlast a restart", async () => {
    const database = temporaryDatabase();
    const clock = createFakeClock();
    const first = await open({ database, clock });
    const { job } = await first.debounce("a");
    await first.gateway.stop();
    clock.advance(500);
    const second = await open({ database, clock });
    await second.gateway.start();
    expect(await second.debounce("b")).toMatchObject({ outcome: "replaced", job: { id: job.id } });
    clock.advance(1_000);
    await second.gateway.jobs.wait(job.id);
    expect(second.ran).toEqual(["b"]);
    expect(await second.gateway.store.verify()).toMatchObject({ status: "verified" });
  });

  it("after the job was cancelled, has failed or has begun create another one", async () => {
    const { gateway, clock, hold } = await open();
    const call = () => gateway.jobs.debounce({ workflow_id: "hold.v1" }, options);
    const cancelled = await call();
    await gateway.jobs.cancel(cancelled.job.id);
    const begun = await call();
    expect(begun.outcome).toBe("created");
    await gateway.start();
    clock.advance(1_000);
    await until(async () => (await gateway.jobs.get(begun.job.id))?.status === "running");
    expect((await call()).outcome).toBe("created");
    hold.resolve();
  });

  it("put off a job also when its time has come and it waits for a slot", async () => {
    const { gateway, debounce, clock, ran, hold, settled } = await open({ concurrency: 1 });
    await gateway.start();
    const held = await gateway.jobs.create({ workflow_id: "hold.v1" });
    await until(async () => (await gateway.jobs.get(held.id))?.status === "running");
    await debounce("a");
    clock.advance(1_000);
    const { job, outcome } = await debounce("b");
    expect(outcome).toBe("replaced");
    hold.resolve();
    await gateway.jobs.wait(held.id);
    expect(await settled()).toEqual([]);
    clock.advance(1_000);
    await gateway.jobs.wait(job.id);
    expect(ran).toContain("b");
  });

  it("put off a job also when the runner has read it ahead of its turn", async () => {
    const held = Promise.withResolvers<void>();
    const line = defineWorkflow({
      id: "line.v1",
      concurrency: 1,
      run: (_ctx, { text }) => (text === "second" ? held.promise : Promise.resolve()),
    });
    const other = defineWorkflow({ id: "other.v1", run: async () => undefined });
    const { gateway, clock } = await open({ workflows: [line, other] });
    await gateway.start();
    const call = (text: string) =>
      gateway.jobs.debounce({ workflow_id: "line.v1", input: { text } }, { key: text, waitMs: 1_000 });
    // The lane reads the last two together, once the first has ended.
    const jobs = [await call("first"), await call("second"), await call("third")];
    clock.advance(1_000);
    const [, second = "", third = ""] = jobs.map(({ job }) => job.id);
    await until(async () => (await gateway.jobs.get(second))?.status === "running");
    expect((await call("third")).outcome).toBe("replaced");
    held.resolve();
    await gateway.jobs.wait(second);
    const { id } = await gateway.jobs.create({ workflow_id: "other.v1" });
    await gateway.jobs.wait(id);
    expect(await gateway.jobs.get(third)).toMatchObject({ status: "queued", attempt: 0 });
    clock.advance(1_000);
    expect(await gateway.jobs.wait(third)).toMatchObject({ status: "succeeded" });
  });

  it("that arrive between the look for ready jobs and the claim have their input run", async () => {
    const { gateway, debounce, clock, ran } = await open({
      admit: [
        (command) => {
          const { type, status, id } = command as { type: string; status?: string; id: string };
          if (type === "job.updateStatus" && status === "running")
            void gateway.commands.enqueue({ type, id, status: "queued", input: { text: "last" } });
          return command;
        },
      ],
    });
    await gateway.start();
    const { job } = await debounce("first");
    clock.advance(1_000);
    await gateway.jobs.wait(job.id);
    expect(ran).toEqual(["last"]);
  });

  it("that come just as the job begins create the next", async () => {
    const { gateway, debounce } = await open({
      admit: [
        (command) => {
          const { type, input, id } = command as { type: string; input?: object; id: string };
          // Ahead of the call, which has looked already.
          if (type === "job.updateStatus" && input !== undefined)
            void gateway.commands.enqueue({ type, id, status: "running" });
          return command;
        },
      ],
    });
    const { job } = await debounce("a");
    const next = await debounce("b");
    expect(next).toMatchObject({ outcome: "created", job: { input: { text: "b" } } });
    expect(await gateway.jobs.get(job.id)).toMatchObject({ status: "running", input: { text: "a" } });
  });

  it("create another job while the one before waits for its next attempt", async () => {
    const { gateway, debounce } = await open();
    const { job } = await debounce("a");
    await gateway.commands.enqueue({ type: "job.updateStatus", id: job.id, status: "running" });
    await gateway.commands.enqueue({ type: "job.updateStatus", id: job.id, status: "queued" });
    const next = await debounce("b");
    expect(next.outcome).toBe("created");
    expect(await gateway.jobs.get(job.id)).toMatchObject({ input: { text: "a" } });
  });

  it("take effect in their order, however long a schema takes for one of them", async () => {
    const slow = Promise.withResolvers<boolean>();
    const text = z.string().refine((value) => (value === "a" ? slow.promise : true));
    const slowly = defineWorkflow({
      id: "slow.v1",
      input: z.object({ text }),
      run: async () => undefined,
    });
    const { gateway } = await open({ workflows: [slowly] });
    const calls = ["a", "b"].map((value) =>
      gateway.jobs.debounce({ workflow_id: "slow.v1", input: { text: value } }, options),
    );
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    slow.resolve(true);
    expect((await Promise.all(calls)).map(({ outcome }) => outcome)).toEqual(["created", "replaced"]);
    expect((await gateway.repo.listJobs()).items).toMatchObject([{ input: { text: "b" } }]);
  });

  it("never lose the last input, whenever the job begins", async () => {
    const { gateway, debounce, clock, ran } = await open();
    await gateway.start();
    const ids = new Set<string>();
    for (let round = 0; round < 40; round += 1) {
      const one = debounce(`${round} first`, { waitMs: 1 });
      for (let turn = round % 8; turn > 0; turn -= 1) await Promise.resolve();
      clock.advance(1);
      const two = debounce(`${round} last`, { waitMs: 1 });
      for (const { job } of await Promise.all([one, two])) ids.add(job.id);
      clock.advance(1);
      for (const id of ids) await gateway.jobs.wait(id);
      expect(ran.at(-1)).toBe(`${round} last`);
    }
  });
});

it("refuses an input that the workflow's schema refuses, and leaves the job as it is", async () => {
  const { gateway, debounce } = await open();
  const { job } = await debounce("a");
  await expect(
    gateway.jobs.debounce({ workflow_id: "index.v1", input: { text: 1 } }, options),
  ).rejects.toMatchObject({ code: "ATLAS_PLUGINS_INPUT_INVALID" });
  await expect(gateway.jobs.debounce({ workflow_id: "indx.v1" }, options)).rejects.toMatchObject({
    code: "ATLAS_PLUGINS_WORKFLOW_UNKNOWN",
  });
  expect(await gateway.repo.getJob(job.id)).toEqual(job);
});

it.each([
  [{}, { key: "", waitMs: 1 }, "key must be a text"],
  [{}, { key: "k", waitMs: 0 }, "waitMs must be a whole number of milliseconds from 1"],
  [{}, { key: "k", waitMs: Number.NaN }, "waitMs must be"],
  [{}, { key: "k", waitMs: 1, maxWaitMs: 1.5 }, "maxWaitMs must be"],
  [{}, { key: "k", waitMs: 2, maxWaitMs: 1 }, "maxWaitMs (1) is shorter than waitMs (2)"],
  [{}, { key: "k", waitMS: 2 }, 'Did you mean "waitMs"?'],
  [{ run_at: "2026-01-01T00:00:00.000Z" }, options, '"run_at"'],
  [{ idempotency_key: "k" }, options, '"idempotency_key"'],
])("refuses %j with %j", async (request, wrong, message) => {
  const { gateway } = await open();
  const call = gateway.jobs.debounce({ workflow_id: "hold.v1", ...request }, wrong as typeof options);
  await expect(call).rejects.toThrow(message);
  expect((await gateway.repo.listJobs()).items).toEqual([]);
});

it("types what a call came to", () => {
  expectTypeOf<DebouncedJob["outcome"]>().toEqualTypeOf<"created" | "replaced">();
  const call = (jobs: Jobs) =>
    // @ts-expect-error the time follows from waitMs
    jobs.debounce({ workflow_id: "index.v1", run_at: "2026-01-01T00:00:00.000Z" }, options);
  expectTypeOf(call).toBeFunction();
});
