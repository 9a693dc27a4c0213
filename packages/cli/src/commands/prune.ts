import { defineCommand } from "../command/command.ts";
import { gatewayArgs } from "../command/common-args.ts";
import { listOf, oneOf, pastTime } from "../command/values.ts";
import { withGateway } from "../reach/with-gateway.ts";

const KINDS = [
  "domain_events",
  "jobs",
  "artifacts",
  "events",
  "deleted_entities",
  "refused",
  "journal",
] as const;
// What tells of work that is over. Artifacts, events and the past itself are asked for by name.
const DEFAULT_KINDS: readonly (typeof KINDS)[number][] = ["domain_events", "jobs", "refused"];

export const command = defineCommand({
  args: {
    before: {
      type: "string",
      valueHint: "time",
      required: true,
      description: "Remove what is older than this time, or this age (30d)",
    },
    only: {
      type: "string",
      valueHint: "kinds",
      description: `Kinds of records, of ${KINDS.join(", ")} (default: ${DEFAULT_KINDS.join(",")})`,
    },
    ...gatewayArgs,
  },
  async run({ args, host, output }) {
    const before = pastTime(args.before, "--before", Date.now());
    const kinds = listOf(args.only)?.map((kind) => oneOf(kind, "--only", KINDS)) ?? DEFAULT_KINDS;
    // Each kind names a field of the policy.
    const policy: Policy = Object.fromEntries(kinds.map((kind) => [`${kind}_before`, before]));
    output.status("Pruning …");
    const report = await withGateway(
      { args, host, output },
      {
        running: (client) => client.maintenance.prune(policy),
        opened: (gateway) => gateway.store.prune(policy),
      },
    );
    output.status("");
    output.result(report, () => [
      ...output.table(
        [
          { title: "TABLE", value: ([table]) => table },
          { title: "BEFORE", value: ([, rows]) => rows, align: "right" },
          { title: "AFTER", value: ([table]) => (report.after.rows as Rows)[table], align: "right" },
        ],
        Object.entries(report.before.rows as Rows),
      ),
      ...(report.kept_for_sinks.length === 0
        ? []
        : [`Kept for sinks that lag: ${report.kept_for_sinks.join(", ")}. Prune again later.`]),
    ]);
    return undefined;
  },
});

type Policy = { readonly [Kind in (typeof KINDS)[number] as `${Kind}_before`]?: string };
type Rows = Readonly<Record<string, number>>;
