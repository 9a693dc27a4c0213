import { silentLogger, systemClock } from "@atlas/core";
import { expect, it } from "vitest";
import { reportAttempt } from "../../src/jobs/report-attempt.ts";
import { openStore } from "../support/open-store.ts";

it.each(["interrupted", "failed"] as const)(
  "leaves a job cancelled whose attempt ended as %s in the same instant",
  async (status) => {
    const { commands, repo } = await openStore();
    await commands.enqueue({ type: "job.create", job: { id: "j1", workflow_id: "work.v1" } });
    await commands.enqueue({ type: "job.updateStatus", id: "j1", status: "running" });
    await commands.enqueue({ type: "job.updateStatus", id: "j1", status: "cancelled" });
    const failure = { error: { message: "no" }, retryable: true };
    const outcome = status === "failed" ? { status, failure } : { status };
    const isStored = await reportAttempt(
      { commands, clock: systemClock, log: silentLogger, signal: new AbortController().signal },
      { id: "j1", attempt: 1 },
      { outcome, kept: false },
      { status: "queued", run_at: "2026-01-01T00:00:00.000Z" },
    );
    expect(isStored).toBe(false);
    expect(await repo.getJob("j1")).toMatchObject({ status: "cancelled", attempt: 1 });
    expect((await repo.plugins.getJobRun("j1"))?.uncounted ?? 0).toBe(0);
  },
);
