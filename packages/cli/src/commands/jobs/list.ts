import type { Job } from "@atlas/core";
import { defineCommand } from "../../command/command.ts";
import { gatewayArgs, pageArgs } from "../../command/common-args.ts";
import { oneOf, wholeNumber } from "../../command/values.ts";
import { toneOf } from "../../output/paint.ts";
import { withReading } from "../../reach/with-reading.ts";

const STATUSES = ["queued", "running", "succeeded", "failed", "cancelled"] as const;

export const command = defineCommand({
  args: {
    status: { type: "string", valueHint: STATUSES.join("|"), description: "Only jobs with this status" },
    workflow: { type: "string", valueHint: "id", description: "Only jobs of this workflow" },
    parent: { type: "string", valueHint: "id", description: "Only children of this job" },
    oldest: { type: "boolean", description: "Begin with the oldest" },
    ...pageArgs,
    ...gatewayArgs,
  },
  async run({ args, host, output }) {
    const status = oneOf(args.status, "--status", STATUSES);
    const limit = wholeNumber(args.limit, "--limit", { least: 1, most: 1_000 });
    const query = {
      order: args.oldest === true ? "asc" : "desc",
      ...(status === undefined ? {} : { status }),
      ...(args.workflow === undefined ? {} : { workflow_id: args.workflow }),
      ...(args.parent === undefined ? {} : { parent_id: args.parent }),
      ...(limit === undefined ? {} : { limit }),
      ...(args.cursor === undefined ? {} : { cursor: args.cursor }),
    } as const;
    const page = await withReading(
      { args, host, output },
      { running: (client) => client.jobs.list(query), file: (repo) => repo.listJobs(query) },
    );
    output.result(page, () => {
      if (page.items.length === 0) return ["No jobs."];
      const { paint } = output;
      const lines = output.table<
        Pick<Job, "id" | "workflow_id" | "status" | "attempt" | "created_at" | "error">
      >(
        [
          { title: "ID", value: ({ id }) => id },
          { title: "WORKFLOW", value: ({ workflow_id }) => workflow_id },
          {
            title: "STATUS",
            value: (job) => job.status,
            paint: (cell, job) => paint(toneOf(job.status), cell),
          },
          { title: "RUNS", value: ({ attempt }) => attempt, align: "right" },
          { title: "CREATED", value: ({ created_at }) => created_at },
          { title: "ERROR", value: ({ error }) => messageOf(error) },
        ],
        page.items,
      );
      return page.cursor === undefined ? lines : [...lines, `More: --cursor=${page.cursor}`];
    });
    return undefined;
  },
});

function messageOf(error: Job["error"]): string | undefined {
  if (error === undefined) return undefined;
  return typeof error["message"] === "string" ? error["message"] : JSON.stringify(error);
}
