import {
  defineCommand,
  defineModule,
  events,
  idText,
  type Migration,
  query,
  statement,
  tables,
} from "@atlas/core";
import { z } from "zod";

export interface MeterTables {
  meter_call: { id: string; tenant: string; tokens: number };
}

/** The events of its commands, by type. Sinks that use the module get them typed. */
export interface MeterEvents {
  "meter.call.recorded": { aggregate_id: string; payload: { tokens: number } };
}

const createCallTable: Migration = ({ schema }) => [
  schema
    .createTable("meter_call")
    .addColumn("id", "text", (column) => column.primaryKey().notNull())
    .addColumn("tenant", "text", (column) => column.notNull())
    .addColumn("tokens", "integer", (column) => column.notNull()),
  schema.createIndex("meter_call_by_tenant").on("meter_call").columns(["tenant", "tokens"]),
];

const insertCall = statement<MeterTables, MeterTables["meter_call"]>((db, p) =>
  db
    .insertInto("meter_call")
    .values({ id: p.id, tenant: p.tenant, tokens: p.tokens })
    .onConflict((conflict) => conflict.doNothing()),
);

const selectUsage = query<MeterTables, { tenant: string }>()((db, p) =>
  db
    .selectFrom("meter_call")
    .where("tenant", "=", p.tenant)
    .select((row) => [
      row.fn.countAll<number>().as("calls"),
      row.fn.coalesce(row.fn.sum<number>("tokens"), row.val(0)).as("tokens"),
    ]),
);

const command = defineCommand<MeterTables, MeterEvents>();

/** One row for each call of a model. */
export const meterModule = defineModule({
  name: "meter",
  version: 1,
  tables: tables<MeterTables>(),
  events: events<MeterEvents>(),
  migrations: { "001_call": createCallTable },
  commands: {
    "meter.call.record": command({
      schema: z.object({ id: idText, tenant: idText, tokens: z.int().min(0) }),
      apply: ({ id, tenant, tokens }, change) => {
        change.run(insertCall, { id, tenant, tokens }, { ifNone: "stop" });
        change.emit({ type: "meter.call.recorded", aggregate_id: tenant, payload: { tokens } });
      },
    }),
  },
  queries: (read) => ({
    usage: async (tenant: string) => (await read.get(selectUsage, { tenant })) ?? { calls: 0, tokens: 0 },
  }),
});
