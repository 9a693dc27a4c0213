import { z } from "zod";
import {
  type CommandOf,
  defineCommand,
  defineModule,
  idText,
  query,
  statement,
  tables,
  timeText,
} from "../../src/index.ts";

// A module outside core: the smallest one that has everything a module can have.

/** The tables of {@link finops}. */
export interface FinopsTables {
  finops_cost: { id: string; job_id: string; microusd: number; at: string };
}

type CostRow = FinopsTables["finops_cost"];

const insertCost = statement<FinopsTables, CostRow>((db, p) =>
  db.insertInto("finops_cost").values({ id: p.id, job_id: p.job_id, microusd: p.microusd, at: p.at }),
);

const selectSpend = query<FinopsTables, { job_id: string }>()((db, p) =>
  db
    .selectFrom("finops_cost")
    .select((row) => row.fn.coalesce(row.fn.sum<number>("microusd"), row.lit(0)).as("microusd"))
    .where("job_id", "=", p.job_id),
);

const command = defineCommand<FinopsTables>();
const cost = z.strictObject({
  id: idText.optional(),
  job_id: idText,
  microusd: z.int(),
  at: timeText.optional(),
});

/** Keeps what jobs cost. A second cost of one id violates the key of its table. */
export const finops = defineModule({
  name: "finops",
  version: 1,
  tables: tables<FinopsTables>(),
  migrations: {
    "001_cost": ({ schema }) => [
      schema
        .createTable("finops_cost")
        .addColumn("id", "text", (column) => column.primaryKey().notNull())
        .addColumn("job_id", "text", (column) => column.notNull())
        .addColumn("microusd", "integer", (column) => column.notNull())
        .addColumn("at", "text", (column) => column.notNull()),
      schema.createIndex("finops_cost_by_job").on("finops_cost").columns(["job_id", "microusd"]),
    ],
  },
  commands: {
    "finops.cost.record": command({
      schema: z.object({ cost }),
      prepare: ({ cost }, { now, newId }) => ({
        cost: { ...cost, id: cost.id ?? newId(), at: cost.at ?? now },
      }),
      apply: ({ cost }, change) => {
        change.run(insertCost, cost);
        change.emit({
          type: "finops.cost.recorded",
          aggregate_id: cost.job_id,
          payload: { microusd: cost.microusd },
        });
      },
    }),
    "finops.cost.fail": command({
      schema: z.object({ message: z.string() }),
      apply: ({ message }) => {
        throw new RangeError(message);
      },
    }),
  },
  queries: (read) => ({
    spendByJob: async (job_id: string) => Number((await read.get(selectSpend, { job_id }))?.microusd ?? 0),
  }),
});

/** The commands of {@link finops}. */
export type FinopsCommand = CommandOf<typeof finops>;
