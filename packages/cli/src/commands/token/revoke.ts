import { defineCommand } from "../../command/command.ts";
import { gatewayArgs } from "../../command/common-args.ts";
import { visible } from "../../output/visible.ts";
import { withGateway } from "../../reach/with-gateway.ts";

export const command = defineCommand({
  args: {
    id: { type: "positional", required: true, description: "Id of the token" },
    ...gatewayArgs,
  },
  async run({ args, host, output }) {
    const { id } = args;
    await withGateway<unknown>(
      { args, host, output },
      {
        running: (client) => client.tokens.revoke(id),
        opened: (gateway) => gateway.tokens.revoke(id),
      },
    );
    output.result({ id, revoked: true }, () => [`Revoked ${visible(id)}. It is refused from now on.`]);
    return undefined;
  },
});
