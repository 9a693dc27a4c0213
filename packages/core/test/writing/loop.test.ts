import { createFakeClock } from "@atlas/testing/clock";
import { expect, it } from "vitest";
import { createLoop } from "../../src/writing/loop.ts";

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

function counting(
  options: { tick?: (round: number) => number | undefined | Promise<undefined>; idleMs?: number } = {},
) {
  const clock = createFakeClock();
  const errors: unknown[] = [];
  let rounds = 0;
  const loop = createLoop({
    tick: () => {
      rounds += 1;
      return options.tick?.(rounds);
    },
    clock,
    onError: (error) => errors.push(error),
    ...(options.idleMs === undefined ? {} : { idleMs: options.idleMs }),
  });
  return { loop, clock, errors, rounds: () => rounds };
}

it("makes one round of many wakes in one turn", async () => {
  const { loop, rounds } = counting();
  for (let wake = 0; wake < 10; wake += 1) loop.wake();
  expect(rounds()).toBe(0);
  await nextTurn();
  expect(rounds()).toBe(1);
  await nextTurn();
  expect(rounds()).toBe(1);
});

it("goes on in the next turn while a round asks for it", async () => {
  const { loop, rounds } = counting({ tick: (round) => (round < 4 ? 0 : undefined) });
  loop.wake();
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  expect(rounds()).toBe(4);
});

it("waits on its clock for as long as a round asks for", async () => {
  const { loop, clock, rounds } = counting({ tick: (round) => (round === 1 ? 50 : undefined) });
  await loop.runOnce();
  clock.advance(49);
  expect(rounds()).toBe(1);
  clock.advance(1);
  expect(rounds()).toBe(2);
  await nextTurn();
  expect(clock.timers).toBe(0);
});

it("makes a round again after its idle time", async () => {
  const { loop, clock, rounds } = counting({ idleMs: 100 });
  await loop.runOnce();
  clock.advance(100);
  expect(rounds()).toBe(2);
  await loop.stop();
  expect(clock.timers).toBe(0);
});

it("never has two rounds at once, and makes the one asked for after the one under way", async () => {
  let open = (): void => undefined;
  const gate = new Promise<undefined>((resolve) => {
    open = () => resolve(undefined);
  });
  const { loop, rounds } = counting({ tick: (round) => (round === 1 ? gate : undefined) });
  const first = loop.runOnce();
  const second = loop.runOnce();
  const third = loop.runOnce();
  expect(rounds()).toBe(1);
  open();
  await Promise.all([first, second, third]);
  expect(rounds()).toBe(3);
});

it("makes another round when it is woken in one", async () => {
  const { loop, rounds } = counting({
    tick: (round) => {
      if (round === 1) loop.wake();
      return undefined;
    },
  });
  await loop.runOnce();
  await nextTurn();
  await nextTurn();
  expect(rounds()).toBe(2);
});

it.each(["at once", "later"])("hands a throw (%s) to onError and goes on", async (when) => {
  const { loop, errors, rounds } = counting({
    tick: (round) => {
      if (round > 1) return undefined;
      if (when === "later") return Promise.reject(new RangeError("broken"));
      throw new RangeError("broken");
    },
  });
  await loop.runOnce();
  expect(errors).toEqual([new RangeError("broken")]);
  await loop.runOnce();
  loop.wake();
  await nextTurn();
  await nextTurn();
  expect(rounds()).toBe(3);
});

it("goes on when onError itself throws", async () => {
  let rounds = 0;
  const loop = createLoop({
    tick: () => {
      rounds += 1;
      throw new RangeError("broken");
    },
    clock: createFakeClock(),
    onError: () => {
      throw new Error("The logger is broken too.");
    },
  });
  await loop.runOnce();
  await loop.runOnce();
  await loop.stop();
  expect(rounds).toBe(2);
});

it("lets the round under way end when it is stopped, and makes no other", async () => {
  let open = (): void => undefined;
  const gate = new Promise<undefined>((resolve) => {
    open = () => resolve(undefined);
  });
  const { loop, clock, rounds } = counting({ tick: () => gate, idleMs: 10 });
  const round = loop.runOnce();
  const stopped = loop.stop();
  expect(loop.stop()).toBe(stopped);
  open();
  await Promise.all([round, stopped]);
  loop.wake();
  await loop.runOnce();
  await nextTurn();
  expect(rounds()).toBe(1);
  expect(clock.timers).toBe(0);
});

it("pauses longer after each failure in a row, whoever wakes it, and says it once", async () => {
  let isBroken = true;
  const { loop, clock, errors, rounds } = counting({
    tick: () => {
      if (isBroken) throw new RangeError("broken");
      return undefined;
    },
  });
  await loop.runOnce();
  for (const pauseMs of [100, 200, 400]) {
    const before = rounds();
    loop.wake();
    await nextTurn();
    clock.advance(pauseMs - 1);
    await nextTurn();
    expect(rounds()).toBe(before);
    clock.advance(1);
    await nextTurn();
    expect(rounds()).toBe(before + 1);
  }
  for (let minute = 0; minute < 60; minute += 1) {
    clock.advance(60_000);
    await nextTurn();
  }
  // At most every 30 s, so an hour of failures is at most 120 rounds.
  expect(rounds()).toBeLessThan(4 + 120);
  expect(errors).toEqual([new RangeError("broken")]);

  isBroken = false;
  clock.advance(30_000);
  await nextTurn();
  isBroken = true;
  const before = rounds();
  loop.wake();
  await nextTurn();
  await nextTurn();
  expect(rounds()).toBe(before + 1);
  expect(errors).toHaveLength(2);
  clock.advance(100);
  await nextTurn();
  expect(rounds()).toBe(before + 2);
  await loop.stop();
  expect(clock.timers).toBe(0);
});

it("says another failure too", async () => {
  const { loop, errors } = counting({
    tick: (round) => {
      throw new RangeError(round < 3 ? "first" : "second");
    },
  });
  for (let round = 0; round < 4; round += 1) await loop.runOnce();
  expect(errors).toEqual([new RangeError("first"), new RangeError("second")]);
});
