import { silentLogger, systemClock } from "@atlas/core";
import { expect, it } from "vitest";
import { createJobMoves } from "../../src/jobs/job-moves.ts";
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
      {
        commands,
        moves: createJobMoves(commands),
        clock: systemClock,
        log: silentLogger,
        signal: new AbortController().signal,
      },
      { id: "j1", attempt: 1 },
      { outcome, kept: false },
      { status: "queued", run_at: "2026-01-01T00:00:00.000Z" },
    );
    expect(isStored).toBe(false);
    expect(await repo.getJob("j1")).toMatchObject({ status: "cancelled", attempt: 1 });
    expect((await repo.plugins.getJobRun("j1"))?.uncounted ?? 0).toBe(0);
  },
);

it.each<[string, readonly ("queued" | "running" | "cancelled")[]]>([
  ["queued again", ["queued"]],
  ["begun again", ["queued", "running"]],
  ["cancelled", ["cancelled"]],
])("leaves a job alone that was %s while its report was refused", async (_, moves) => {
  const { commands, repo } = await openStore({
    admit: [
      (command) => {
        if (command.type === "plugins.job.result") throw new Error("not on my watch");
        return command;
      },
    ],
  });
  await commands.enqueue({ type: "job.create", job: { id: "j1", workflow_id: "work.v1" } });
  await commands.enqueue({ type: "job.updateStatus", id: "j1", status: "running" });
  let moved: Awaited<ReturnType<typeof repo.getJob>>;
  const isStored = await reportAttempt(
    {
      commands: {
        ...commands,
        // The second report, which says that the job has failed.
        async enqueue(command, envelope) {
          for (const status of moves) await commands.enqueue({ type: "job.updateStatus", id: "j1", status });
          moved = await repo.getJob("j1");
          return commands.enqueue(command, envelope);
        },
      },
      moves: createJobMoves(commands),
      clock: systemClock,
      log: silentLogger,
      signal: new AbortController().signal,
    },
    { id: "j1", attempt: 1 },
    { outcome: { status: "succeeded" }, kept: false, result: 1 },
    { status: "succeeded" },
  );
  expect(isStored).toBe(false);
  expect(moved).toMatchObject({ status: moves.at(-1) });
  expect(await repo.getJob("j1")).toEqual(moved);
});
