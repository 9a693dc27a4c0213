import { defineCommand } from "../../command/command.ts";
import { gatewayArgs } from "../../command/common-args.ts";
import { withGateway } from "../../reach/with-gateway.ts";
import { changedJob } from "./changed-job.ts";

export const command = defineCommand({
  args: {
    id: { type: "positional", required: true, description: "Id of the job" },
    children: {
      type: "boolean",
      default: true,
      description: "Cancel its children too",
      negativeDescription: "Spare its children",
    },
    ...gatewayArgs,
  },
  async run({ args, host, output }) {
    const { id, children } = args;
    const job = await withGateway(
      { args, host, output },
      {
        running: (client) => client.jobs.cancel(id, { children }),
        opened: (gateway) => gateway.jobs.cancel(id, { children }),
      },
    );
    return changedJob(job, output);
  },
});
