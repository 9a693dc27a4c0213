import type { Logger } from "@atlas/core";
import { silentLogger } from "@atlas/core";
import { expect, it, vi } from "vitest";
import { createObserver } from "../../src/calling/observer.ts";
import type { Observe, WorkEnd } from "../../src/index.ts";

interface Thing {
  readonly kind: "thing";
}

const thing: Thing = { kind: "thing" };
const parent = (number: number): string => `00-${"a".repeat(32)}-${String(number).repeat(16)}-01`;

function observerOf(list: readonly Observe<Thing>[], log: Logger = silentLogger) {
  const observer = createObserver(list, log);
  if (observer === undefined) throw new Error("There is none.");
  return observer;
}

it("is nothing where nobody observes", () => {
  expect(createObserver([], silentLogger)).toBeUndefined();
});

it("tells every observer how the work ended, the first one outermost", async () => {
  const seen: string[] = [];
  const note =
    (name: string): Observe<Thing> =>
    async (work, run) => {
      seen.push(`${name} begins ${work.kind}`);
      const { status } = await run();
      seen.push(`${name} saw ${status}`);
    };
  const observer = observerOf([note("outer"), note("inner")]);
  const result = await observer(
    thing,
    async () => {
      seen.push("work");
      return 7;
    },
    () => ({ status: "waiting" }),
  );
  await Promise.resolve();
  expect(result).toBe(7);
  expect(seen.slice(0, 3)).toEqual(["outer begins thing", "inner begins thing", "work"]);
  expect(seen.slice(3).sort()).toEqual(["inner saw waiting", "outer saw waiting"]);
});

it("tells of a failure, and rejects with it", async () => {
  const ends: WorkEnd[] = [];
  const observer = observerOf([async (_, run) => void ends.push(await run())]);
  const error = new Error("No.");
  await expect(observer(thing, () => Promise.reject(error))).rejects.toBe(error);
  expect(ends).toEqual([{ status: "failed", error }]);
});

it("hands on the innermost traceparent, and none that is malformed", async () => {
  const run = async (traceparent?: string) => traceparent;
  const gives =
    (traceparent?: string): Observe<Thing> =>
    (_, begin) =>
      begin(traceparent);
  expect(await observerOf([gives(parent(1)), gives(parent(2))])(thing, run)).toBe(parent(2));
  expect(await observerOf([gives(parent(1)), gives()])(thing, run)).toBe(parent(1));
  expect(await observerOf([gives("00-1-2-3")])(thing, run)).toBeUndefined();
});

const hostile: Readonly<Record<string, Observe<Thing>>> = {
  "throws before it runs the work": () => {
    throw new Error("No.");
  },
  "throws after it has run the work": (_, run) => {
    void run();
    throw new Error("No.");
  },
  rejects: async (_, run) => {
    await run();
    throw new Error("No.");
  },
  "does not run the work": () => undefined,
  "runs it twice": (_, run) => Promise.all([run(), run()]),
  "runs it late": async (_, run) => {
    await new Promise(setImmediate);
    await run();
  },
  "never ends": (_, run) => {
    void run();
    return new Promise(() => undefined);
  },
};

it.each(Object.keys(hostile))("runs the work once where what observes it %s", async (what) => {
  const observe = hostile[what];
  const work = vi.fn(async () => "done");
  expect(await observerOf(observe === undefined ? [] : [observe, observe])(thing, work)).toBe("done");
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  expect(work).toHaveBeenCalledTimes(1);
});

it("logs the first failure of what observes, and no other", async () => {
  const warn = vi.fn();
  const observer = observerOf(
    [
      () => {
        throw new Error("No.");
      },
    ],
    { ...silentLogger, warn },
  );
  for (let round = 0; round < 3; round += 1) await observer(thing, async () => undefined);
  expect(warn).toHaveBeenCalledTimes(1);
});
