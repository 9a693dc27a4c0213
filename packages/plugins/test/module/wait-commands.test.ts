import { expect, it } from "vitest";
import { openStore } from "../support/open-store.ts";

// The runners look before they send. These commands decide when somebody else was faster.
const LATER = "2026-12-01T00:00:00.000Z";

/** A job that is parked at the signal `go`, after its first run. */
async function parkedJob() {
  const { store, repo } = await openStore();
  const { commands } = store;
  await commands.enqueueAll([
    { type: "job.create", job: { id: "j1", workflow_id: "w.v1" } },
    { type: "job.updateStatus", id: "j1", status: "running", attempt: 1 },
    { type: "plugins.wait.open", job_id: "j1", attempt: 1, kind: "signal", name: "go", deadline: LATER },
    { type: "job.updateStatus", id: "j1", status: "queued", attempt: 1, run_at: LATER },
  ]);
  const answer = {
    type: "plugins.wait.answer",
    job_id: "j1",
    kind: "signal",
    name: "go",
    value: 1,
    by: "ada",
  } as const;
  const waits = () => repo.plugins.listWaits("j1");
  return { commands, repo, answer, waits };
}

it("refuses an answer for a job that is over", async () => {
  const { commands, answer, waits } = await parkedJob();
  await commands.enqueue({ type: "job.updateStatus", id: "j1", status: "cancelled" });
  await expect(commands.enqueue(answer)).rejects.toMatchObject({ code: "ATLAS_PLUGINS_NOT_WAITING" });
  expect((await waits())[0]?.answer).toBeUndefined();
});

it("refuses to wake a job that was cancelled, and with it everything in the unit", async () => {
  const { commands, repo } = await parkedJob();
  await commands.enqueue({ type: "job.updateStatus", id: "j1", status: "cancelled" });
  const unit = [
    { type: "plugins.wait.wake", job_id: "j1", attempt: 1 },
    { type: "entity.upsert", entity: { id: "trace", type: "note" } },
  ] as const;
  await expect(commands.enqueueAll(unit)).rejects.toMatchObject({ code: "ATLAS_PLUGINS_NOT_WAITING" });
  expect(await repo.getEntity("trace")).toBeUndefined();
});

it("lists neither the waits nor the answers of a job that was cancelled", async () => {
  const { commands, repo, answer } = await parkedJob();
  await commands.enqueue({
    type: "plugins.wait.open",
    job_id: "j1",
    attempt: 1,
    kind: "jobs",
    name: "others",
    ids: ["j2"],
  });
  await commands.enqueue(answer);
  const listed = async () => [
    (await repo.plugins.listParkedWaits({ kind: "jobs", limit: 9 })).map(({ name }) => name),
    (await repo.plugins.listAnsweredJobs()).map(({ id }) => id),
  ];
  expect(await listed()).toEqual([["others"], ["j1"]]);
  await commands.enqueue({ type: "job.updateStatus", id: "j1", status: "cancelled" });
  expect(await listed()).toEqual([[], []]);
});

it("keeps the deadline of the first time when a wait is opened again", async () => {
  const { commands, waits } = await parkedJob();
  const again = { type: "plugins.wait.open", job_id: "j1", attempt: 2, kind: "signal", name: "go" } as const;
  await commands.enqueue({ ...again, deadline: "2027-01-01T00:00:00.000Z" });
  await commands.enqueue({ ...again, attempt: 3 });
  expect(await waits()).toMatchObject([{ name: "go", attempt: 3, deadline: LATER }]);
});

it("keeps the first answer, and answers nothing that has timed out", async () => {
  const { commands, answer, waits } = await parkedJob();
  await commands.enqueue(answer);
  for (const late of [
    { ...answer, value: 2 },
    { type: "plugins.wait.expire", job_id: "j1", kind: "signal", name: "go" } as const,
  ]) {
    await expect(commands.enqueue(late)).rejects.toMatchObject({ code: "ATLAS_PLUGINS_NOT_WAITING" });
  }
  expect(await waits()).toMatchObject([{ answer: { value: 1, by: "ada" } }]);
  await commands.enqueue({
    type: "plugins.wait.open",
    job_id: "j1",
    attempt: 1,
    kind: "signal",
    name: "other",
  });
  await commands.enqueue({ type: "plugins.wait.expire", job_id: "j1", kind: "signal", name: "other" });
  const tooLate = commands.enqueue({ ...answer, name: "other" });
  await expect(tooLate).rejects.toMatchObject({ code: "ATLAS_PLUGINS_NOT_WAITING" });
});
