import { defineCommand, idText, query, type Read, statement, timeText } from "@atlas/core";
import { z } from "zod";
import type { PluginsTables } from "./tables.ts";

interface RateStart {
  workflow_id: string;
  number: number;
  at: string;
}

const keepStart = statement<PluginsTables, RateStart>((db, p) =>
  db
    .insertInto("plugins_rate_starts")
    .values({ workflow_id: p.workflow_id, number: p.number, at: p.at })
    .onConflict((conflict) => conflict.columns(["workflow_id", "number"]).doUpdateSet({ at: p.at })),
);
const removeStarts = statement<PluginsTables, { workflow_id: string; before: number }>((db, p) =>
  db
    .deleteFrom("plugins_rate_starts")
    .where("workflow_id", "=", p.workflow_id)
    .where("number", "<", p.before),
);

const command = defineCommand<PluginsTables>();

/** Stores that an attempt of a workflow with a rate limit began, and forgets those before `keep_from`. */
export const rateStart = command({
  schema: z.object({
    workflow_id: idText,
    number: z.int().min(1),
    keep_from: z.int(),
    at: timeText,
  }),
  apply: ({ workflow_id, number, keep_from, at }, change) => {
    change.run(keepStart, { workflow_id, number, at });
    change.run(removeStarts, { workflow_id, before: keep_from });
  },
});

const selectStarts = query<PluginsTables, { workflow_id: string }>()((db, p) =>
  db
    .selectFrom("plugins_rate_starts")
    .select(["number", "at"])
    .where("workflow_id", "=", p.workflow_id)
    .orderBy("number"),
);

/** Queries on rate limits. */
export function rateQueries(read: Read<PluginsTables>) {
  return {
    /** The last attempts of a workflow with a rate limit that began, oldest first; at most as many as its limit allows. */
    listRateStarts: (workflow_id: string) => read.all(selectStarts, { workflow_id }),
  };
}
