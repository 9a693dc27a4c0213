import { createFakeClock } from "@atlas/testing/clock";
import { expect, it } from "vitest";
import { runningJobs } from "../support/running-jobs.ts";

it("stays timed out in a later attempt, although the event has come since", async () => {
  const clock = createFakeClock();
  const got: string[] = [];
  const { create, over, waiting, emit } = await runningJobs(
    async (ctx) => {
      const asked = await ctx.waitForEvent("asked", { type: "asked" }, { timeoutMs: 1_000 });
      got.push(asked.status);
      await ctx.waitForEvent("go", { type: "go" });
    },
    { clock },
  );
  await create("j1");
  await waiting("j1");
  clock.advance(1_000);
  await expect.poll(() => got).toEqual(["timed_out"]);
  await waiting("j1");
  await emit("asked");
  await emit("go");
  expect(await over("j1")).toMatchObject({ status: "succeeded" });
  expect(got).toEqual(["timed_out", "timed_out"]);
});

it("takes no event up to the number that it was told, also of those to come", async () => {
  let after = Number.MAX_SAFE_INTEGER;
  const got: number[] = [];
  const { create, over, waiting, emit, repo } = await runningJobs(async (ctx) => {
    const waited = await ctx.waitForEvent("asked", { type: "asked" }, { after });
    if (waited.status === "received") got.push(waited.event.seq);
  });
  const last = async () => (await repo.listDomainEvents()).items.at(-1)?.seq ?? 0;
  await emit("other");
  after = (await last()) + 10;
  await create("j1");
  await waiting("j1");
  while ((await last()) < after) await emit("asked");
  await emit("asked");
  expect(await over("j1")).toMatchObject({ status: "succeeded" });
  expect(got).toEqual([after + 1]);
});

it("gives each job the first event with its own payload, of many that came while no process ran", async () => {
  const got = new Map<string, unknown>();
  const { create, over, waiting, commands, runner, startRunner } = await runningJobs(
    async (ctx, _input, id) => {
      const waited = await ctx.waitForEvent("asked", { type: "asked", payload: { mission: id } });
      if (waited.status === "received") got.set(id, waited.event.payload);
    },
  );
  const jobs = ["j1", "j2", "j3"];
  for (const id of jobs) await create(id);
  for (const id of jobs) await waiting(id);
  await runner.stop(0);
  const emit = (type: string, payload: Readonly<Record<string, string | number>>) =>
    ({ type: "domainEvent.emit", event: { type, payload } }) as const;
  const others = (count: number, type: string) =>
    Array.from({ length: count }, (_, number) => emit(type, { mission: `other-${number}` }));
  // More than are read at once, first close together and then far apart.
  await commands.enqueueAll(others(250, "asked"));
  await commands.enqueueAll([emit("asked", { mission: "j3", number: 1 }), ...others(300, "noted")]);
  await commands.enqueueAll([emit("asked", { mission: "j1", number: 2 }), ...others(300, "noted")]);
  await commands.enqueueAll([
    emit("asked", { mission: "j1", number: 3 }),
    emit("asked", { mission: "j2", number: 4 }),
  ]);
  await startRunner();
  for (const id of jobs) expect(await over(id)).toMatchObject({ status: "succeeded", attempt: 2 });
  expect(Object.fromEntries(got)).toEqual({
    j1: { mission: "j1", number: 2 },
    j2: { mission: "j2", number: 4 },
    j3: { mission: "j3", number: 1 },
  });
});

it("gives the event loop turns while a start reads the events that came meanwhile", async () => {
  const { create, over, waiting, emit, commands, runner, startRunner } = await runningJobs(async (ctx) => {
    await ctx.waitForEvent("asked", { type: "asked", payload: { mission: "mine" } });
  });
  await create("j1");
  await waiting("j1");
  await runner.stop(0);
  const other = {
    type: "domainEvent.emit",
    event: { type: "asked", payload: { mission: "other" } },
  } as const;
  for (let unit = 0; unit < 3; unit += 1)
    await commands.enqueueAll(Array.from({ length: 1_000 }, () => other));
  let turns = 0;
  let isStarting = true;
  const count = (): void => {
    turns += 1;
    if (isStarting) setImmediate(count);
  };
  setImmediate(count);
  await startRunner();
  isStarting = false;
  // One for each hundred of them.
  expect(turns).toBeGreaterThanOrEqual(30);
  await emit("asked", { mission: "mine" });
  expect(await over("j1")).toMatchObject({ status: "succeeded" });
});

it("wakes all of several hundred jobs whose waits one event ends", async () => {
  const { create, over, waiting, emit } = await runningJobs(
    async (ctx) => void (await ctx.waitForEvent("go", { type: "go" })),
    { concurrency: 50 },
  );
  const ids = Array.from({ length: 250 }, (_, index) => `j${index}`);
  await Promise.all(ids.map((id) => create(id)));
  for (const id of ids) await waiting(id);
  await emit("go");
  for (const id of ids) expect(await over(id)).toMatchObject({ status: "succeeded", attempt: 2 });
});

it("looks again from the creation of the job when the code asks for another event under the same name", async () => {
  const { create, waiting, over, emit, edit, signal } = await runningJobs(async (ctx) => {
    // Before the wait, so that the wait has passed it.
    await emit("asked", { version: "new" });
    await Promise.race([
      ctx.waitForEvent("asked", { type: "asked", payload: { version: "old" } }),
      ctx.wait("poke"),
    ]);
  });
  await create("j1");
  await waiting("j1");
  const got: unknown[] = [];
  edit(async (ctx) => {
    const filter = { type: "asked", payload: { version: "new" } };
    got.push(await ctx.waitForEvent("asked", filter, { timeoutMs: 0 }));
  });
  await signal("j1", "poke", null);
  expect(await over("j1")).toMatchObject({ status: "succeeded" });
  expect(got).toMatchObject([{ status: "received", event: { payload: { version: "new" } } }]);
});

it("looks again from an earlier number when the code asks for one under the same name", async () => {
  const { create, waiting, over, emit, edit, signal, repo } = await runningJobs(async (ctx) => {
    await emit("asked");
    const after = await repo.plugins.lastEventSeq();
    await Promise.race([ctx.waitForEvent("asked", { type: "asked" }, { after }), ctx.wait("poke")]);
  });
  await create("j1");
  await waiting("j1");
  const got: unknown[] = [];
  edit(async (ctx) => {
    got.push(await ctx.waitForEvent("asked", { type: "asked" }, { after: 0, timeoutMs: 0 }));
  });
  await signal("j1", "poke", null);
  expect(await over("j1")).toMatchObject({ status: "succeeded" });
  expect(got).toMatchObject([{ status: "received", event: { type: "asked" } }]);
});

it("finds at a start the event of a job that was parked long before another one", async () => {
  const got: string[] = [];
  const { create, waiting, over, emit, commands, repo, runner, startRunner } = await runningJobs(
    async (ctx, _input, id) => {
      const waited = await ctx.waitForEvent("asked", { type: "asked", payload: { job: id } });
      got.push(`${id} ${waited.status}`);
    },
  );
  await create("j1");
  await waiting("j1");
  await runner.stop(0);
  await emit("asked", { job: "nobody" });
  await emit("asked", { job: "j1" });
  const scanned_seq = await repo.plugins.lastEventSeq();
  await create("j2");
  await commands.enqueueAll([
    { type: "job.updateStatus", id: "j2", status: "running", attempt: 1 },
    {
      type: "plugins.wait.open",
      job_id: "j2",
      attempt: 1,
      kind: "event",
      name: "asked",
      filter: { type: "asked", payload: { job: "j2" } },
      scanned_seq,
    },
    {
      type: "job.updateStatus",
      id: "j2",
      status: "queued",
      attempt: 1,
      run_at: "9999-12-31T23:59:59.999Z",
    },
  ]);
  await startRunner();
  expect(await over("j1")).toMatchObject({ status: "succeeded" });
  await emit("asked", { job: "j2" });
  expect(await over("j2")).toMatchObject({ status: "succeeded" });
  expect(got).toEqual(["j1 received", "j2 received"]);
});
