import type { Command, ReadOnlyRepo } from "@atlas/core";
import { isJobOver } from "../contract/wait.ts";
import type { WorkflowPlugin } from "../contract/workflow.ts";
import { checkedJob } from "../jobs/job-input.ts";
import type { Scheduled } from "./scheduler.ts";

/** A workflow's schedule. Each due time creates at most one job. */
export function scheduleOfWorkflow(workflow: WorkflowPlugin, repo: ReadOnlyRepo): readonly Scheduled[] {
  const { id, schedule } = workflow;
  if (schedule === undefined) return [];
  const { input = {}, overlap = "skip" } = schedule;
  return [
    {
      kind: "workflow",
      id,
      schedule,
      // A schedule whose jobs are all refused would never run, and nobody would know.
      check: async () => void (await checkedJob(workflow, { input })),
      async fire(run) {
        if (overlap === "skip" && (await isUnderWay(run - 1))) return {};
        const create: Command = {
          type: "job.create",
          // Sent again after a failed commit that was one after all, it creates no second job.
          job: await checkedJob(workflow, { workflow_id: id, idempotency_key: keyOf(run), input }),
        };
        return { commands: [create], goesOn: true };
      },
    },
  ];

  /** Only the last run can be: as long as it is, there is no other. */
  async function isUnderWay(run: number): Promise<boolean> {
    const job = await repo.getJobByKey(id, keyOf(run));
    return job !== undefined && !isJobOver(job);
  }
}

/** The idempotency key of the job that such a run creates. */
export function keyOf(run: number): string {
  return `schedule:${run}`;
}
