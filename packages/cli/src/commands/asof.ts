import { resolve } from "node:path";
import type { Gateway } from "@atlas/gateway";
import { defineCommand } from "../command/command.ts";
import { CommandError, unknownId, usage } from "../command/command-error.ts";
import { databaseArgs } from "../command/common-args.ts";
import { EXIT } from "../command/exit-code.ts";
import { pastTime } from "../command/values.ts";
import { visible } from "../output/visible.ts";
import { findDatabase } from "../reach/find-database.ts";
import { openGateway } from "../reach/with-gateway.ts";

const TABLES = ["entities", "events", "artifacts", "jobs", "domain_events"] as const;

export const command = defineCommand({
  args: {
    when: {
      type: "positional",
      required: true,
      description: "Number of a command (seq), a time, or an age such as 2h",
    },
    job: { type: "string", valueHint: "id", description: "Show this job as it was" },
    entity: { type: "string", valueHint: "id", description: "Show this entity as it was" },
    to: { type: "string", valueHint: "file", description: "Write the past database to this file" },
    config: databaseArgs.config,
  },
  async run({ args, host, output }) {
    const { job, entity, to } = args;
    if ([job, entity, to].filter((option) => option !== undefined).length > 1)
      throw usage("Give one of --job, --entity and --to.");
    const target = to === undefined ? undefined : resolve(host.cwd, to);
    const { loaded } = await findDatabase(host, { config: args.config });
    if (loaded === undefined) throw usage("`atlas asof` needs the configuration. Unset ATLAS_DATABASE.");
    await using gateway = await openGateway(loaded);
    const seq = await seqOf(gateway, args.when);
    output.status("Replaying the journal …");
    if (target !== undefined) {
      const made = await gateway.store.replay(target, { seq });
      output.status("");
      output.result({ path: target, ...made }, () => [
        `${visible(target)} is the database after command ${made.seq}.`,
      ]);
      return undefined;
    }
    await using past = await gateway.store.asOf(seq);
    output.status("");
    if (job !== undefined || entity !== undefined) {
      const kind = job === undefined ? "entity" : "job";
      const id = job ?? entity ?? "";
      const record = await (kind === "job" ? past.repo.getJob(id) : past.repo.getEntity(id));
      if (record === undefined)
        throw new CommandError(
          EXIT.notFound,
          unknownId(kind, id).code,
          `There was no ${kind} "${id}" after command ${seq}.`,
        );
      output.result({ seq, [kind]: record }, () => [
        visible(JSON.stringify(record, null, 2), { lines: true }),
      ]);
      return undefined;
    }
    const counts = await Promise.all(
      TABLES.map(async (table) => {
        const [row] = await past.repo.select
          .selectFrom(table)
          .select(({ fn }) => fn.countAll<number>().as("count"))
          .execute();
        return [table, row?.count ?? 0] as const;
      }),
    );
    output.result({ seq, rows: Object.fromEntries(counts) }, () => [
      `After command ${seq}:`,
      ...output.table(
        [
          { title: "TABLE", value: ([table]) => table },
          { title: "ROWS", value: ([, count]) => count, align: "right" },
        ],
        counts,
      ),
    ]);
    return undefined;
  },
});

/** The last command of a moment: of its own number, or of those that were enqueued until then. */
async function seqOf(gateway: Gateway, when: string): Promise<number> {
  if (/^\d{1,15}$/.test(when)) return Number(when);
  const time = pastTime(when, "<when>", Date.now());
  const row = await gateway.repo.select
    .selectFrom("journal")
    .select(({ fn }) => fn.max("seq").as("seq"))
    .where("enqueued_at", "<=", time)
    .executeTakeFirst();
  if (typeof row?.seq === "number") return row.seq;
  throw new CommandError(EXIT.notFound, "ATLAS_CLI_NOT_FOUND", `The journal begins after ${time}.`);
}
