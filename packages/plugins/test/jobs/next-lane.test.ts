import type { Job } from "@atlas/core";
import { describe, expect, it } from "vitest";
import { nextLane, strictest } from "../../src/jobs/next-lane.ts";

const job = (id: string, priority: number, run_at: string) => ({ id, priority, run_at }) as Job;

describe("the next lane", () => {
  it("is the one whose first job has the highest priority, then waits longest, then has the smallest id", () => {
    const empty = { first: undefined };
    const late = { first: job("a", 0, "2026-01-02") };
    const early = { first: job("c", 0, "2026-01-01") };
    const twin = { first: job("b", 0, "2026-01-01") };
    const urgent = { first: job("z", 1, "2026-01-03") };
    expect(nextLane([empty, late, early, twin, urgent])).toBe(urgent);
    expect(nextLane([late, empty, early, twin])).toBe(twin);
    expect(nextLane([late, early])).toBe(early);
    expect(nextLane([empty])).toBeUndefined();
  });
});

describe("the strictest permit", () => {
  it("is no permit, then the latest time, then now", () => {
    expect(strictest([])).toBe("now");
    expect(strictest(["now", { notBefore: 5 }, { notBefore: 7 }, { notBefore: 6 }])).toEqual({
      notBefore: 7,
    });
    expect(strictest([{ notBefore: 5 }, "later", "now"])).toBe("later");
  });
});
