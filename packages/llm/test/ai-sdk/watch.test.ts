import { createFakeClock } from "@atlas/testing";
import { expect, it } from "vitest";
import { lifeListener } from "../../src/ai-sdk/signs-of-life.ts";
import { createWatch } from "../../src/ai-sdk/watch.ts";

function setUp({ firstPartMs = 60_000, idleMs = 5_000 } = {}) {
  const clock = createFakeClock();
  const call = new AbortController();
  const watch = createWatch({ clock, signal: call.signal, firstPartMs, idleMs });
  /** What a guarded fetch does when a line arrives. */
  const sign = (): void => lifeListener(watch.signal)?.();
  return { clock, call, watch, sign };
}

it("does not begin the time for the next part by a sign of life while the reader is waited for", () => {
  const { clock, watch, sign } = setUp();
  watch.seen();
  watch.hold();
  sign();
  clock.advance(5_000);
  clock.advance(5_000);
  expect(watch.timeout).toBeUndefined();
  watch.seen();
  clock.advance(5_000);
  expect(watch.timeout).toBeDefined();
  expect(watch.signal.reason).toBe(watch.timeout);
});

it("sets no timer for a sign that comes after the end, or after its time", () => {
  const ended = setUp();
  ended.watch.end();
  ended.sign();
  expect(ended.clock.timers).toBe(0);
  const late = setUp();
  late.clock.advance(60_000);
  late.sign();
  expect(late.watch.signal.aborted).toBe(true);
  expect(late.clock.timers).toBe(0);
});

it("tells of an abort that has happened already", () => {
  const { call, watch } = setUp();
  const reasons: unknown[] = [];
  watch.onAbort((reason) => reasons.push(reason));
  call.abort("enough");
  watch.onAbort((reason) => reasons.push(reason));
  expect(reasons).toEqual(["enough", "enough"]);
});

it("gives two watches of one call their own signs of life", () => {
  const { clock, call, watch, sign } = setUp({ firstPartMs: 1_000, idleMs: 1_000 });
  const other = createWatch({ clock, signal: call.signal, firstPartMs: 1_000, idleMs: 1_000 });
  clock.advance(900);
  sign();
  clock.advance(100);
  expect([watch.signal.aborted, other.signal.aborted]).toEqual([false, true]);
  expect(lifeListener(undefined)).toBeUndefined();
});
