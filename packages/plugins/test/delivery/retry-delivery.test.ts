import { describe, expect, it } from "vitest";
import { nextDelivery } from "../../src/delivery/retry-delivery.ts";

const failure = { retryable: true };
const at = (random: number) => ({ now: 0, random });

describe("a failed delivery", () => {
  it("is retried for at least 24 hours and at most 48, whatever the jitter", () => {
    const hours = (random: number): number => {
      let totalMs = 0;
      let attempts = 1;
      for (; nextDelivery(failure, attempts, {}, at(random)).status === "retrying"; attempts += 1)
        totalMs += nextDelivery(failure, attempts, {}, at(random)).pauseMs;
      expect(attempts).toBe(60);
      return totalMs / 3_600_000;
    };
    expect(hours(0)).toBeGreaterThanOrEqual(24);
    expect(hours(0.999_999)).toBeLessThanOrEqual(48.2);
  });

  it("pauses between half of a bound and all of it, which doubles from 1 s up to 1 h", () => {
    const pauses = (random: number) =>
      [1, 2, 3, 12, 13, 59].map((attempts) => nextDelivery(failure, attempts, {}, at(random)).pauseMs);
    expect(pauses(0)).toEqual([500, 1_000, 2_000, 1_024_000, 1_800_000, 1_800_000]);
    expect(pauses(0.5)).toEqual([750, 1_500, 3_000, 1_536_000, 2_700_000, 2_700_000]);
  });

  it("waits as long as the sink asks for", () => {
    const next = nextDelivery({ retryable: true, retryAfterMs: 7_200_000 }, 1, {}, at(0));
    expect(next).toEqual({ status: "retrying", next_at: "1970-01-01T02:00:00.000Z", pauseMs: 7_200_000 });
  });

  it("is a dead letter after the last attempt, and at once when a retry is no use", () => {
    const policy = { maxAttempts: 2, maxDelayMs: 600 };
    expect(nextDelivery(failure, 1, policy, at(0.5))).toMatchObject({ status: "retrying", pauseMs: 450 });
    expect(nextDelivery(failure, 2, policy, at(0.5)).status).toBe("dead");
    expect(nextDelivery({ retryable: false }, 1, policy, at(0)).status).toBe("dead");
  });
});
