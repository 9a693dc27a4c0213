import { expect, it } from "vitest";
import { openStore } from "../support/open-store.ts";

it("refuses to promote a job that was started since it was read, though it is queued again", async () => {
  const { commands, repo } = await openStore();
  const run_at = "2999-01-01T00:00:00.000Z";
  await commands.enqueue({ type: "job.create", job: { id: "job", workflow_id: "work.v1", run_at } });
  await commands.enqueue({ type: "job.updateStatus", id: "job", status: "running" });
  await commands.enqueue({ type: "job.updateStatus", id: "job", status: "queued", run_at });
  const promote = (attempt: number) =>
    commands.enqueueAll([
      { type: "plugins.job.promote", job_id: "job", attempt },
      { type: "job.updateStatus", id: "job", status: "queued", run_at: "2026-01-01T00:00:00.000Z" },
    ]);
  await expect(promote(0)).rejects.toMatchObject({ code: "ATLAS_PLUGINS_JOB_NOT_DELAYED" });
  expect(await repo.getJob("job")).toMatchObject({ run_at });
  await promote(1);
  expect(await repo.getJob("job")).toMatchObject({ status: "queued", run_at: "2026-01-01T00:00:00.000Z" });
});
