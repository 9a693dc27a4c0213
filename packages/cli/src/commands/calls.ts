import { defineCommand } from "../command/command.ts";
import { unknownId, usage } from "../command/command-error.ts";
import { gatewayArgs, pageArgs } from "../command/common-args.ts";
import { wholeNumber } from "../command/values.ts";
import { withReading } from "../reach/with-reading.ts";
import { callLines, type ModelCall } from "./model-call.ts";

const DEFAULT_LIMIT = 100;

/** A page of calls. */
interface CallPage {
  readonly items: readonly ModelCall[];
  readonly cursor?: string;
}

export const command = defineCommand({
  args: {
    job: { type: "string", valueHint: "id", description: "Only calls of this job, in order" },
    ...pageArgs,
    ...gatewayArgs,
  },
  async run({ args, host, output }) {
    const limit = wholeNumber(args.limit, "--limit", { least: 1, most: 1_000 }) ?? DEFAULT_LIMIT;
    const { job, cursor } = args;
    if (job !== undefined && (cursor !== undefined || args.limit !== undefined))
      throw usage("--job lists all calls of the job; leave --limit and --cursor out.");
    const page = await withReading<CallPage>(
      { args, host, output },
      {
        running: (client) =>
          job === undefined
            ? client.calls.list({ limit, ...(cursor === undefined ? {} : { cursor }) })
            : client.jobs.calls(job),
        async file(repo) {
          if (job !== undefined) {
            if ((await repo.getJob(job)) === undefined) throw unknownId("job", job);
            return { items: await repo.llm.listCalls(job) };
          }
          return repo.llm.listRecentCalls({ limit, ...(cursor === undefined ? {} : { cursor }) });
        },
      },
    );
    output.result(page, () => {
      if (page.items.length === 0) return ["No model calls."];
      const lines = callLines(page.items, output, { withJob: job === undefined });
      return page.cursor === undefined ? lines : [...lines, `More: --cursor=${page.cursor}`];
    });
    return undefined;
  },
});
