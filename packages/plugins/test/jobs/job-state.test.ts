import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RetryPolicy } from "../../src/index.ts";
import { type AttemptOutcome, nextJobState } from "../../src/runtime.ts";

const now = Date.parse("2026-01-01T00:00:00.000Z");
const at = { now, random: 0.5 };
const error = { message: "no" };
const failed: AttemptOutcome = { status: "failed", failure: { error, retryable: true } };
const job = (
  attempt: number,
  more: { readonly max_attempts?: number; readonly uncounted?: number } = {},
) => ({
  id: "j1",
  attempt,
  ...more,
});

describe("what becomes of a job", () => {
  it("has succeeded when its attempt has", () => {
    expect(nextJobState(job(3), { status: "succeeded" }, {}, at)).toEqual({ status: "succeeded" });
  });

  it("is tried three times unless the job or the workflow says otherwise, the job first", () => {
    const tries = (max_attempts: number | undefined, policy: RetryPolicy): number => {
      const more = max_attempts === undefined ? {} : { max_attempts };
      let attempt = 1;
      while (nextJobState(job(attempt, more), failed, policy, at).status === "queued") attempt += 1;
      return attempt;
    };
    expect(tries(undefined, {})).toBe(3);
    expect(tries(undefined, { maxAttempts: 5 })).toBe(5);
    expect(tries(1, { maxAttempts: 5 })).toBe(1);
  });

  it("goes back to the queue after half a second on average, with what went wrong", () => {
    expect(nextJobState(job(1), failed, {}, at)).toEqual({
      status: "queued",
      run_at: "2026-01-01T00:00:00.500Z",
      error,
    });
  });

  it("is not tried again after an error that says so", () => {
    const hopeless: AttemptOutcome = { status: "failed", failure: { error, retryable: false } };
    expect(nextJobState(job(1), hopeless, {}, at)).toEqual({ status: "failed", error });
  });

  it("comes no earlier than the error asked for", () => {
    const later: AttemptOutcome = {
      status: "failed",
      failure: { error, retryable: true, retryAfterMs: 30_000 },
    };
    expect(nextJobState(job(1), later, {}, at)).toMatchObject({ run_at: "2026-01-01T00:00:30.000Z" });
  });

  it("is queued at once after an interruption, whatever attempts it has left", () => {
    const next = nextJobState(job(9, { max_attempts: 1 }), { status: "interrupted" }, {}, at);
    expect(next).toEqual({ status: "queued", run_at: "2026-01-01T00:00:00.000Z" });
  });

  it("is queued for the end of its wait, or for never", () => {
    const until = "2026-02-01T00:00:00.000Z";
    expect(nextJobState(job(1), { status: "waiting", until }, {}, at)).toMatchObject({ run_at: until });
    expect(nextJobState(job(1), { status: "waiting" }, {}, at)).toMatchObject({
      run_at: "9999-12-31T23:59:59.999Z",
    });
  });

  it("survives two crashes in a row, and has failed after the third", () => {
    const crashed = (recoveries: number) =>
      nextJobState(job(5, { max_attempts: 1 }), { status: "orphaned", recoveries }, {}, at);
    expect([crashed(0).status, crashed(1).status]).toEqual(["queued", "queued"]);
    expect(crashed(2)).toMatchObject({ status: "failed", error: { code: "ATLAS_PLUGINS_CRASH_LOOP" } });
  });

  it("is retried exactly as often as allowed, whatever was not counted, and never later than the bound", () => {
    const policies = fc.record({
      maxAttempts: fc.integer({ min: 1, max: 40 }),
      firstDelayMs: fc.integer({ min: 0, max: 10_000 }),
      maxDelayMs: fc.integer({ min: 0, max: 600_000 }),
    });
    const uncounted = fc.integer({ min: 0, max: 100 });
    const random = fc.double({ min: 0, max: 0.999999, noNaN: true });
    fc.assert(
      fc.property(policies, uncounted, random, (policy, uncounted, random) => {
        for (let count = 1; count <= policy.maxAttempts; count += 1) {
          const next = nextJobState(job(count + uncounted, { uncounted }), failed, policy, { now, random });
          expect(next.status).toBe(count < policy.maxAttempts ? "queued" : "failed");
          if (next.status !== "queued") continue;
          const delayMs = Date.parse(next.run_at) - now;
          expect(delayMs).toBeGreaterThanOrEqual(0);
          const boundMs = Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** (count - 1));
          expect(delayMs).toBeLessThanOrEqual(boundMs);
        }
      }),
    );
  });

  it("never stays running, and never leaves the queue but by an end", () => {
    const outcomes = fc.oneof(
      fc.constant<AttemptOutcome>({ status: "succeeded" }),
      fc.constant<AttemptOutcome>({ status: "interrupted" }),
      fc.nat(5).map((recoveries): AttemptOutcome => ({ status: "orphaned", recoveries })),
      fc.boolean().map((retryable): AttemptOutcome => ({ status: "failed", failure: { error, retryable } })),
    );
    fc.assert(
      fc.property(outcomes, fc.integer({ min: 1, max: 50 }), fc.nat(60), (outcome, attempt, uncounted) => {
        const next = nextJobState(job(attempt, { uncounted }), outcome, {}, at);
        expect(["succeeded", "failed", "queued"]).toContain(next.status);
        if (next.status === "queued") expect(Date.parse(next.run_at)).toBeGreaterThanOrEqual(now);
      }),
    );
  });
});
