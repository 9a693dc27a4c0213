import { expect, it } from "vitest";
import { createFakeClock } from "../src/clock.ts";

it("runs work that waits for timers only, each at its time, and leaves the later ones", async () => {
  const clock = createFakeClock();
  const sleep = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));
  const rang: number[] = [];
  clock.after(5_000, () => rang.push(clock.monotonic()));
  const work = async (): Promise<string> => {
    await sleep(1_000);
    await sleep(2_000);
    return "done";
  };
  await expect(clock.run(work())).resolves.toBe("done");
  expect([clock.monotonic(), clock.timers, rang]).toEqual([3_000, 1, []]);
  expect(clock.now()).toBe(Date.parse("2026-01-01T00:00:03.000Z"));
});

it("refuses to begin at a text that is no time", () => {
  expect(() => createFakeClock("noon")).toThrow(
    new TypeError('createFakeClock: "noon" is not a time. Use an ISO time, such as "2026-01-01T00:00:00Z".'),
  );
});

it("rejects as the work does", async () => {
  await expect(createFakeClock().run(Promise.reject(new Error("refused")))).rejects.toThrow("refused");
});

it("says so when work waits for nothing that the clock could bring", async () => {
  const never = new Promise(() => undefined);
  await expect(createFakeClock().run(never)).rejects.toThrow("no timer is left");
});

it("does not go back for a timer that was due before it was set", async () => {
  const clock = createFakeClock();
  clock.advance(10);
  const late = new Promise<number>((resolve) => void clock.after(-5, () => resolve(clock.monotonic())));
  await expect(clock.run(late)).resolves.toBe(10);
  expect(clock.now()).toBe(Date.parse("2026-01-01T00:00:00.010Z"));
});
