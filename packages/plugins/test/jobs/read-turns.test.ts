import { describe, expect, it } from "vitest";
import type { Permit } from "../../src/jobs/next-lane.ts";
import { readTurns } from "../../src/jobs/read-turns.ts";
import { openStore } from "../support/open-store.ts";

const NOW = "2026-01-01T00:00:00.000Z";

/** Reads the turns of jobs that are named by their key and a number; without a dash they have no key. */
async function turnsOf(...ids: readonly string[]) {
  const { repo, commands } = await openStore();
  await Promise.all(
    ids.map((id, index) => {
      const [key, number] = id.split("-");
      const created_at = new Date(Date.parse(NOW) - 1_000_000 + index).toISOString();
      const keyed = number === undefined || key === undefined ? {} : { group_key: key };
      return commands.enqueue({
        type: "job.create",
        job: { id, workflow_id: "work.v1", created_at, ...keyed },
      });
    }),
  );
  return async (options: {
    readonly count: number;
    readonly last?: string;
    readonly permits?: Readonly<Record<string, Permit>>;
    readonly taken?: readonly string[];
    readonly hidden?: Readonly<Record<string, number>>;
  }) => {
    const { count, last = "", permits = {}, taken = [], hidden = {} } = options;
    const { turns, isWhole } = await readTurns({
      repo,
      level: { workflow_id: "work.v1", priority: 0 },
      last,
      now: NOW,
      count,
      permit: (key = "none") => permits[key] ?? "now",
      isTaken: (id) => taken.includes(id),
      hiddenOf: (key = "none") => hidden[key] ?? 0,
    });
    const text = turns.map(
      ({ key = "none", jobs, hasMore }) =>
        `${key}: ${jobs.map(({ id }) => id).join(" ")}${hasMore ? " …" : ""}`,
    );
    return { turns: text, isWhole };
  };
}

describe("the turns of keys that are read", () => {
  it("are those of as many keys as are asked for, in their order and around the end", async () => {
    const read = await turnsOf("c-1", "a-1", "d-1", "b-1");
    expect(await read({ count: 2 })).toEqual({ turns: ["a: a-1 …", "b: b-1 …"], isWhole: false });
    // Jobs without a key count as no key.
    expect(await read({ count: 3, last: "c" })).toEqual({
      turns: ["d: d-1 …", "none: ", "a: a-1 …", "b: b-1 …"],
      isWhole: false,
    });
    expect(await read({ count: 9, last: "b" })).toEqual({
      turns: ["c: c-1", "d: d-1", "none: ", "a: a-1", "b: b-1"],
      isWhole: true,
    });
  });

  it("have several jobs of each key when there are few keys, the longest waiting first", async () => {
    const read = await turnsOf("b-2", "b-1", "a-9", "a-8", "a-7", "b-3");
    expect(await read({ count: 4 })).toEqual({
      turns: ["a: a-9 a-8 …", "b: b-2 b-1 …", "none: "],
      isWhole: true,
    });
    expect(await read({ count: 100 })).toEqual({
      turns: ["a: a-9 a-8 a-7", "b: b-2 b-1 b-3", "none: "],
      isWhole: true,
    });
  });

  it("leave a place to a key at its limit, and none to one that waits for a time", async () => {
    const read = await turnsOf("a-1", "b-1", "c-1");
    const permits = { a: "later", b: { notBefore: 5 } } as const;
    expect(await read({ count: 9, permits })).toEqual({
      turns: ["a:  …", "c: c-1", "none: "],
      isWhole: true,
    });
    expect(await read({ count: 1, permits })).toEqual({ turns: ["a:  …", "c: c-1 …"], isWhole: false });
  });

  it("go on past keys whose jobs are all taken", async () => {
    const read = await turnsOf("a-1", "b-1", "c-1", "c-2");
    expect(await read({ count: 1, taken: ["a-1", "b-1"], hidden: { a: 1, b: 1 } })).toEqual({
      turns: ["a: ", "b: ", "c: c-1 …"],
      isWhole: false,
    });
  });

  it("look behind jobs that are taken, whether or not somebody said that they would be listed", async () => {
    const read = await turnsOf("a-1", "a-2", "a-3", "a-4", "a-5", "b-1");
    const taken = ["a-1", "a-2", "a-3"];
    expect((await read({ count: 2, taken, hidden: { a: 3 } })).turns[0]).toBe("a: a-4 …");
    expect((await read({ count: 2, taken })).turns[0]).toBe("a: a-4 …");
  });

  it("have jobs without a key as one more, after the last key", async () => {
    const read = await turnsOf("old1", "a-1", "old2");
    expect(await read({ count: 9 })).toEqual({ turns: ["a: a-1", "none: old1 old2 …"], isWhole: true });
    expect((await read({ count: 9, last: "a", taken: ["old1"], hidden: { none: 1 } })).turns).toEqual([
      "none: old2 …",
      "a: a-1",
    ]);
  });

  it("are found behind thousands of keys that wait for a time, while others have their turn", async () => {
    const waiting = Array.from({ length: 2_100 }, (_, key) => `k${String(key).padStart(4, "0")}`);
    const read = await turnsOf(...waiting.map((key) => `${key}-1`), "z-1");
    const permits = Object.fromEntries(waiting.map((key) => [key, { notBefore: 5 }]));
    let hadTurn = false;
    setImmediate(() => {
      hadTurn = true;
    });
    expect(await read({ count: 1, permits })).toEqual({ turns: ["z: z-1 …"], isWhole: false });
    expect(hadTurn).toBe(true);
  });
});
