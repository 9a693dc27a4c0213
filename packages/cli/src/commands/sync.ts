import { defineCommand } from "../command/command.ts";
import { gatewayArgs } from "../command/common-args.ts";
import { withGateway } from "../reach/with-gateway.ts";

export const command = defineCommand({
  args: {
    source: { type: "positional", required: false, description: "Id of a source (default: all sources)" },
    full: { type: "boolean", description: "Read everything again" },
    ...gatewayArgs,
  },
  async run({ args, host, output }) {
    const { source } = args;
    const full = args.full === true;
    output.status("Syncing …");
    const result = await withGateway(
      { args, host, output },
      {
        running: (client) =>
          client.sources.sync({ full, ...(source === undefined ? {} : { source_id: source }) }),
        async opened(gateway) {
          const done = await gateway.sync(source, { full });
          output.note("No gateway is running: what follows from the new data runs after `atlas start`.");
          return done;
        },
      },
    );
    output.status("");
    output.result(result, () =>
      result.sources.length === 0
        ? ["The gateway has no sources."]
        : output.table(
            [
              { title: "SOURCE", value: ({ id }) => id },
              { title: "CHANGED", value: ({ changed }) => changed, align: "right" },
              { title: "UNCHANGED", value: ({ unchanged }) => unchanged, align: "right" },
              { title: "REFUSED", value: ({ refused }) => refused, align: "right" },
            ],
            result.sources,
          ),
    );
    return undefined;
  },
});
