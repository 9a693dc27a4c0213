import {
  type CoreTables,
  defineCommand,
  excluded,
  idText,
  type JsonObject,
  jsonObject,
  jsonText,
  query,
  type Read,
  type Refusal,
} from "@atlas/core";
import { lazySchema, lazyStatement, sql } from "@atlas/core/internal";
import { z } from "zod";
import { parseJsonColumn } from "./json-column.ts";
import type { PluginsTables } from "./tables.ts";

/** One of the inputs that a batch has taken. */
export interface BatchInput {
  /** Counts the inputs of the batch, from 1. */
  readonly number: number;
  readonly input: JsonObject;
}

type BatchRow = PluginsTables["plugins_batches"];
type InputRow = PluginsTables["plugins_batch_inputs"];
interface BatchKey {
  workflow_id: string;
  key: string;
}

// Core's table, which every store has. It is only read here.
const jobs = sql<{ id: string; status: string; attempt: number }>`jobs`.as("job");

const open = lazyStatement<PluginsTables, BatchRow & { before: string | null }>((db, p) =>
  db
    .insertInto("plugins_batches")
    .values(p.columns(["workflow_id", "key", "job_id"]))
    .onConflict((conflict) =>
      conflict
        .columns(["workflow_id", "key"])
        .doUpdateSet((row) => excluded(row, ["job_id"]))
        .where("plugins_batches.job_id", "=", p.before),
    ),
);

const add = lazyStatement<PluginsTables, InputRow>((db, p) =>
  db
    .insertInto("plugins_batch_inputs")
    .columns(["job_id", "number", "input"])
    .expression((row) =>
      row
        .selectFrom(jobs)
        .select([p.job_id.as("job_id"), p.number.as("number"), p.input.as("input")])
        .where("job.id", "=", p.job_id)
        .where("job.status", "=", sql.lit("queued"))
        .where("job.attempt", "=", sql.lit(0))
        .where(
          sql<boolean>`${p.number} = 1 + coalesce((select max(number) from plugins_batch_inputs where job_id = ${p.job_id}), 0)`,
        ),
    ),
);

const selectBatch = query<PluginsTables & CoreTables, BatchKey>()((db, p) =>
  db
    .selectFrom("plugins_batches as batch")
    .leftJoin("jobs", "jobs.id", "batch.job_id")
    .select([
      "batch.job_id",
      "jobs.status",
      "jobs.attempt",
      "jobs.run_at",
      sql<number>`coalesce((select max(number) from plugins_batch_inputs as input where input.job_id = batch.job_id), 0)`.as(
        "size",
      ),
    ])
    .where("batch.workflow_id", "=", p.workflow_id)
    .where("batch.key", "=", p.key),
);

const selectInputs = query<PluginsTables, { job_id: string }>()((db, p) =>
  db
    .selectFrom("plugins_batch_inputs")
    .select(["number", "input"])
    .where("job_id", "=", p.job_id)
    .orderBy("number"),
);

const command = defineCommand<PluginsTables>();

/**
 * Makes a job that was created in the same unit the batch that takes the next inputs of this key. `before` is the batch that the caller has
 * found there; refused when it is another one by now.
 */
export const batchOpen = command({
  schema: lazySchema(() =>
    z.object({ workflow_id: idText, key: z.string(), job_id: idText, before: idText.optional() }),
  ),
  apply: ({ before = null, ...batch }, change) =>
    change.run(open, { ...batch, before }, { ifNone: closed(before ?? batch.job_id) }),
});

/** Adds an input to a batch that has not begun. Refused unless it is the next one by its number. */
export const batchAdd = command({
  schema: lazySchema(() => z.object({ job_id: idText, number: z.int().min(1), input: jsonObject })),
  apply: ({ input, ...place }, change) =>
    change.run(add, { ...place, input: jsonText(input) }, { ifNone: closed(place.job_id) }),
});

function closed(id: string): Refusal {
  return {
    refuse: "ATLAS_PLUGINS_BATCH_CLOSED",
    message: `The batch "${id}" began, ended or took another input just before. Nothing was changed. Repeat the call.`,
    details: { id },
  };
}

/** Queries on batches. */
export function batchQueries(read: Read<PluginsTables>, all: Read<PluginsTables & CoreTables>) {
  return {
    /** The newest batch of a key, and how many inputs it has. Without a key of its own, a workflow has the key `""`. */
    getBatch: (workflow_id: string, key: string) => all.get(selectBatch, { workflow_id, key }),
    /** The inputs of a batch job, in the order in which it has taken them. They stay until the job is pruned. */
    async listBatchInputs(job_id: string): Promise<readonly BatchInput[]> {
      const rows = await read.all(selectInputs, { job_id });
      return rows.map(({ number, input }) => ({ number, input: parseJsonColumn<JsonObject>(input) }));
    },
  };
}
