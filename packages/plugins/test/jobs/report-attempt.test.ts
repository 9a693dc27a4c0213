import { CoreError, silentLogger } from "@atlas/core";
import { createFakeClock } from "@atlas/testing/clock";
import { expect, it } from "vitest";
import { reportAttempt } from "../../src/jobs/report-attempt.ts";

const full = new CoreError("ATLAS_CORE_STORAGE_FULL", { waitedMs: 1, outcome: "not applied" }, "full");
const moved = new CoreError("ATLAS_CORE_JOB_CONFLICT", { id: "j1", status: "cancelled" }, "moved");
const end = { outcome: { status: "succeeded" }, kept: false } as const;

function reporting(answers: readonly (Error | undefined)[]) {
  const clock = createFakeClock();
  const left = [...answers];
  const sent: unknown[] = [];
  const stop = new AbortController();
  const send = async (command: unknown) => {
    sent.push(command);
    const answer = left.shift();
    if (answer !== undefined) throw answer;
    return { seq: 1, changed: true };
  };
  const commands = { enqueue: send, enqueueAll: async (unit: readonly unknown[]) => [await send(unit)] };
  const lines: string[] = [];
  const note = (_fields: object, message: string): void => void lines.push(message);
  const log = { ...silentLogger, warn: note, error: note };
  const options = { commands, clock, log, signal: stop.signal };
  const reported = reportAttempt(options, { id: "j1", attempt: 1 }, end, { status: "succeeded" });
  return { reported, clock, left, sent, lines, stop };
}

it("sends a result again while the store cannot write", async () => {
  const { reported, clock, left } = reporting([full, undefined]);
  await new Promise(setImmediate);
  expect(left).toHaveLength(1);
  clock.advance(100);
  await expect(reported).resolves.toBe(true);
});

it("pauses longer each time the store cannot write, and says so once", async () => {
  const { reported, clock, left, lines } = reporting([full, full, full, full, undefined]);
  for (const pauseMs of [100, 200, 400, 800]) {
    await new Promise(setImmediate);
    const before = left.length;
    clock.advance(pauseMs - 1);
    await new Promise(setImmediate);
    expect(left).toHaveLength(before);
    clock.advance(1);
  }
  await expect(reported).resolves.toBe(true);
  expect(lines).toHaveLength(1);
});

it("gives up in the middle of a pause when the gateway has stopped, so that stop() ends", async () => {
  const { reported, clock, stop } = reporting([full, full, full]);
  await new Promise(setImmediate);
  stop.abort();
  await expect(reported).rejects.toBe(full);
  expect(clock.timers).toBe(0);
});

it("says when somebody else has moved the job", async () => {
  await expect(reporting([moved]).reported).resolves.toBe(false);
});

it("fails a job whose result is refused, which would stay running otherwise", async () => {
  const { reported, sent } = reporting([new Error("not on my watch"), full, undefined]);
  await new Promise(setImmediate);
  expect(sent[1]).toEqual({
    type: "job.updateStatus",
    id: "j1",
    attempt: 1,
    status: "failed",
    error: { name: "Error", message: "not on my watch" },
  });
  reported.catch(() => undefined);
});

it("says so when the failure is refused too", async () => {
  const refused = new Error("not on my watch");
  await expect(reporting([refused, refused]).reported).rejects.toBe(refused);
});
