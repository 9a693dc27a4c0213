import { createFakeClock } from "@atlas/testing";
import { expect, it, vi } from "vitest";
import { createRouter, type Logger, type RoutingPolicy, systemClock } from "../../src/index.ts";

const classify = (error: unknown) => ({ kind: "failed" as const, message: String(error) });
const broken = (): never => {
  throw new Error("broken");
};

it("skips a candidate whose `unavailable` throws, and asks the next", async () => {
  const router = createRouter({
    config: { profiles: { fast: ["odd", "good"] } },
    candidates: new Map([
      ["odd", { runtime: "odd", unavailable: broken }],
      ["good", { runtime: "good" }],
    ]),
    classify,
  });
  expect(await router.route({}, async (runtime) => runtime)).toMatchObject({
    status: "answered",
    answer: "good",
    route: { skipped: [{ candidate: "odd", reason: "its `unavailable` threw an error" }] },
  });
  expect(router.explainRoute().candidates.map(({ state }) => state)).toEqual(["skipped", "ready"]);
});

it("goes on where its logger throws", async () => {
  const log: Logger = { debug: broken, info: broken, warn: broken, error: broken };
  const router = createRouter({
    config: { profiles: { fast: ["down", "good"] } },
    candidates: new Map(["down", "good"].map((runtime) => [runtime, { runtime }])),
    classify,
    log,
  });
  const ask = async (runtime: string): Promise<string> => (runtime === "down" ? broken() : runtime);
  expect(await router.route({}, ask)).toMatchObject({ status: "answered", answer: "good" });
});

it("takes infinite times as the longest that a timer has", async () => {
  const timers = vi.spyOn(globalThis, "setTimeout");
  try {
    const policy: Partial<RoutingPolicy> = {
      deadlineMs: Number.POSITIVE_INFINITY,
      attemptMs: Number.POSITIVE_INFINITY,
    };
    const router = createRouter({
      config: { profiles: { fast: ["good"] } },
      candidates: new Map([["good", { runtime: "good" }]]),
      classify,
      policy,
      clock: systemClock,
    });
    // Longer than a timer that overflows, which fires at once.
    const ask = async (runtime: string): Promise<string> => {
      await new Promise((resolve) => systemClock.after(0, () => setImmediate(resolve)));
      return runtime;
    };
    expect(await router.route({}, ask)).toMatchObject({ status: "answered", answer: "good" });
    expect(Math.max(...timers.mock.calls.map(([, delay]) => delay ?? 0))).toBe(2 ** 31 - 1);
  } finally {
    timers.mockRestore();
  }
});

it("leaves no timer behind an attempt that ends by itself after its own time and the call's", async () => {
  const clock = createFakeClock();
  const router = createRouter({
    config: { profiles: { fast: ["slow"] } },
    candidates: new Map([["slow", { runtime: "slow" }]]),
    classify,
    policy: { attemptMs: 500, deadlineMs: 1_000, abandonMs: 5_000, retries: 0 },
    clock,
  });
  const slow = Promise.withResolvers<string>();
  const outcome = router.route({}, () => slow.promise);
  clock.advance(500);
  clock.advance(500);
  slow.reject(new Error("ended by itself"));
  expect(await outcome).toMatchObject({ status: "failed", route: { attempts: [{ outcome: "timed_out" }] } });
  expect(clock.timers).toBe(0);
});
