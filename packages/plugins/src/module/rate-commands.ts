import { defineCommand, idText, query, type Read, timeText } from "@atlas/core";
import { lazySchema, lazyStatement } from "@atlas/core/internal";
import { z } from "zod";
import type { PluginsTables } from "./tables.ts";

interface RateStart {
  workflow_id: string;
  number: number;
  at: string;
}

const keepStart = lazyStatement<PluginsTables, RateStart>((db, p) =>
  db
    .insertInto("plugins_rate_starts")
    .values({ workflow_id: p.workflow_id, number: p.number, at: p.at })
    .onConflict((conflict) => conflict.columns(["workflow_id", "number"]).doUpdateSet({ at: p.at })),
);
const removeStarts = lazyStatement<PluginsTables, { workflow_id: string; before: number }>((db, p) =>
  db
    .deleteFrom("plugins_rate_starts")
    .where("workflow_id", "=", p.workflow_id)
    .where("number", "<", p.before),
);

const command = defineCommand<PluginsTables>();

/** Stores that an attempt of a workflow with a rate limit began, and forgets those before `keep_from`. */
export const rateStart = command({
  schema: lazySchema(() =>
    z.object({
      workflow_id: idText,
      number: z.int().min(1),
      keep_from: z.int(),
      at: timeText,
    }),
  ),
  apply: ({ workflow_id, number, keep_from, at }, change) => {
    change.run(keepStart, { workflow_id, number, at });
    change.run(removeStarts, { workflow_id, before: keep_from });
  },
});

interface KeyStart extends RateStart {
  group_key: string;
}

const keepKeyStart = lazyStatement<PluginsTables, KeyStart>((db, p) =>
  db
    .insertInto("plugins_key_starts")
    .values({ workflow_id: p.workflow_id, number: p.number, group_key: p.group_key, at: p.at })
    .onConflict((conflict) =>
      conflict.columns(["workflow_id", "number"]).doUpdateSet({ group_key: p.group_key, at: p.at }),
    ),
);
const removeKeyStarts = lazyStatement<PluginsTables, { workflow_id: string; before: number }>((db, p) =>
  db.deleteFrom("plugins_key_starts").where("workflow_id", "=", p.workflow_id).where("number", "<", p.before),
);

/** Stores that an attempt of a key with a rate limit began, and forgets those of the workflow before `keep_from`. */
export const rateStartOfKey = command({
  schema: lazySchema(() =>
    z.object({
      workflow_id: idText,
      group_key: idText,
      number: z.int().min(1),
      keep_from: z.int(),
      at: timeText,
    }),
  ),
  apply: ({ workflow_id, group_key, number, keep_from, at }, change) => {
    change.run(keepKeyStart, { workflow_id, group_key, number, at });
    change.run(removeKeyStarts, { workflow_id, before: keep_from });
  },
});

const selectStarts = query<PluginsTables, { workflow_id: string }>()((db, p) =>
  db
    .selectFrom("plugins_rate_starts")
    .select(["number", "at"])
    .where("workflow_id", "=", p.workflow_id)
    .orderBy("number"),
);

const selectKeyStarts = query<PluginsTables, { workflow_id: string; after: number; limit: number }>()(
  (db, p) =>
    db
      .selectFrom("plugins_key_starts")
      .select(["number", "group_key", "at"])
      .where("workflow_id", "=", p.workflow_id)
      .where("number", ">", p.after)
      .orderBy("number")
      .limit(p.limit),
);

/** Queries on rate limits. */
export function rateQueries(read: Read<PluginsTables>) {
  return {
    /** The last attempts of a workflow with a rate limit that began, oldest first; at most as many as its limit allows. */
    listRateStarts: (workflow_id: string) => read.all(selectStarts, { workflow_id }),
    /** The attempts of a workflow with a rate limit per key that began within the last period, oldest first. */
    listKeyStarts: (workflow_id: string, options: { readonly after: number; readonly limit: number }) =>
      read.all(selectKeyStarts, { workflow_id, ...options }),
  };
}
