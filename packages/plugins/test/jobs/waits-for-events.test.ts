import { createFakeClock } from "@atlas/testing/clock";
import { expect, it } from "vitest";
import { runningJobs } from "../support/running-jobs.ts";

it("stays timed out in a later attempt, although the event has come since", async () => {
  const clock = createFakeClock();
  const got: string[] = [];
  const { create, over, waiting, emit } = await runningJobs(
    async (ctx) => {
      const asked = await ctx.waitForEvent("asked", { type: "asked" }, { timeoutMs: 1_000 });
      got.push(asked.status);
      await ctx.waitForEvent("go", { type: "go" });
    },
    { clock },
  );
  await create("j1");
  await waiting("j1");
  clock.advance(1_000);
  await expect.poll(() => got).toEqual(["timed_out"]);
  await waiting("j1");
  await emit("asked");
  await emit("go");
  expect(await over("j1")).toMatchObject({ status: "succeeded" });
  expect(got).toEqual(["timed_out", "timed_out"]);
});

it("takes no event up to the number that it was told, also of those to come", async () => {
  let after = Number.MAX_SAFE_INTEGER;
  const got: number[] = [];
  const { create, over, waiting, emit, repo } = await runningJobs(async (ctx) => {
    const waited = await ctx.waitForEvent("asked", { type: "asked" }, { after });
    if (waited.status === "received") got.push(waited.event.seq);
  });
  const last = async () => (await repo.listDomainEvents()).items.at(-1)?.seq ?? 0;
  await emit("other");
  after = (await last()) + 10;
  await create("j1");
  await waiting("j1");
  while ((await last()) < after) await emit("asked");
  await emit("asked");
  expect(await over("j1")).toMatchObject({ status: "succeeded" });
  expect(got).toEqual([after + 1]);
});
