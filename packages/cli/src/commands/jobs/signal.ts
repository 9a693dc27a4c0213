import type { JsonValue } from "@atlas/core";
import { defineCommand } from "../../command/command.ts";
import { gatewayArgs } from "../../command/common-args.ts";
import { EXIT } from "../../command/exit-code.ts";
import { jsonValue } from "../../command/values.ts";
import { withGateway } from "../../reach/with-gateway.ts";

const MEANINGS: Readonly<Record<string, string>> = {
  delivered: "The job has its answer.",
  buffered: "The job gets the answer when it comes to this wait.",
  already_received: "The wait had another answer before; that one stays.",
  closed: "The job is over, or the wait has timed out.",
};

export const command = defineCommand({
  args: {
    id: { type: "positional", required: true, description: "Id of the job" },
    name: { type: "positional", required: true, description: "Name of the wait" },
    value: { type: "positional", required: false, description: "The answer as JSON (default: null)" },
    "signal-id": { type: "string", valueHint: "text", description: "Repeating it gives the first result" },
    ...gatewayArgs,
  },
  async run({ args, host, output }) {
    const { id, name } = args;
    // Any JSON; only its parser can have made it.
    const value = (args.value === undefined ? null : jsonValue(args.value, "<value>")) as JsonValue;
    const signal = args["signal-id"] === undefined ? {} : { signal_id: args["signal-id"] };
    const result = await withGateway(
      { args, host, output },
      {
        running: async (client) => (await client.jobs.signal(id, { name, value, ...signal })).result,
        opened: (gateway) => gateway.jobs.signal(id, name, value, signal),
      },
    );
    output.result({ id, name, result }, () => [`${result}: ${MEANINGS[result] ?? ""}`]);
    return result === "delivered" || result === "buffered" ? undefined : EXIT.refused;
  },
});
