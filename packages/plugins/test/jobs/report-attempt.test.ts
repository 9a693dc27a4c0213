import { CoreError, silentLogger } from "@atlas/core";
import { createFakeClock } from "@atlas/testing/clock";
import { expect, it } from "vitest";
import { reportAttempt } from "../../src/jobs/report-attempt.ts";

const full = new CoreError("ATLAS_CORE_STORAGE_FULL", { waitedMs: 1, outcome: "not applied" }, "full");
const moved = new CoreError("ATLAS_CORE_JOB_CONFLICT", { id: "j1", status: "cancelled" }, "moved");
const end = { outcome: { status: "succeeded" }, kept: false } as const;

function reporting(answers: readonly (CoreError | undefined)[], isStopping = false) {
  const clock = createFakeClock();
  const left = [...answers];
  const send = async () => {
    const answer = left.shift();
    if (answer !== undefined) throw answer;
    return { seq: 1, changed: true };
  };
  const commands = { enqueue: send, enqueueAll: async () => [await send()] };
  const options = { commands, clock, log: silentLogger, isStopping: () => isStopping };
  const reported = reportAttempt(options, { id: "j1", attempt: 1 }, end, { status: "succeeded" });
  return { reported, clock, left };
}

it("sends a result again while the store cannot write", async () => {
  const { reported, clock, left } = reporting([full, undefined]);
  await new Promise(setImmediate);
  expect(left).toHaveLength(1);
  clock.advance(1_000);
  await expect(reported).resolves.toBe(true);
});

it("gives up at once when the gateway is stopping, so that stop() ends", async () => {
  await expect(reporting([full, undefined], true).reported).rejects.toBe(full);
});

it("says when somebody else has moved the job", async () => {
  await expect(reporting([moved]).reported).resolves.toBe(false);
});
