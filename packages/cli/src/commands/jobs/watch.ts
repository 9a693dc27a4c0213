import { defineCommand } from "../../command/command.ts";
import { notRunning } from "../../command/command-error.ts";
import { gatewayArgs } from "../../command/common-args.ts";
import { EXIT } from "../../command/exit-code.ts";
import { toneOf } from "../../output/paint.ts";
import { visible } from "../../output/visible.ts";
import { findGateway } from "../../reach/find-gateway.ts";
import { createInterruption } from "../interruption.ts";
import { type Progress, progressText } from "./job-lines.ts";

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
      for await (const event of reached.client.jobs.follow({ id: args.id }, { signal })) {
        if (event.event === "progress") {
          if (output.isJson || !output.isTerminal) output.item(event, () => progressLine(event.data));
          else output.status(visible(progressLine(event.data)));
          continue;
        }
        if (event.event === "end" && !output.isJson) continue;
        status = event.data.status;
        output.item(
          event,
          () => `${visible(event.data.updated_at)} ${output.paint(toneOf(status), visible(status))}`,
        );
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    output.status("");
    return (
      interruption.exitCode() ?? (status === "succeeded" || output.closed.aborted ? EXIT.ok : EXIT.failed)
    );
  },
});

function progressLine(progress: Progress): string {
  return `  ${progressText(progress)}`;
}
