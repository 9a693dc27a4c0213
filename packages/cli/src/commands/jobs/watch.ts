import { defineCommand } from "../../command/command.ts";
import { notRunning } from "../../command/command-error.ts";
import { gatewayArgs } from "../../command/common-args.ts";
import { EXIT } from "../../command/exit-code.ts";
import { toneOf } from "../../output/paint.ts";
import { visible } from "../../output/visible.ts";
import { findGateway } from "../../reach/find-gateway.ts";
import { createInterruption } from "../interruption.ts";
import { progressText } from "./job-lines.ts";

export const command = defineCommand({
  args: {
    id: { type: "positional", required: true, description: "Id of the job" },
    ...gatewayArgs,
  },
  async run({ args, host, output }) {
    const reached = await findGateway(host, args);
    if (reached.kind === "file")
      throw notRunning(
        "Jobs run only in a running gateway. Start it with `atlas start`, or see `atlas jobs show`.",
      );
    using interruption = createInterruption();
    const signal = AbortSignal.any([interruption.signal, output.closed]);
    let status = "";
    try {
      for await (const event of reached.client.jobs.follow(args.id, { signal })) {
        if (event.event === "progress") {
          const text = `  ${progressText(event.progress)}`;
          // On a terminal, each report takes the place of the one before.
          if (output.isTerminal) output.status(visible(text));
          else output.item(event, () => visible(text));
          continue;
        }
        status = event.job.status;
        // It tells what the status before it has told, with the result.
        if (event.event === "end" && !output.isJson) continue;
        const { updated_at } = event.job;
        output.item(event, () => `${visible(updated_at)} ${output.paint(toneOf(status), visible(status))}`);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    output.status("");
    const exitCode = interruption.exitCode();
    if (exitCode !== undefined || output.closed.aborted) return exitCode;
    return status === "succeeded" ? EXIT.ok : EXIT.failed;
  },
});
