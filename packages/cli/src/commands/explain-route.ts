import { defineCommand } from "../command/command.ts";
import { usage } from "../command/command-error.ts";
import { gatewayArgs } from "../command/common-args.ts";
import { loadConfig } from "../config/load-config.ts";
import { visible } from "../output/visible.ts";
import { findGateway } from "../reach/find-gateway.ts";
import { openGateway } from "../reach/with-gateway.ts";

/** The order in which a profile asks its candidates. */
interface Plan {
  readonly profile: string;
  readonly candidates: readonly {
    readonly candidate: string;
    readonly state: string;
    readonly reason?: string;
    readonly model?: string;
  }[];
}

export const command = defineCommand({
  args: {
    profile: {
      type: "positional",
      required: false,
      description: "Name of the profile (default: the default profile)",
    },
    agents: { type: "boolean", description: "Explain a profile of coding agents" },
    ...gatewayArgs,
  },
  async run({ args, host, output }) {
    const { profile } = args;
    const plan = await explain();
    output.result(plan, () => [
      `Profile ${output.paint("strong", visible(plan.profile))} asks in this order:`,
      ...output.table(
        [
          { title: "CANDIDATE", value: ({ candidate }) => candidate },
          { title: "MODEL", value: ({ model }) => model },
          {
            title: "STATE",
            value: ({ state }) => state,
            paint: (cell, { state }) => output.paint(state === "ready" ? "good" : "quiet", cell),
          },
          { title: "WHY", value: ({ reason }) => reason },
        ],
        plan.candidates,
      ),
    ]);
    return undefined;

    async function explain(): Promise<Plan> {
      // The running gateway knows which candidates are cooling down. It tells that of models only.
      if (args.agents !== true) {
        const reached = await findGateway(host, args);
        if (reached.kind === "gateway")
          return reached.client.models.explain(profile === undefined ? {} : { profile });
      }
      const loaded = await loadConfig(host, args.config);
      // In memory: whoever only asks for a route needs no database, nor a lock on it.
      await using gateway = await openGateway(loaded, { database: ":memory:" });
      if (args.agents !== true) return gateway.llm.explainRoute(profile);
      if (gateway.harness === undefined)
        throw usage(
          `${loaded.file} configures no coding agents. Add a \`harness\` part to the routing file.`,
        );
      return gateway.harness.explainRoute(profile);
    }
  },
});
