import { defineCommand } from "../../command/command.ts";
import { unknownId } from "../../command/command-error.ts";
import { gatewayArgs } from "../../command/common-args.ts";
import { withReading } from "../../reach/with-reading.ts";
import { type JobEvidence, jobLines } from "./job-lines.ts";

export const command = defineCommand({
  args: {
    id: { type: "positional", required: true, description: "Id of the job" },
    ...gatewayArgs,
  },
  async run({ args, host, output }) {
    const { id } = args;
    const found = await withReading<JobEvidence | undefined>(
      { args, host, output },
      {
        async running(client) {
          const [job, steps, waits, calls, runs, log] = await Promise.all([
            client.jobs.get(id),
            client.jobs.steps(id),
            client.jobs.waits(id),
            client.jobs.calls(id),
            client.jobs.runs(id),
            client.jobs.log(id),
          ]);
          return {
            job,
            steps: steps.items,
            waits: waits.items,
            calls: calls.items,
            runs: runs.items,
            log: log.items,
          };
        },
        async file(repo) {
          const job = await repo.getJob(id);
          if (job === undefined) return undefined;
          const [result, progress, steps, waits, calls, runs, log] = await Promise.all([
            repo.plugins.getJobResult(id),
            repo.plugins.getJobProgress(id),
            repo.plugins.listJobSteps(id),
            repo.plugins.listWaits(id),
            repo.llm.listCalls(id),
            repo.harness.listRuns(id),
            repo.plugins.listJobLogs(id),
          ]);
          const shown = {
            ...job,
            ...(result === undefined ? {} : { result }),
            ...(progress === undefined ? {} : { progress: progress.progress }),
          };
          return { job: shown, steps, waits, calls, runs, log };
        },
      },
    );
    if (found === undefined) throw unknownId("job", id);
    output.result(found, () => jobLines(found, output));
    return undefined;
  },
});
