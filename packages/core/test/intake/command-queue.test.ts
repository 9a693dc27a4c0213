import { expect, it } from "vitest";
import { isCoreError } from "../../src/index.ts";
import { createCommandQueue } from "../../src/intake/command-queue.ts";
import { createUnit, type QueuedCommand, type Unit } from "../../src/intake/unit.ts";

const command: QueuedCommand = {
  type: "test.nothing",
  definition: { schema: undefined as never, apply: () => undefined },
  payload: {},
};

function unit(
  actor: string,
  options: { commands?: number; sizeBytes?: number; waitingSince?: number } = {},
): Unit {
  const content = {
    commands: Array.from({ length: options.commands ?? 1 }, () => command),
    actor,
    enqueuedAt: "2026-11-21T09:00:00.000Z",
    waitingSince: options.waitingSince ?? 0,
    sizeBytes: options.sizeBytes ?? 10,
  };
  return createUnit(content, (receipts) => receipts).unit;
}

const names = (units: readonly Unit[]): readonly string[] => units.map(({ actor }) => actor);
const everything = { maxCommands: 1_000_000, maxBytes: 1_000_000_000 };

it("gives units out in the order in which they came, also past its inner compaction", () => {
  const queue = createCommandQueue({ maxCommands: 10_000, maxBytes: 1_000_000 });
  const expected = Array.from({ length: 3_000 }, (_, index) => `u${index}`);
  for (const name of expected) queue.push(unit(name));
  const taken: string[] = [];
  while (queue.commands > 0) taken.push(...names(queue.drain({ maxCommands: 7, maxBytes: 1_000 })));
  expect(taken).toEqual(expected);
  expect(queue.bytes).toBe(0);
});

it("takes whole units, and at least one whatever its size", () => {
  const queue = createCommandQueue({ maxCommands: 100, maxBytes: 1_000 });
  queue.push(unit("large", { commands: 9 }));
  queue.push(unit("two", { commands: 2 }));
  queue.push(unit("three", { commands: 3 }));
  expect(names(queue.drain({ maxCommands: 4, maxBytes: 1_000 }))).toEqual(["large"]);
  expect(names(queue.drain({ maxCommands: 4, maxBytes: 1_000 }))).toEqual(["two"]);
  expect(names(queue.drain(everything))).toEqual(["three"]);
  expect(queue.drain(everything)).toEqual([]);
});

it("stops a batch at its limit of bytes", () => {
  const queue = createCommandQueue({ maxCommands: 100, maxBytes: 1_000 });
  for (const name of ["a", "b", "c"]) queue.push(unit(name, { sizeBytes: 40 }));
  expect(names(queue.drain({ maxCommands: 100, maxBytes: 80 }))).toEqual(["a", "b"]);
});

it.each([
  ["commands", { maxCommands: 3, maxBytes: 1_000 }, { commands: 2 }],
  ["bytes", { maxCommands: 100, maxBytes: 100 }, { sizeBytes: 60 }],
] as const)(
  "refuses what goes beyond its bound of %s, and takes it again after a drain",
  (_, bounds, each) => {
    const queue = createCommandQueue(bounds);
    queue.push(unit("first", each));
    const full = thrownBy(() => queue.push(unit("second", each)));
    expect(isCoreError(full, "ATLAS_CORE_QUEUE_FULL") && full.details).toEqual({
      queued: queue.commands,
      queuedBytes: queue.bytes,
    });
    expect(full).toMatchObject({ retryable: true });
    expect(names(queue.drain(everything))).toEqual(["first"]);
    queue.push(unit("second", each));
    expect(names(queue.drain(everything))).toEqual(["second"]);
  },
);

it("takes out what has waited since before a time, and leaves the rest", () => {
  const queue = createCommandQueue({ maxCommands: 100, maxBytes: 1_000 });
  for (const waitingSince of [1, 2, 3]) queue.push(unit(`at ${waitingSince}`, { waitingSince }));
  expect(names(queue.drainWaitingSince(3))).toEqual(["at 1", "at 2"]);
  expect(queue.commands).toBe(1);
});

function thrownBy(act: () => void): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error("Nothing was thrown.");
}

it.each([
  ["commands", { maxCommands: 3, maxBytes: 1_000 }, { commands: 4 }],
  ["bytes", { maxCommands: 100, maxBytes: 100 }, { sizeBytes: 101 }],
] as const)("refuses for good a unit of more %s than an empty queue takes", (_, bounds, size) => {
  const queue = createCommandQueue(bounds);
  const error = thrownBy(() => queue.push(unit("large", size)));
  expect(isCoreError(error, "ATLAS_CORE_COMMAND_TOO_LARGE") && error.retryable).toBe(false);
  expect([queue.commands, queue.bytes]).toEqual([0, 0]);
  queue.push(unit("small"));
});
