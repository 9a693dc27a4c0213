import { type Command, isoTime, type ReadOnlyRepo } from "@atlas/core";
import type { WorkflowPlugin } from "../contract/workflow.ts";
import type { Scheduled } from "./scheduler.ts";

const KEY = "schedule:";

/** A workflow's schedule. Each due time creates at most one job. */
export function scheduleOfWorkflow(workflow: WorkflowPlugin, repo: ReadOnlyRepo): readonly Scheduled[] {
  const { id, schedule } = workflow;
  if (schedule === undefined) return [];
  const { input, overlap = "skip" } = schedule;
  return [
    {
      kind: "workflow",
      id,
      schedule,
      async fire(dueAt) {
        if (overlap === "skip" && (await isUnderWay(id, repo))) return {};
        const create: Command = {
          type: "job.create",
          job: {
            workflow_id: id,
            idempotency_key: `${KEY}${isoTime(dueAt)}`,
            ...(input === undefined ? {} : { input }),
          },
        };
        return { commands: [create] };
      },
    },
  ];
}

async function isUnderWay(workflow_id: string, repo: ReadOnlyRepo): Promise<boolean> {
  for (const status of ["running", "queued"] as const) {
    const found = await repo.select
      .selectFrom("jobs")
      .select("id")
      .where("status", "=", status)
      .where("workflow_id", "=", workflow_id)
      .where("idempotency_key", "like", `${KEY}%`)
      .limit(1)
      .executeTakeFirst();
    if (found !== undefined) return true;
  }
  return false;
}
