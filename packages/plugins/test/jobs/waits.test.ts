import { createFakeClock } from "@atlas/testing/clock";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { isAttemptOver, isPluginError, type WorkflowContext } from "../../src/index.ts";
import { runningJobs as running } from "../support/running-jobs.ts";

describe("a sleep", () => {
  it("holds no slot, is no attempt, and survives a restart", async () => {
    const clock = createFakeClock();
    const { advance } = clock;
    const trace: string[] = [];
    const { create, waiting, over, runner, startRunner } = await running(
      async (ctx, _input, id) => {
        if (id === "other") return;
        trace.push(`begun ${ctx.attempt}`);
        await ctx.step("first", () => void trace.push("first"));
        await ctx.sleep("an hour", 3_600_000);
        await ctx.step("second", () => void trace.push("second"));
      },
      { clock, concurrency: 1 },
    );
    await create("j1", { max_attempts: 1 });
    expect(await waiting("j1")).toMatchObject({ run_at: "2026-01-01T01:00:00.000Z" });
    await create("other");
    await over("other");
    await runner.stop(0);
    await startRunner();
    advance(3_599_999);
    await new Promise(setImmediate);
    expect(trace).toEqual(["begun 1", "first"]);
    advance(1);
    expect(await over("j1")).toMatchObject({ status: "succeeded" });
    expect(trace).toEqual(["begun 1", "first", "begun 1", "second"]);
  });

  it("until a time that has passed returns at once, and one that is none is refused", async () => {
    const errors: unknown[] = [];
    const { create, over } = await running(async (ctx) => {
      await ctx.sleep("past", "2020-01-01T00:00:00Z");
      await ctx.sleep("past date", new Date(0));
      await ctx.sleep("none", 0);
      for (const [index, time] of [
        "soon",
        Number.NaN,
        -1,
        Number.POSITIVE_INFINITY,
        new Date("no"),
      ].entries())
        errors.push(await ctx.sleep(`${index}`, time).catch((error: unknown) => error));
    });
    await create("j1");
    expect(await over("j1")).toMatchObject({ status: "succeeded", attempt: 1 });
    expect(errors).toHaveLength(5);
    for (const error of errors) expect(error).toBeInstanceOf(TypeError);
  });
});

describe("a wait for an answer", () => {
  it("ends with the first, and everybody after it is told so", async () => {
    const got: unknown[] = [];
    const { create, waiting, over, signal } = await running(async (ctx) => {
      got.push(await ctx.wait("approval", { info: { question: "Publish?" } }));
    });
    await create("j1");
    await waiting("j1");
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        signal("j1", "approval", { index }, { by: `person-${index}` }),
      ),
    );
    expect(results.toSorted()).toEqual([...Array<string>(49).fill("already_received"), "delivered"]);
    expect(await over("j1")).toMatchObject({ status: "succeeded", attempt: 2 });
    const index = results.indexOf("delivered");
    expect(got).toEqual([
      {
        status: "received",
        name: "approval",
        value: { index },
        by: `person-${index}`,
        at: expect.any(String),
      },
    ]);
  });

  it("finds one that came before it, also in an earlier attempt", async () => {
    const got: unknown[] = [];
    const { create, over, signal } = await running(async (ctx, _input, id) => {
      await ctx.step("ask", () => signal(id, "approval", true));
      if (ctx.attempt === 1) throw new Error("before the wait");
      got.push(await ctx.wait("approval"));
    });
    await create("j1");
    expect(await over("j1")).toMatchObject({ status: "succeeded", attempt: 2 });
    expect(got).toMatchObject([{ status: "received", value: true, by: "host" }]);
  });

  it("gives a repeated signal the result of the first, also after the job has ended", async () => {
    const { create, waiting, over, signal } = await running(async (ctx) => {
      await ctx.wait("second");
      await ctx.wait("first");
    });
    await create("j1");
    await waiting("j1");
    expect(await signal("j1", "first", 1, { signal_id: "s1" })).toBe("buffered");
    expect(await signal("j1", "second", 2, { signal_id: "s2" })).toBe("delivered");
    await over("j1");
    expect(await signal("j1", "first", 1, { signal_id: "s1" })).toBe("buffered");
    expect(await signal("j1", "second", 2, { signal_id: "s2" })).toBe("delivered");
    expect(await signal("j1", "second", 2, { signal_id: "s3" })).toBe("already_received");
    expect(await signal("j1", "third", 3)).toBe("closed");
  });

  it("times out, which stays so, and the signal after that is told", async () => {
    const clock = createFakeClock();
    const { advance } = clock;
    const got: unknown[] = [];
    const { create, waiting, over, signal } = await running(
      async (ctx) => {
        got.push(await ctx.wait("approval", { timeoutMs: 1_000 }));
        await ctx.wait("go");
      },
      { clock },
    );
    await create("j1");
    expect(await waiting("j1")).toMatchObject({ run_at: "2026-01-01T00:00:01.000Z" });
    advance(1_000);
    await waiting("j1");
    const timedOut = { status: "timed_out", at: "2026-01-01T00:00:01.000Z" };
    await expect.poll(() => got).toEqual([timedOut]);
    expect(await signal("j1", "approval", true)).toBe("closed");
    await signal("j1", "go", null);
    expect(await over("j1")).toMatchObject({ status: "succeeded" });
    expect(got).toEqual([timedOut, timedOut]);
  });

  it("takes the first answer to any of several names, and the same one in every later attempt", async () => {
    const got: unknown[] = [];
    const { create, waiting, over, signal } = await running(async (ctx) => {
      got.push(await ctx.wait(["approve", "reject"]));
      await ctx.wait("go");
    });
    await create("j1");
    await waiting("j1");
    expect(await signal("j1", "reject", "no")).toBe("delivered");
    await expect.poll(() => got.length).toBe(1);
    expect(await signal("j1", "approve", "yes")).toBe("delivered");
    await signal("j1", "go", null);
    await over("j1");
    for (const result of got)
      expect(result).toMatchObject({ status: "received", name: "reject", value: "no" });
    expect(got.length).toBeGreaterThan(1);
  });

  it("refuses what its schema does not take while the job sleeps on", async () => {
    const schema = z.object({ approved: z.boolean() });
    let got: boolean | undefined;
    const { create, waiting, over, signal, repo } = await running(async (ctx) => {
      const answer = await ctx.wait("approval", { schema });
      if (answer.status === "received") got = answer.value.approved;
    });
    await create("j1");
    await waiting("j1");
    await expect(signal("j1", "approval", { approved: "yes" })).rejects.toMatchObject({
      code: "ATLAS_PLUGINS_ANSWER_INVALID",
      details: { id: "j1", name: "approval", path: "approved" },
    });
    expect(await repo.getJob("j1")).toMatchObject({ status: "queued", attempt: 1 });
    expect(await signal("j1", "approval", { approved: true })).toBe("delivered");
    expect(await over("j1")).toMatchObject({ status: "succeeded" });
    expect(got).toBe(true);
  });

  it("fails the job when an answer that came before does not match its schema", async () => {
    const { create, over, signal } = await running(async (ctx, _input, id) => {
      await signal(id, "approval", "yes");
      await ctx.wait("approval", { schema: z.boolean() });
    });
    await create("j1");
    expect(await over("j1")).toMatchObject({
      status: "failed",
      attempt: 1,
      error: { code: "ATLAS_PLUGINS_ANSWER_INVALID" },
    });
  });

  it.each<[string, (ctx: WorkflowContext) => Promise<unknown>]>([
    ["no name", (ctx) => ctx.wait([])],
    ["an empty name", (ctx) => ctx.wait("")],
    ["a time-out before now", (ctx) => ctx.wait("a", { timeoutMs: -1 })],
    ["a time-out without end", (ctx) => ctx.wait("a", { timeoutMs: Number.POSITIVE_INFINITY })],
    ["a schema that is no JSON Schema", (ctx) => ctx.wait("a", { schema: z.date() })],
    ["an unknown option", (ctx) => ctx.wait("a", { timeout: 1 } as object)],
    ["all types below one", (ctx) => ctx.waitForEvent("a", { type: "job.*" })],
    ["an empty aggregate", (ctx) => ctx.waitForEvent("a", { type: "x", aggregate_id: "" })],
    [
      "undefined in a payload",
      (ctx) => ctx.waitForEvent("a", { type: "x", payload: { by: undefined } as never }),
    ],
    ["a number that no event has", (ctx) => ctx.waitForEvent("a", { type: "x" }, { after: -1 })],
    ["its own job", (ctx) => ctx.waitForJobs("a", ["j1"])],
    [
      "over 1,000 jobs",
      (ctx) =>
        ctx.waitForJobs(
          "a",
          Array.from({ length: 1_001 }, (_, index) => `${index}`),
        ),
    ],
  ])("is refused with %s", async (_, wait) => {
    let error: unknown;
    const { create, over } = await running(async (ctx) => {
      error = await wait(ctx).catch((caught: unknown) => caught);
    });
    await create("j1");
    expect(await over("j1")).toMatchObject({ status: "succeeded", attempt: 1 });
    expect(error).toBeInstanceOf(TypeError);
  });

  it("is refused under a name that another wait of the attempt has", async () => {
    const { create, over } = await running(async (ctx) => {
      await Promise.all([ctx.wait("a"), ctx.sleep("a", 1_000)]);
    });
    await create("j1");
    expect(await over("j1")).toMatchObject({ error: { code: "ATLAS_PLUGINS_WAIT_REUSED" } });
  });

  it("that cannot be stored fails the job", async () => {
    const { create, over } = await running(async (ctx) => void (await ctx.wait("a")), {
      admit: [
        (command) => {
          if (command.type === "plugins.wait.open") throw new Error("not on my watch");
          return command;
        },
      ],
    });
    await create("j1");
    expect(await over("j1")).toMatchObject({ status: "failed" });
  });
});

it("parks no attempt of which a command was refused, in whatever turn around its wait that was sent", async () => {
  const codes = new Map<string, unknown>();
  const { create, job } = await running(async (ctx, { turns }, id) => {
    void (async () => {
      for (let turn = 0; turn < Number(turns); turn += 1) await new Promise(setImmediate);
      await ctx.commands
        .enqueue({ type: "job.updateStatus", id: "nobody", status: "cancelled" })
        .catch((error: { readonly code?: unknown }) => codes.set(id, error.code));
    })();
    await ctx.wait("go");
  });
  const ends: string[] = [];
  for (let turns = 0; turns < 12; turns += 1) {
    const id = `j${turns}`;
    await create(id, { input: { turns }, max_attempts: 1 });
    const { status } = await job(
      id,
      ({ status, attempt }) => attempt === 1 && status !== "running" && codes.has(id),
    );
    ends.push(`${codes.get(id)}: ${status}`);
  }
  expect(new Set(ends)).toEqual(
    new Set(["ATLAS_CORE_JOB_CONFLICT: failed", "ATLAS_PLUGINS_SUSPENDED: queued"]),
  );
});

describe("waits that begin together", () => {
  it("are parked together, and all of them listen", async () => {
    const got: unknown[] = [];
    const { create, waiting, over, signal, repo, store } = await running(async (ctx) => {
      const [a, b, c] = await Promise.all([
        ctx.wait("a"),
        ctx
          .step("slow", () => new Promise<void>((resolve) => void setImmediate(resolve)))
          .then(() => ctx.wait("b")),
        ctx.waitForEvent("c", { type: "approved" }),
      ]);
      got.push(a, b, c);
    });
    await create("j1");
    await waiting("j1");
    expect((await repo.plugins.listWaits("j1")).map(({ name }) => name).toSorted()).toEqual(["a", "b", "c"]);
    await store.commands.enqueue({ type: "domainEvent.emit", event: { type: "approved" } });
    expect(await signal("j1", "b", 2)).toBe("delivered");
    await signal("j1", "a", 1);
    expect(await over("j1")).toMatchObject({ status: "succeeded" });
    expect(got).toMatchObject([{ value: 1 }, { value: 2 }, { event: { type: "approved" } }]);
    expect(await store.verify()).toMatchObject({ status: "verified" });
  });

  it("can race: the first to end decides", async () => {
    const clock = createFakeClock();
    const { advance } = clock;
    const got: unknown[] = [];
    const { create, waiting, over } = await running(
      async (ctx) => {
        got.push(
          await Promise.race([
            ctx.wait("a").then(() => "a"),
            ctx.sleep("a minute", 60_000).then(() => "a minute"),
          ]),
        );
      },
      { clock },
    );
    await create("j1");
    await waiting("j1");
    advance(60_000);
    expect(await over("j1")).toMatchObject({ status: "succeeded", attempt: 2 });
    expect(got).toEqual(["a minute"]);
  });
});

describe("code around a wait", () => {
  it("that catches its end can do nothing, and knows it by isAttemptOver", async () => {
    const errors: unknown[] = [];
    let compensated = 0;
    const { create, waiting, over, signal, repo } = await running(async (ctx) => {
      try {
        await ctx.wait("approval");
      } catch (error) {
        errors.push(error);
        errors.push(await ctx.emitArtifact({ type: "refund" }).catch((caught: unknown) => caught));
        errors.push(await ctx.step("refund", () => (compensated += 1)).catch((caught: unknown) => caught));
        if (isAttemptOver(error)) throw error;
      }
    });
    await create("j1");
    await waiting("j1");
    expect(errors).toHaveLength(3);
    expect(new Set(errors).size).toBe(1);
    expect(isAttemptOver(new Error("wrapped", { cause: errors[0] }))).toBe(true);
    await signal("j1", "approval", true);
    expect(await over("j1")).toMatchObject({ status: "succeeded" });
    expect(compensated).toBe(0);
    expect((await repo.findArtifacts({})).items).toEqual([]);
  });

  it("may be edited: answers go to their names, whatever the order", async () => {
    const got: unknown[] = [];
    const { create, waiting, over, signal, edit, emit } = await running(async (ctx) => {
      await ctx.waitForEvent("first", { type: "first" });
      got.push(await ctx.wait("second"));
    });
    await create("j1");
    await waiting("j1");
    edit(async (ctx) => {
      got.push(await ctx.wait("second"));
      await ctx.wait("new");
      const first = await ctx.waitForEvent("first", { type: "first" });
      got.push(first.status === "received" ? first.event.type : first.status);
    });
    await emit("first");
    await signal("j1", "second", 2);
    await signal("j1", "new", 3);
    expect(await over("j1")).toMatchObject({ status: "succeeded" });
    expect(got.at(-2)).toMatchObject({ value: 2 });
    expect(got.at(-1)).toBe("first");
  });
});

describe("a wait for an event", () => {
  it("ends with the first that matches since the job was created", async () => {
    const got: unknown[] = [];
    const { create, waiting, over, emit } = await running(async (ctx) => {
      got.push(await ctx.waitForEvent("approval", { type: "approved", payload: { by: "ada" } }));
    });
    await emit("approved", { by: "ada" });
    await create("j1");
    await waiting("j1");
    await emit("approved", { by: "eve" });
    await emit("rejected", { by: "ada" });
    await emit("approved", { by: "ada", note: "fine" });
    await emit("approved", { by: "ada", note: "late" });
    expect(await over("j1")).toMatchObject({ status: "succeeded", attempt: 2 });
    expect(got).toMatchObject([{ status: "received", event: { payload: { by: "ada", note: "fine" } } }]);
  });

  it("finds one that came while an attempt had failed before it", async () => {
    const { create, over, emit } = await running(async (ctx) => {
      if (ctx.attempt === 1) {
        await emit("approved");
        throw new Error("before the wait");
      }
      await ctx.waitForEvent("approval", { type: "approved" });
    });
    await create("j1");
    expect(await over("j1")).toMatchObject({ status: "succeeded", attempt: 2 });
  });

  it("finds one that its own attempt has caused before it waited, and none up to `after`", async () => {
    const clock = createFakeClock();
    const { advance } = clock;
    let runs = 0;
    const got: unknown[] = [];
    const { create, over, waiting, repo } = await running(
      async (ctx) => {
        await ctx.step("ask", () => undefined);
        runs += 1;
        if (runs === 1) void ctx.commands.enqueue({ type: "domainEvent.emit", event: { type: "asked" } });
        const first = await ctx.waitForEvent("own", { type: "asked" });
        got.push(first.status);
        const after = first.status === "received" ? first.event.seq : 0;
        got.push((await ctx.waitForEvent("next", { type: "asked" }, { after, timeoutMs: 10 })).status);
      },
      { clock },
    );
    await create("j1");
    await waiting("j1");
    expect(await repo.plugins.listWaits("j1")).toHaveLength(2);
    advance(10);
    expect(await over("j1")).toMatchObject({ status: "succeeded" });
    // Of both runs. The second one sends nothing more.
    expect(got).toEqual(["received", "received", "timed_out"]);
  });

  it("is taken up by the next process, also when the event came in between", async () => {
    const { create, waiting, over, emit, runner, startRunner } = await running(async (ctx) => {
      await ctx.waitForEvent("approval", { type: "approved" });
    });
    await create("j1");
    await waiting("j1");
    await runner.stop(0);
    await emit("approved");
    await startRunner();
    expect(await over("j1")).toMatchObject({ status: "succeeded", attempt: 2 });
  });
});

describe("a wait for jobs", () => {
  it("ends when all of them are over", async () => {
    const got: string[] = [];
    const { create, over } = await running(
      async (ctx) => {
        const children = await Promise.all([1, 2, 3].map(() => ctx.spawnJob({ workflow_id: "child.v1" })));
        const jobs = await ctx.waitForJobs(
          "children",
          children.map(({ id }) => id),
        );
        got.push(...jobs.map(({ id, status }) => `${id} ${status}`));
      },
      { concurrency: 1 },
    );
    await create("j1", { max_attempts: 1 });
    expect(await over("j1")).toMatchObject({ status: "succeeded" });
    expect(got).toEqual(["j1:job:1 succeeded", "j1:job:2 succeeded", "j1:job:3 succeeded"]);
  });

  it("is refused for a job that is not there", async () => {
    const { create, over } = await running(async (ctx) => void (await ctx.waitForJobs("other", ["nobody"])));
    await create("j1");
    expect(await over("j1")).toMatchObject({ error: { code: "ATLAS_PLUGINS_JOB_NOT_FOUND" } });
  });

  it.each([
    ["two", { a: ["c"], c: ["a"] }, ["c", "a", "c"]],
    ["three", { a: ["b"], b: ["c"], c: ["a"] }, ["c", "a", "b", "c"]],
  ])("is refused when it closes a circle over %s jobs", async (_, waitsFor, path) => {
    const errors: unknown[] = [];
    const { create, waiting, over, signal } = await running(async (ctx, _input, id) => {
      if (id === "c") await ctx.wait("go");
      const wait = ctx.waitForJobs("others", new Map(Object.entries(waitsFor)).get(id) ?? []);
      if (id === "c") await wait.catch((error: unknown) => errors.push(error));
      await wait;
    });
    const ids = Object.keys(waitsFor).toReversed();
    for (const id of ids) {
      await create(id);
      await waiting(id);
    }
    await signal("c", "go", null);
    expect(await over("c")).toMatchObject({
      status: "failed",
      error: {
        code: "ATLAS_PLUGINS_WAIT_CIRCLE",
        message: expect.stringContaining(`${path.map((id) => `"${id}"`).join(" → ")}.`),
      },
    });
    expect(errors).toMatchObject([{ code: "ATLAS_PLUGINS_WAIT_CIRCLE", details: { id: "c", path } }]);
    // The failure of the last one frees the others.
    for (const id of ids.slice(1)) expect(await over(id)).toMatchObject({ status: "succeeded" });
  });

  it("is refused in one of two jobs that close a circle in the same instant", async () => {
    const both = Promise.withResolvers<void>();
    const errors: unknown[] = [];
    let begun = 0;
    const { create, over } = await running(
      async (ctx, _input, id) => {
        begun += 1;
        if (begun === 2) both.resolve();
        await both.promise;
        const wait = ctx.waitForJobs("other", [id === "a" ? "b" : "a"]);
        if (begun > 2) await wait.catch((error: unknown) => errors.push(error));
        await wait;
      },
      { workflow: { retry: { maxAttempts: 1 } } },
    );
    await create("a");
    await create("b");
    const ended = await Promise.all(["a", "b"].map(over));
    expect(ended.map(({ status }) => status).toSorted()).toEqual(["failed", "succeeded"]);
    expect(errors.filter((error) => isPluginError(error, "ATLAS_PLUGINS_WAIT_CIRCLE"))).toHaveLength(1);
  });

  it("is refused after a start that finds a circle", async () => {
    const far = "2999-01-01T00:00:00.000Z";
    const { create, waiting, over, commands, runner, startRunner } = await running(
      async (ctx, _input, id) => {
        await ctx.waitForJobs("other", [id === "a" ? "b" : "a"]);
      },
      { workflow: { retry: { maxAttempts: 1 } } },
    );
    await create("b", { run_at: far });
    await create("a");
    await waiting("a");
    await runner.stop(0);
    // As a process leaves it that is killed once both have parked.
    await commands.enqueueAll([
      { type: "job.updateStatus", id: "b", status: "running" },
      { type: "plugins.wait.open", job_id: "b", attempt: 1, kind: "jobs", name: "other", ids: ["a"] },
      { type: "plugins.job.uncount", job_id: "b" },
      { type: "job.updateStatus", id: "b", status: "queued", run_at: far, attempt: 1 },
    ]);
    await startRunner();
    const ended = await Promise.all(["a", "b"].map(over));
    expect(ended.map(({ status }) => status).toSorted()).toEqual(["failed", "succeeded"]);
  });

  it("may reach the same job along two paths, which is no circle", async () => {
    const waitsFor = new Map([
      ["left", ["bottom"]],
      ["right", ["bottom"]],
      ["top", ["left", "right"]],
    ]);
    const { create, waiting, over, signal } = await running(async (ctx, _input, id) => {
      if (id === "bottom") await ctx.wait("go");
      else await ctx.waitForJobs("others", waitsFor.get(id) ?? []);
    });
    for (const id of ["bottom", ...waitsFor.keys()]) {
      await create(id);
      await waiting(id);
    }
    await signal("bottom", "go", null);
    for (const id of waitsFor.keys()) expect(await over(id)).toMatchObject({ status: "succeeded" });
  });

  it("is not refused for a job whose own wait has its answer, though it was not woken yet", async () => {
    const { create, job, waiting, over, signal, commands, runner, startRunner } = await running(
      async (ctx, _input, id) => {
        if (id === "first") await ctx.wait("go");
        await ctx.waitForJobs("other", [id === "first" ? "second" : "first"]);
      },
    );
    for (const id of ["first", "second"]) {
      await create(id);
      await waiting(id);
    }
    // As it stands when the process ends between the answer and the wake.
    await commands.enqueue({
      type: "plugins.wait.answer",
      job_id: "second",
      kind: "jobs",
      name: "other",
      value: null,
      by: "runner",
    });
    await signal("first", "go", null);
    await job("first", ({ status, attempt }) => status !== "running" && attempt === 2);
    await runner.stop(0);
    await startRunner();
    for (const id of ["second", "first"]) expect(await over(id)).toMatchObject({ status: "succeeded" });
  });

  it("is not refused for a job that no longer waits there", async () => {
    const { create, job, waiting, over, signal, edit, repo } = await running(async (ctx, _input, id) => {
      if (id === "first") await ctx.wait("go");
      else await Promise.race([ctx.wait("give up"), ctx.waitForJobs("other", ["first"])]);
    });
    for (const id of ["first", "second"]) {
      await create(id);
      await waiting(id);
    }
    edit(async (ctx, _input, id) => {
      if (id === "first") await ctx.waitForJobs("other", ["second"]);
      else await ctx.wait("end");
    });
    await signal("second", "give up", null);
    await job("second", ({ status, attempt }) => status === "queued" && attempt === 2);
    const [left] = (await repo.plugins.listWaits("second")).filter(({ kind }) => kind === "jobs");
    expect(left).toMatchObject({ ids: ["first"] });
    expect(left).not.toHaveProperty("answer");
    await signal("first", "go", null);
    await job("first", ({ status, attempt }) => status !== "running" && attempt === 2);
    await signal("second", "end", null);
    for (const id of ["second", "first"]) expect(await over(id)).toMatchObject({ status: "succeeded" });
  });
});

describe("a job with a deadline", () => {
  it("fails at it while it waits", async () => {
    const clock = createFakeClock();
    const { advance } = clock;
    const { create, waiting, over } = await running(async (ctx) => void (await ctx.wait("never")), { clock });
    await create("j1", { deadline_at: "2026-01-01T00:01:00.000Z" });
    expect(await waiting("j1")).toMatchObject({ run_at: "2026-01-01T00:01:00.000Z" });
    advance(60_000);
    expect(await over("j1")).toMatchObject({
      status: "failed",
      error: { code: "ATLAS_PLUGINS_DEADLINE" },
    });
  });

  it("fails at it while it runs", async () => {
    const clock = createFakeClock();
    const { advance } = clock;
    const begun = Promise.withResolvers<void>();
    const { create, over } = await running(
      (ctx) =>
        new Promise((_, reject) => {
          ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason));
          begun.resolve();
        }),
      { clock },
    );
    await create("j1", { deadline_at: "2026-01-01T00:01:00.000Z" });
    await begun.promise;
    advance(60_000);
    expect(await over("j1")).toMatchObject({
      status: "failed",
      error: { code: "ATLAS_PLUGINS_DEADLINE" },
    });
  });
});

it("wakes at the start a job whose answer was stored when the process ended", async () => {
  const { create, waiting, over, runner, startRunner, commands } = await running(async (ctx) => {
    await ctx.wait("approval");
  });
  await create("j1");
  await waiting("j1");
  await runner.stop(0);
  await commands.enqueue({
    type: "plugins.wait.answer",
    job_id: "j1",
    kind: "signal",
    name: "approval",
    value: true,
    by: "ada",
  });
  await startRunner();
  expect(await over("j1")).toMatchObject({ status: "succeeded", attempt: 2 });
});
