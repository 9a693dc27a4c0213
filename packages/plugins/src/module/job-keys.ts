import { defineCommand, excluded, idText, query, type Read, type Refusal, timeText } from "@atlas/core";
import { lazySchema, lazyStatement, sql } from "@atlas/core/internal";
import type { Expression, SqlBool } from "kysely";
import { z } from "zod";
import type { KeyScope, PluginsTables } from "./tables.ts";

type Row = PluginsTables["plugins_job_keys"];
type Hold = Row & { at: string };

// Core's table, which every store has. It is only read here.
const holder = sql`select 1 from jobs where jobs.id = plugins_job_keys.job_id`;

const jobs = sql<{ id: string }>`jobs`.as("job");
const KEY_COLUMNS = ["workflow_id", "scope", "key", "job_id", "input_digest", "until"] as const;

// A key is held by nobody when its job is gone. After the clock was set back, a window that ends later than the new one is not trusted.
const isFree = {
  job: () => sql<SqlBool>`not exists (${holder})`,
  active: () => sql<SqlBool>`not exists (${holder} and jobs.status in ('queued', 'running'))`,
  window: (p) =>
    sql<SqlBool>`(not exists (${holder}) or plugins_job_keys.until <= ${p.at} or plugins_job_keys.until > excluded.until)`,
  debounce: () => sql<SqlBool>`not exists (${holder} and jobs.status = 'queued' and jobs.attempt = 0)`,
} as const satisfies Record<KeyScope, (p: { readonly at: Expression<string> }) => Expression<SqlBool>>;

const holdFor = (scope: KeyScope) =>
  lazyStatement<PluginsTables, Hold>((db, p) =>
    db
      .insertInto("plugins_job_keys")
      .columns(KEY_COLUMNS)
      // Nothing, when the job was not created because its idempotency key is known.
      .expression((row) =>
        row
          .selectFrom(jobs)
          .select([
            p.workflow_id.as("workflow_id"),
            p.scope.as("scope"),
            p.key.as("key"),
            p.job_id.as("job_id"),
            p.input_digest.as("input_digest"),
            p.until.as("until"),
          ])
          .where("job.id", "=", p.job_id),
      )
      .onConflict((conflict) =>
        conflict
          .columns(["workflow_id", "scope", "key"])
          .doUpdateSet((row) => excluded(row, ["job_id", "input_digest", "until"]))
          .where(isFree[scope](p)),
      ),
  );
const hold = {
  job: holdFor("job"),
  active: holdFor("active"),
  window: holdFor("window"),
  debounce: holdFor("debounce"),
};

const selectKey = query<PluginsTables, Pick<Row, "workflow_id" | "scope" | "key">>()((db, p) =>
  db
    .selectFrom("plugins_job_keys")
    .select(["job_id", "input_digest", "until"])
    .where("workflow_id", "=", p.workflow_id)
    .where("scope", "=", p.scope)
    .where("key", "=", p.key),
);

const command = defineCommand<PluginsTables>();

/**
 * Gives a key to a job that was created in the same unit, before this command. Refused when another job holds it, so that the unit
 * creates no job; the job of an idempotency key is not created then, and nothing changes.
 */
export const jobKey = command({
  schema: lazySchema(() =>
    z.object({
      workflow_id: idText,
      scope: z.enum(["job", "active", "window", "debounce"]),
      key: idText,
      job_id: idText,
      input_digest: idText,
      until: timeText.optional(),
      at: timeText.optional(),
    }),
  ),
  prepare: (payload, { now }) => ({ ...payload, at: payload.at ?? now }),
  apply: ({ until = null, ...given }, change) => {
    const { scope } = given;
    // Core does not create a second job of an idempotency key, so there is nothing to refuse.
    change.run(hold[scope], { ...given, until }, { ifNone: scope === "job" ? "stop" : keyTaken(given) });
  },
});

function keyTaken({ workflow_id, key }: Pick<Row, "workflow_id" | "key">): Refusal {
  return {
    refuse: "ATLAS_PLUGINS_KEY_TAKEN",
    message: `Another job of the workflow "${workflow_id}" holds the key "${key}". Nothing was changed.`,
    details: { workflow_id, key },
  };
}

/** Queries on the keys of jobs. */
export function jobKeys(read: Read<PluginsTables>) {
  return {
    /** Who holds a key, or held it last. */
    getJobKey: (workflow_id: string, scope: KeyScope, key: string) =>
      read.get(selectKey, { workflow_id, scope, key }),
  };
}
