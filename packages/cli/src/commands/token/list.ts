import { defineCommand } from "../../command/command.ts";
import { gatewayArgs } from "../../command/common-args.ts";
import { withGateway } from "../../reach/with-gateway.ts";

export const command = defineCommand({
  args: { ...gatewayArgs },
  async run({ args, host, output }) {
    const items = await withGateway(
      { args, host, output },
      {
        running: async (client) => (await client.tokens.list()).items,
        opened: async (gateway) => gateway.tokens.list(),
      },
    );
    output.result({ items }, () =>
      items.length === 0
        ? ["No tokens."]
        : output.table(
            [
              { title: "ID", value: ({ id }) => id },
              { title: "NAME", value: ({ name }) => name },
              { title: "SCOPES", value: ({ scopes }) => scopes.join(",") },
              { title: "CREATED", value: ({ created_at }) => created_at },
              { title: "EXPIRES", value: ({ expires_at }) => expires_at },
              { title: "REVOKED", value: ({ revoked_at }) => revoked_at },
            ],
            items,
          ),
    );
    return undefined;
  },
});
