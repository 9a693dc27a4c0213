import { type AnyCommand, CoreError, isCoreError, type Job, silentLogger, systemClock } from "@atlas/core";
import { createMockLLM } from "@atlas/llm/mock";
import { describe, expect, it, onTestFinished } from "vitest";
import { createJobMoves } from "../../src/jobs/job-moves.ts";
import { createJobRunner, createPluginRegistry } from "../../src/runtime.ts";
import { openStore } from "../support/open-store.ts";
import { until } from "../support/until.ts";

const first = (...ids: readonly string[]) => ids.map((id) => ({ id, attempt: 1 }));

/** A store with these jobs, whose commands are noted as `type job,job`; `fail` may reject one in its place. */
async function setUp(ids: readonly string[], fail: (command: AnyCommand) => void = () => undefined) {
  const opened = await openStore();
  const { commands, repo } = opened;
  for (const id of ids) await commands.enqueue({ type: "job.create", job: { id, workflow_id: "work.v1" } });
  const sent: string[] = [];
  const noting: typeof commands = {
    async enqueue(command, envelope) {
      const names =
        "jobs" in command ? command.jobs.map(({ id }) => id) : "id" in command ? [command.id] : [];
      sent.push(`${command.type} ${names.join()}`);
      fail(command);
      return await commands.enqueue(command, envelope);
    },
    enqueueAll: commands.enqueueAll,
  };
  const statuses = async () => (await repo.listJobs()).items.map(({ id, status }) => `${id} ${status}`);
  return { ...opened, sent, noting, moves: createJobMoves(noting), statuses };
}

describe("the moves of jobs", () => {
  it("share a command when they are asked for in one turn, also after promises of it have resolved", async () => {
    const { moves, sent, statuses } = await setUp(["j1", "j2", "j3", "j4"]);
    const late = async () => {
      for (let turn = 0; turn < 50; turn += 1) await undefined;
      await moves.start({ id: "j3", attempt: 1 });
    };
    await Promise.all([...first("j1", "j2").map(moves.start), late()]);
    expect(sent).toEqual(["job.updateStatusMany j1,j2,j3"]);
    await moves.start({ id: "j4", attempt: 1 });
    await Promise.all([moves.succeed({ id: "j1", attempt: 1 }), moves.succeed({ id: "j4", attempt: 1 })]);
    expect(sent.slice(1)).toEqual(["job.updateStatus j4", "job.updateStatusMany j1,j4"]);
    expect(await statuses()).toEqual(["j1 succeeded", "j2 running", "j3 running", "j4 succeeded"]);
  });

  it("keep starts and ends of one turn apart", async () => {
    const { moves, sent } = await setUp(["j1", "j2", "j3", "j4"]);
    await Promise.all(first("j1", "j2").map(moves.start));
    await Promise.all([...first("j1", "j2").map(moves.succeed), ...first("j3", "j4").map(moves.start)]);
    expect(sent.slice(1)).toEqual(["job.updateStatusMany j1,j2", "job.updateStatusMany j3,j4"]);
  });

  it("go on without a job that somebody else has moved", async () => {
    const { moves, commands, sent, statuses } = await setUp(["j1", "j2", "j3"]);
    await commands.enqueue({ type: "job.updateStatus", id: "j2", status: "cancelled" });
    const started = await Promise.allSettled(first("j1", "j2", "j3").map(moves.start));
    expect(started).toMatchObject([
      { status: "fulfilled" },
      { reason: { code: "ATLAS_CORE_JOB_CONFLICT", details: { id: "j2" } } },
      { status: "fulfilled" },
    ]);
    expect(sent).toEqual([
      "job.updateStatusMany j1,j2,j3",
      "job.updateStatus j1",
      "job.updateStatus j2",
      "job.updateStatus j3",
    ]);
    expect(await statuses()).toEqual(["j1 running", "j2 cancelled", "j3 running"]);

    await commands.enqueue({ type: "job.updateStatus", id: "j3", status: "cancelled" });
    const ended = await Promise.allSettled(first("j1", "j3").map(moves.succeed));
    expect(ended.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(await statuses()).toEqual(["j1 succeeded", "j2 cancelled", "j3 cancelled"]);
  });

  it("go singly when a hook of the host refuses their set", async () => {
    const { moves, sent, statuses } = await setUp(["j1", "j2"], ({ type }) => {
      const details = { type, path: "" };
      if (type === "job.updateStatusMany")
        throw new CoreError("ATLAS_CORE_COMMAND_INVALID", details, "Unknown to the host.");
    });
    await Promise.all(first("j1", "j2").map(moves.start));
    expect(sent).toHaveLength(3);
    expect(await statuses()).toEqual(["j1 running", "j2 running"]);
  });

  it.each([
    ["the store cannot write", "ATLAS_CORE_STORAGE_FAILED"],
    ["the store has stopped", "ATLAS_CORE_STOPPED"],
  ] as const)("all fail, and are not sent singly, when %s", async (_, code) => {
    const { moves, sent } = await setUp(["j1", "j2"], () => {
      throw new CoreError(code, { sqlite: "SQLITE_IOERR", outcome: "not applied" }, "No.");
    });
    const started = await Promise.allSettled(first("j1", "j2").map(moves.start));
    expect(started.map((one) => one.status === "rejected" && isCoreError(one.reason, code))).toEqual([
      true,
      true,
    ]);
    expect(sent).toHaveLength(1);
  });

  it("say which jobs have not begun before they go singly", async () => {
    const { noting, commands, sent, statuses, repo } = await setUp(["j1", "j2", "j3"]);
    const jobs = await Promise.all(["j2", "j3"].map((id) => repo.getJob(id)));
    const ahead = {
      has: (id: string) => id !== "j1",
      jobs: () => jobs.flatMap((job) => (job === undefined ? [] : { ...job, attempt: 1 })),
    };
    const moves = createJobMoves(noting, ahead);
    await commands.enqueue({ type: "job.updateStatus", id: "j3", status: "cancelled" });
    const started = await Promise.allSettled(first("j1", "j2", "j3").map(moves.start));
    expect(started.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
    expect(sent).toEqual([
      "plugins.job.ahead j2,j3",
      "job.updateStatus j1",
      "job.updateStatus j2",
      "job.updateStatus j3",
    ]);
    expect(await statuses()).toEqual(["j1 running", "j2 running", "j3 cancelled"]);
    expect([...(await repo.plugins.listClaimedAhead())]).toEqual([
      ["j2", 1],
      ["j3", 1],
    ]);
  });

  it("commit a lone claim ahead with the list that has it", async () => {
    const { noting, repo } = await setUp(["j1"]);
    const job = (await repo.getJob("j1")) as Job;
    const moves = createJobMoves(noting, { has: () => true, jobs: () => [{ ...job, attempt: 1 }] });
    await moves.start({ id: "j1", attempt: 1 });
    expect(await repo.getJob("j1")).toMatchObject({ status: "running" });
    expect([...(await repo.plugins.listClaimedAhead())]).toEqual([["j1", 1]]);
  });

  it("fill several commands when there are more than one takes", async () => {
    const ids = Array.from({ length: 1_001 }, (_, index) => `j${index}`);
    const { moves, sent, repo } = await setUp(ids);
    await Promise.all(first(...ids).map(moves.start));
    expect(sent.map((one) => one.split(" ")[0])).toEqual(["job.updateStatusMany", "job.updateStatus"]);
    expect((await repo.plugins.countJobs()).running).toBe(1_001);
  });
});

it("starts and ends the jobs of a round with one command each, and a cancelled one takes no neighbour with it", async () => {
  const { noting, sent, repo, commands, store } = await setUp(["j1", "j2", "j3"]);
  const registry = createPluginRegistry();
  const gate = Promise.withResolvers<void>();
  const began: string[] = [];
  registry.registerWorkflow({
    id: "work.v1",
    run: async (_ctx, _input, id) => {
      began.push(id);
      await gate.promise;
    },
  });
  const runner = createJobRunner({
    host: { clock: systemClock, log: silentLogger },
    repo,
    commands: noting,
    registry,
    llm: createMockLLM(),
  });
  onTestFinished(() => runner.stop(0));
  store.onCommitted(runner.wake);
  sent.length = 0;
  await runner.start();
  await until(() => began.length === 3 || undefined);
  await commands.enqueue({ type: "job.updateStatus", id: "j2", status: "cancelled" });
  gate.resolve();
  await until(async () => (await repo.plugins.countJobs()).succeeded === 2 || undefined);
  const moves = sent.filter((one) => one.startsWith("job."));
  expect(moves).toEqual(["job.updateStatusMany j1,j2,j3", "job.updateStatusMany j1,j3"]);
  expect(await repo.getJob("j2")).toMatchObject({ status: "cancelled" });
});
