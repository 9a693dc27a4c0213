import { defineCommand } from "../../command/command.ts";
import { usage } from "../../command/command-error.ts";
import { gatewayArgs } from "../../command/common-args.ts";
import { durationMs, listOf } from "../../command/values.ts";
import { withGateway } from "../../reach/with-gateway.ts";

export const command = defineCommand({
  args: {
    name: { type: "string", valueHint: "text", required: true, description: "What the token is for" },
    scopes: {
      type: "string",
      valueHint: "scopes",
      required: true,
      description: "What it may do, such as jobs:read,data:read, *:read or *",
    },
    expires: {
      type: "string",
      valueHint: "age",
      description: "Ends after this time, such as 30d (default: never)",
    },
    ...gatewayArgs,
  },
  async run({ args, host, output }) {
    const scopes = [...(listOf(args.scopes) ?? [])];
    const request = { name: args.name, scopes, ...expiry(args.expires) };
    const created = await withGateway(
      { args, host, output },
      {
        running: (client) => client.tokens.create(request),
        opened: (gateway) => gateway.tokens.create(request).catch(wrongRequest),
      },
    );
    output.note("This is the only time that the token is shown. Keep it where only its user can read it.");
    // Alone on standard output, so that it can go into a file.
    output.result(created, () => [created.token]);
    return undefined;
  },
});

/** What the gateway says of a wrong scope or name is about the command line. */
function wrongRequest(error: unknown): never {
  throw error instanceof TypeError ? usage(error.message) : error;
}

function expiry(text: string | undefined): { readonly expires_at?: string } {
  if (text === undefined) return {};
  const lasting = durationMs(text);
  if (lasting === undefined || lasting === 0)
    throw usage(`--expires must be a time such as 12h or 30d; got "${text}".`);
  return { expires_at: new Date(Date.now() + lasting).toISOString() };
}
