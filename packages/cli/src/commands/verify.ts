import { defineCommand } from "../command/command.ts";
import { gatewayArgs } from "../command/common-args.ts";
import { EXIT } from "../command/exit-code.ts";
import { visible } from "../output/visible.ts";
import { withGateway } from "../reach/with-gateway.ts";

/** What replaying the journal found. */
interface Verification {
  readonly status: "verified" | "diverged";
  readonly first_seq: number;
  readonly last_seq: number;
  readonly commands?: number;
  readonly message?: string;
}

export const command = defineCommand({
  args: { ...gatewayArgs },
  async run({ args, host, output }) {
    output.status("Replaying the journal …");
    const found = await withGateway<Verification>(
      { args, host, output },
      {
        running: (client) => client.maintenance.verify(),
        opened: (gateway) => gateway.store.verify(),
      },
    );
    output.status("");
    const range = `commands ${found.first_seq} to ${found.last_seq}`;
    output.result(found, () => [
      found.status === "verified"
        ? `${output.paint("good", "verified")}: replaying ${range} gives the same rows, byte for byte.`
        : `${output.paint("bad", "diverged")}: ${visible(found.message ?? range)}`,
    ]);
    return found.status === "verified" ? undefined : EXIT.failed;
  },
});
