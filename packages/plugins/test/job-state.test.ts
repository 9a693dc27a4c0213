import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextJobState } from "../src/index.ts";

const at = { now: Date.parse("2026-01-01T00:00:00.000Z"), random: 0.5 };
const failed = { status: "failed", error: { message: "no" } } as const;

describe("what becomes of a job", () => {
  it("has succeeded when its attempt has", () => {
    expect(nextJobState({ attempt: 3, max_attempts: 3 }, { status: "succeeded" }, at)).toEqual({
      status: "succeeded",
    });
  });

  it("fails at once without max_attempts, and goes back to the queue after half a second on average with them", () => {
    expect(nextJobState({ attempt: 1 }, failed, at)).toEqual(failed);
    expect(nextJobState({ attempt: 1, max_attempts: 2 }, failed, at)).toEqual({
      status: "queued",
      run_at: "2026-01-01T00:00:00.500Z",
      error: failed.error,
    });
  });

  it("is queued at once after an interruption, whatever attempts it has left", () => {
    const next = nextJobState({ attempt: 9, max_attempts: 1 }, { status: "interrupted" }, at);
    expect(next).toEqual({ status: "queued", run_at: "2026-01-01T00:00:00.000Z" });
  });

  it("is retried exactly max_attempts - 1 times, never later than five minutes", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (max, random) => {
          for (let attempt = 1; attempt <= max; attempt += 1) {
            const next = nextJobState({ attempt, max_attempts: max }, failed, { now: at.now, random });
            expect(next.status).toBe(attempt < max ? "queued" : "failed");
            if (next.status !== "queued") continue;
            const delayMs = Date.parse(next.run_at) - at.now;
            expect(delayMs).toBeGreaterThanOrEqual(0);
            expect(delayMs).toBeLessThanOrEqual(Math.min(300_000, 1_000 * 2 ** (attempt - 1)));
          }
        },
      ),
    );
  });
});
