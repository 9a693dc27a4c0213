import type { JsonValue } from "@atlas/core";
import { createFakeClock } from "@atlas/testing/clock";
import { describe, expect, expectTypeOf, it } from "vitest";
import { isAttemptOver, type WorkflowContext, type WorkflowPlugin } from "../../src/index.ts";
import { runningJobs as running } from "../support/running-jobs.ts";

describe("a step", () => {
  it("is done once, whatever comes after it, and gives the same result again", async () => {
    let paid = 0;
    const results: unknown[] = [];
    const { create, over, repo } = await running(async (ctx) => {
      results.push(
        await ctx
          .step("pay", async () => {
            paid += 1;
            return { receipt: paid, at: undefined as unknown as string };
          })
          .catch(() => "refused"),
      );
      results.push(await ctx.step("pay twice", () => ({ receipt: 7 })));
      results.push(await ctx.step("nothing", () => undefined));
      if (ctx.attempt === 1) throw new Error("after the steps");
    });
    await create("j1");
    expect(await over("j1")).toMatchObject({ status: "succeeded", attempt: 2 });
    // An undefined value is no JSON: that step was refused both times, and done both times.
    expect(results).toEqual(["refused", { receipt: 7 }, undefined, "refused", { receipt: 7 }, undefined]);
    expect(paid).toBe(2);
    expect(await repo.plugins.listJobSteps("j1")).toEqual([]);
  });

  it("is done again when it failed", async () => {
    let calls = 0;
    const { create, over } = await running(async (ctx) => {
      await ctx.step("flaky", () => {
        calls += 1;
        if (calls === 1) throw new Error("not yet");
      });
    });
    await create("j1");
    expect(await over("j1")).toMatchObject({ status: "succeeded", attempt: 2 });
    expect(calls).toBe(2);
  });

  it.each([
    [
      "used twice in an attempt",
      async (ctx) => {
        await ctx.step("one", () => 1);
        await ctx.step("one", () => 2);
      },
      "ATLAS_PLUGINS_STEP_REUSED",
    ],
    [
      "with a result over 64 KiB",
      (ctx) => ctx.step("big", () => "x".repeat(65_536)),
      "ATLAS_PLUGINS_STEP_TOO_LARGE",
    ],
    [
      "with a result that is no JSON",
      (ctx) => ctx.step("date", () => ({ at: new Date(0) as unknown as string })),
      "ATLAS_PLUGINS_STEP_INVALID",
    ],
  ] satisfies readonly (readonly [
    string,
    (ctx: Parameters<WorkflowPlugin["run"]>[0]) => Promise<unknown>,
    string,
  ])[])("%s fails the job, which is not tried again", async (_, run, code) => {
    const { create, over } = await running(async (ctx) => void (await run(ctx)));
    await create("j1");
    expect(await over("j1")).toMatchObject({ status: "failed", attempt: 1, error: { code } });
  });

  it.each(["", "$one", "x".repeat(256), "語".repeat(86), "\ud800"])("cannot be named %j", async (name) => {
    let error: unknown;
    const { create, over } = await running(async (ctx) => {
      error = await ctx.step(name, () => 1).catch((caught: unknown) => caught);
    });
    await create("j1");
    await over("j1");
    expect(error).toBeInstanceOf(TypeError);
  });
});

describe("steps", () => {
  it("run in parallel, and each is done once", async () => {
    const done: string[] = [];
    let begun = 0;
    const { promise: allBegun, resolve } = Promise.withResolvers<void>();
    const { create, over } = await running(async (ctx) => {
      const results = await Promise.all(
        ["a", "b", "c"].map((name) =>
          ctx.step(name, async () => {
            begun += 1;
            if (begun === 3) resolve();
            await allBegun;
            done.push(name);
            return name;
          }),
        ),
      );
      expect(results).toEqual(["a", "b", "c"]);
      if (ctx.attempt === 1) throw new Error("after all of them");
    });
    await create("j1");
    expect(await over("j1")).toMatchObject({ status: "succeeded", attempt: 2 });
    expect(done.sort()).toEqual(["a", "b", "c"]);
  });

  it("give what is stored, also in the attempt that stores it", async () => {
    const seen: unknown[] = [];
    const { create, over } = await running(
      async (ctx) => {
        seen.push(await ctx.step("login", () => "secret"));
        if (ctx.attempt === 1) throw new Error("again");
      },
      {
        admit: [
          (command) => (command.type === "plugins.job.step" ? { ...command, result: "[REDACTED]" } : command),
        ],
      },
    );
    await create("j1");
    await over("j1");
    expect(seen).toEqual(["[REDACTED]", "[REDACTED]"]);
  });

  it("are retried within the attempt, with pauses", async () => {
    const clock = createFakeClock();
    const { advance } = clock;
    let calls = 0;
    const { create, over, job } = await running(
      async (ctx) => {
        await ctx.step("flaky", { retry: { maxAttempts: 3, firstDelayMs: 1_000 } }, () => {
          calls += 1;
          if (calls < 3) throw new Error("not yet");
        });
      },
      { clock, random: () => 0.5 },
    );
    await create("j1");
    for (const pauseMs of [500, 1_000]) {
      const before = calls + (calls === 0 ? 1 : 0);
      await job("j1", () => calls === before);
      for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
      advance(pauseMs - 1);
      for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
      expect(calls).toBe(before);
      advance(1);
      await job("j1", () => calls === before + 1);
    }
    expect(await over("j1")).toMatchObject({ status: "succeeded", attempt: 1 });
    expect(calls).toBe(3);
  });

  it("are retried no more when the attempt is over, or the error says so", async () => {
    let calls = 0;
    const { create, over } = await running(async (ctx) => {
      await ctx.step("hopeless", { retry: {} }, () => {
        calls += 1;
        throw Object.assign(new Error("never"), { retryable: false });
      });
    });
    await create("j1");
    expect(await over("j1")).toMatchObject({ status: "failed" });
    expect(calls).toBe(1);
  });

  it("refuse a wait inside, which could never be parked", async () => {
    let error: unknown;
    const { create, over } = await running(async (ctx) => {
      error = await ctx.step("outer", () => ctx.wait("inner")).catch((caught: unknown) => caught);
    });
    await create("j1");
    await over("j1");
    expect(error).toBeInstanceOf(TypeError);
    expect(isAttemptOver(error)).toBe(false);
  });
});

it("refuses a step's name before its work when the store would refuse it, and takes one as long as a name may be", async () => {
  const errors: unknown[] = [];
  let worked = 0;
  const { create, over } = await running(async (ctx) => {
    for (const name of ["", "x".repeat(256), "é".repeat(128), "$mine", 7 as unknown as string])
      await ctx
        .step(name, () => {
          worked += 1;
        })
        .catch((error: unknown) => errors.push(error));
    await ctx.step("x".repeat(255), () => {
      worked += 10;
    });
  });
  await create("j1");
  expect(await over("j1")).toMatchObject({ status: "succeeded", attempt: 1 });
  expect(errors.map((error) => error instanceof TypeError)).toEqual([true, true, true, true, true]);
  expect(worked).toBe(10);
});

it("says which step has a result that is not JSON, and where", async () => {
  const { create, over } = await running(async (ctx) => {
    await ctx.step("book", () => ({ seats: [{ at: new Date(0) as unknown as string }] }));
  });
  await create("j1");
  expect(await over("j1")).toMatchObject({
    attempt: 1,
    error: {
      name: "PluginError",
      code: "ATLAS_PLUGINS_STEP_INVALID",
      message: expect.stringContaining('The result of the step "book" is not JSON: "seats[0].at" is a Date'),
      causes: [{ code: "ATLAS_CORE_JSON_INVALID" }],
    },
  });
});

describe("the type of a step's result", () => {
  interface Booking {
    readonly id: string;
    readonly seats?: number;
    readonly list: readonly { readonly a: null }[];
  }
  it("is what JSON can hold: also interfaces, nothing, and what is not known", () => {
    const typed = async (
      ctx: WorkflowContext,
      booking: Booking,
      json: JsonValue,
      parsed: ReturnType<typeof JSON.parse>,
    ) => {
      expectTypeOf(await ctx.step("a", async () => booking)).toEqualTypeOf<Booking>();
      expectTypeOf(await ctx.step("b", () => json)).toEqualTypeOf<JsonValue>();
      expectTypeOf(await ctx.step("c", { retry: {} }, () => 1)).toEqualTypeOf<number>();
      await ctx.step("d", async () => undefined);
      await ctx.step("e", () => parsed);
      // @ts-expect-error a Date is not JSON
      await ctx.step("f", () => ({ at: new Date() }));
      // @ts-expect-error a Map is not JSON
      await ctx.step("g", async () => new Map<string, number>());
      // @ts-expect-error a bigint is not JSON
      await ctx.step("h", () => 1n);
      // @ts-expect-error a field that is there must not be undefined
      await ctx.step("i", { retry: {} }, () => ({ a: undefined }));
      // @ts-expect-error what is unknown may be anything
      await ctx.step("j", () => json as unknown);
    };
    expect(typed).toBeTypeOf("function");
  });
});
