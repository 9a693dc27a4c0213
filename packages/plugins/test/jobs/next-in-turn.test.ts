import type { Job } from "@atlas/core";
import { describe, expect, it } from "vitest";
import { nextInTurn, type Turn } from "../../src/jobs/next-in-turn.ts";

function turn(key: string, jobs: number, hasMore = false): Turn {
  // Only the id of a job is looked at.
  return { key, hasMore, jobs: Array.from({ length: jobs }, (_, job) => ({ id: `${key}-${job}` }) as Job) };
}

const ask = { hasRoom: (key: string | undefined) => key !== "full", isTaken: (id: string) => id === "a-0" };
const jobOf = (found: ReturnType<typeof nextInTurn>) => (typeof found === "object" ? found.job.id : found);

describe("the job that is next in turn", () => {
  it("is the first of the next key with room and a job, around the end", () => {
    const turns = [turn("a", 2), turn("b", 0), turn("full", 2), turn("d", 1)];
    expect(
      [0, 1, 2, 3, 4].map((position) => jobOf(nextInTurn({ turns, isWhole: true, position }, ask))),
    ).toEqual(["a-1", "d-0", "d-0", "d-0", "a-1"]);
  });

  it("is not known when a key before it has jobs that were not read", () => {
    const turns = [turn("a", 1, true), turn("b", 1)];
    expect(nextInTurn({ turns, isWhole: true, position: 0 }, ask)).toBe("read");
  });

  it("is not known at the end of keys that are not all", () => {
    const turns = [turn("b", 1)];
    expect(nextInTurn({ turns, isWhole: false, position: 1 }, ask)).toBe("read");
    expect(nextInTurn({ turns: [], isWhole: false, position: 0 }, ask)).toBe("read");
  });

  it("is none when no key may begin one", () => {
    const turns = [turn("full", 1, true), turn("b", 0)];
    expect(nextInTurn({ turns, isWhole: true, position: 1 }, ask)).toBeUndefined();
  });
});
