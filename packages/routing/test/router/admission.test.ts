import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Contender, nextStep, type Standing } from "../../src/router/admission.ts";
import { attemptTimeMs } from "../../src/router/limits.ts";

const waiting = fc
  .record({
    why: fc.constantFrom("full", "probed", "failing", "misconfigured", "rate_limited", "backoff", "quota"),
    waitMs: fc.integer({ min: 1, max: 200_000 }),
  })
  .map(({ why, waitMs }): Standing => {
    const isEvent = why === "full" || why === "probed";
    return { state: "waiting", why, reason: why, ...(isEvent ? {} : { waitMs }) };
  });
const standing: fc.Arbitrary<Standing> = fc.oneof(
  fc.constant<Standing>({ state: "ready" }),
  fc.constant<Standing>({ state: "missing", reason: "no key" }),
  waiting,
);
const contenders: fc.Arbitrary<readonly Contender[]> = fc.array(
  fc.record({ standing, isStandIn: fc.boolean() }),
  { maxLength: 6 },
);
const call = fc.record({
  remainingMs: fc.integer({ min: 0, max: 120_000 }),
  patienceMs: fc.integer({ min: 0, max: 10_000 }),
  hasFailed: fc.boolean(),
});

describe("whom a call asks next", () => {
  it("is always a candidate that is ready, and a ready one is never refused", () => {
    fc.assert(
      fc.property(contenders, call, (given, how) => {
        const next = nextStep(given, how);
        if (next.step === "ask") expect(given[next.index]?.standing.state).toBe("ready");
        const isRealReady = given.some((one) => !one.isStandIn && one.standing.state === "ready");
        if (isRealReady) expect(next.step).not.toBe("end");
      }),
    );
  });

  it("is the first that is ready: nobody waits for a place while another candidate is ready", () => {
    fc.assert(
      fc.property(contenders, call, (given, how) => {
        const busy = given.map((one) => ({
          ...one,
          standing:
            one.standing.state === "waiting" ? ({ ...one.standing, why: "full" } as const) : one.standing,
        }));
        const first = busy.findIndex((one) => !one.isStandIn && one.standing.state === "ready");
        const next = nextStep(busy, { ...how, patienceMs: 0 });
        if (first >= 0 && next.step === "ask") expect(next.index).toBeLessThanOrEqual(first);
        if (first >= 0) expect(next.step).toBe("ask");
      }),
    );
  });

  it("is waited for only within the deadline, and only within the patience while another is ready", () => {
    fc.assert(
      fc.property(contenders, call, (given, how) => {
        const next = nextStep(given, how);
        if (next.step !== "wait") return;
        expect(next.for.length).toBeGreaterThan(0);
        if (next.waitMs !== undefined) expect(next.waitMs).toBeLessThan(how.remainingMs);
        const isRealReady = given.some((one) => !one.isStandIn && one.standing.state === "ready");
        expect(next.isPatience).toBe(isRealReady);
        if (isRealReady) expect(next.waitMs).toBeLessThanOrEqual(how.patienceMs);
      }),
    );
  });

  it("is never one that refused its key, nor one that keeps failing once another has failed the call, too", () => {
    fc.assert(
      fc.property(contenders, call, (given, how) => {
        const next = nextStep(given, how);
        if (next.step !== "wait") return;
        const reasons = next.for.map((index) => {
          const standing = given[index]?.standing;
          return standing?.state === "waiting" ? standing.why : "none";
        });
        expect(reasons).not.toContain("misconfigured");
        if (how.hasFailed) expect(reasons).not.toContain("failing");
      }),
    );
  });

  it("is a stand-in only where no real candidate before it may still answer", () => {
    const standIn: Contender = { standing: { state: "ready" }, isStandIn: true };
    const real = (standing: Standing): Contender => ({ standing, isStandIn: false });
    const how = { remainingMs: 60_000, patienceMs: 0, hasFailed: false };
    const limited = real({ state: "waiting", why: "rate_limited", reason: "", waitMs: 30_000 });
    const failing = real({ state: "waiting", why: "failing", reason: "", waitMs: 30_000 });
    expect(nextStep([limited, standIn], how)).toMatchObject({ step: "wait", waitMs: 30_000 });
    expect(nextStep([failing, standIn], how)).toEqual({ step: "ask", index: 1 });
    expect(nextStep([standIn, limited], how)).toEqual({ step: "ask", index: 0 });
    expect(nextStep([failing], how)).toMatchObject({ step: "wait", for: [0], waitMs: 30_000 });
    expect(nextStep([failing], { ...how, hasFailed: true })).toEqual({ step: "end" });
  });
});

it("gives an attempt its own time, but at most half of the call's while another candidate is ready", () => {
  fc.assert(
    fc.property(
      fc.record({
        attemptMs: fc.integer({ min: 1, max: 100_000 }),
        remainingMs: fc.integer({ min: 2, max: 100_000 }),
        isOtherReady: fc.boolean(),
      }),
      (given) => {
        const timeMs = attemptTimeMs(given);
        expect(timeMs).toBeGreaterThan(0);
        expect(timeMs).toBeLessThanOrEqual(given.attemptMs);
        if (given.isOtherReady) expect(timeMs).toBeLessThanOrEqual(given.remainingMs / 2);
        else expect(timeMs).toBe(given.attemptMs);
      },
    ),
  );
});
