import { createFakeClock } from "@atlas/testing";
import { expect, it } from "vitest";
import { createLimits } from "../../src/router/limits.ts";

function setUp(signal?: AbortSignal) {
  const clock = createFakeClock();
  const limits = createLimits({ clock, signal, startedAt: 0, deadlineMs: 1_000 });
  return { clock, limits };
}

it("a call that is over stays over for its first reason, and begins no attempt and no wait", async () => {
  const caller = new AbortController();
  const { clock, limits } = setUp(caller.signal);
  clock.advance(1_000);
  caller.abort(new Error("enough"));
  expect(limits.over).toMatchObject({ why: "deadline", failure: { kind: "timed_out" } });
  const late = limits.forAttempt(500);
  expect(late.signal.reason).toMatchObject({ name: "TimeoutError" });
  late.end();
  await limits.wait(undefined, () => expect.fail("It waited."));
  limits.end();
  expect(clock.timers).toBe(0);
});

it("a call that is over aborts the attempt that runs, and none that has ended", () => {
  const caller = new AbortController();
  const { clock, limits } = setUp(caller.signal);
  const ended = limits.forAttempt(500);
  ended.end();
  const running = limits.forAttempt(500);
  caller.abort(new Error("enough"));
  expect([ended.signal.aborted, running.signal.reason]).toEqual([false, new Error("enough")]);
  running.end();
  limits.end();
  expect(clock.timers).toBe(0);
});

it("a caller who has given up before is over at once", () => {
  const { limits } = setUp(AbortSignal.abort(new Error("enough")));
  expect(limits.over).toMatchObject({ why: "aborted", reason: new Error("enough") });
  limits.end();
});
