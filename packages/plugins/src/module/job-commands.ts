import { defineCommand, excluded, idText, type JsonValue, jsonObject, jsonText, timeText } from "@atlas/core";
import { lazySchema, lazyStatement, sql } from "@atlas/core/internal";
import { z } from "zod";
import type { PluginsTables } from "./tables.ts";

interface JobKey {
  job_id: string;
}
interface RunKey extends JobKey {
  attempt: number;
}

const countWithout = lazyStatement<PluginsTables, JobKey>((db, p) =>
  db
    .insertInto("plugins_job_runs")
    .values({ job_id: p.job_id, uncounted: 1, recoveries: 0, recovered_attempt: 0 })
    .onConflict((conflict) =>
      conflict.column("job_id").doUpdateSet({ uncounted: sql<number>`plugins_job_runs.uncounted + 1` }),
    ),
);

const countRecovery = lazyStatement<PluginsTables, RunKey>((db, p) =>
  db
    .insertInto("plugins_job_runs")
    .values({ job_id: p.job_id, uncounted: 1, recoveries: 1, recovered_attempt: p.attempt })
    .onConflict((conflict) =>
      conflict.column("job_id").doUpdateSet({
        uncounted: sql<number>`plugins_job_runs.uncounted + 1`,
        recoveries: sql<number>`case when plugins_job_runs.recovered_attempt = excluded.recovered_attempt - 1
          then plugins_job_runs.recoveries + 1 else 1 end`,
        recovered_attempt: sql<number>`excluded.recovered_attempt`,
      }),
    ),
);

export const forgiveAttempts = lazyStatement<PluginsTables, RunKey>((db, p) =>
  db
    .insertInto("plugins_job_runs")
    .values({ job_id: p.job_id, uncounted: p.attempt, recoveries: 0, recovered_attempt: 0 })
    .onConflict((conflict) =>
      conflict.column("job_id").doUpdateSet({
        uncounted: sql<number>`excluded.uncounted`,
        recoveries: 0,
        recovered_attempt: 0,
      }),
    ),
);

// Its children may be redriven with it, and it must wait for them again.
const reopenWaits = lazyStatement<PluginsTables, JobKey>((db, p) =>
  db.deleteFrom("plugins_waits").where("job_id", "=", p.job_id).where("kind", "=", sql.lit<"jobs">("jobs")),
);

const keepStep = lazyStatement<PluginsTables, PluginsTables["plugins_job_steps"]>((db, p) =>
  db
    .insertInto("plugins_job_steps")
    .values(p.columns(["job_id", "name", "result", "attempt"]))
    .onConflict((conflict) => conflict.columns(["job_id", "name"]).doNothing()),
);

const keepCall = lazyStatement<PluginsTables, PluginsTables["plugins_job_calls"]>((db, p) =>
  db
    .insertInto("plugins_job_calls")
    .values(p.columns(["job_id", "kind", "target", "digest", "attempt", "step"]))
    .onConflict((conflict) =>
      conflict
        .columns(["job_id", "kind", "target"])
        .doUpdateSet((row) => excluded(row, ["digest", "attempt", "step"])),
    ),
);

const keepResult = lazyStatement<PluginsTables, PluginsTables["plugins_job_results"]>((db, p) =>
  db
    .insertInto("plugins_job_results")
    .values(p.columns(["job_id", "result"]))
    .onConflict((conflict) => conflict.column("job_id").doUpdateSet((row) => excluded(row, ["result"]))),
);

const keepProgress = lazyStatement<PluginsTables, { job_id: string; progress: string; at: string }>((db, p) =>
  db
    .insertInto("plugins_job_progress")
    .values({ job_id: p.job_id, progress: p.progress, at: p.at })
    .onConflict((conflict) =>
      conflict
        .column("job_id")
        .doUpdateSet((row) => ({ progress: row.ref("excluded.progress"), at: row.ref("excluded.at") })),
    ),
);

const forgetTables = [
  "plugins_job_steps",
  "plugins_job_calls",
  "plugins_job_runs",
  "plugins_job_progress",
] as const;
const forgetOne = forgetTables.map((table) =>
  lazyStatement<PluginsTables, JobKey>((db, p) => db.deleteFrom(table).where("job_id", "=", p.job_id)),
);
// The answers are kept with the job: they say who decided what, and a signal that is sent twice finds its first result.
export const forgetWaits = lazyStatement<PluginsTables, JobKey>((db, p) =>
  db
    .deleteFrom("plugins_waits")
    .where("job_id", "=", p.job_id)
    .where((row) => row.or([row("kind", "!=", sql.lit("signal")), row("answered_at", "is", null)])),
);
const forgetGone = (
  [
    ...forgetTables,
    "plugins_waits",
    "plugins_job_results",
    "plugins_job_keys",
    "plugins_job_logs",
    "plugins_job_versions",
    "plugins_batches",
    "plugins_batch_inputs",
  ] as const
).map((table) =>
  lazyStatement<PluginsTables, Record<never, never>>((db) =>
    // Core's table, which every store has. It is only read here.
    db.deleteFrom(table).where(sql<boolean>`job_id not in (select id from jobs)`),
  ),
);

const command = defineCommand<PluginsTables>();
const result = z.custom<JsonValue | undefined>(() => true).optional();

/** Stores the result of a step. A second result for the same step changes nothing. */
export const jobStep = command({
  schema: lazySchema(() =>
    z.object({ job_id: idText, name: idText, result, attempt: z.int().min(1).optional() }),
  ),
  apply: ({ job_id, name, result, attempt = null }, change) => {
    change.run(keepStep, { job_id, name, result: resultText(result), attempt }, { ifNone: "stop" });
  },
});

/** Notes what an attempt makes. A later attempt that makes it again replaces the note. */
export const jobCall = command({
  schema: lazySchema(() =>
    z.object({
      job_id: idText,
      kind: z.enum(["artifact", "job"]),
      target: idText,
      digest: idText.optional(),
      attempt: z.int().min(1),
      step: idText.optional(),
    }),
  ),
  apply: ({ digest = null, step = null, ...call }, change) => change.run(keepCall, { ...call, digest, step }),
});

/** Stores what a job returned. It is sent in the unit of the job's success. */
export const jobResult = command({
  schema: lazySchema(() =>
    z.object({ job_id: idText, result: z.custom<JsonValue>((value) => value !== undefined) }),
  ),
  apply: ({ job_id, result }, change) => change.run(keepResult, { job_id, result: jsonText(result) }),
});

/** Keeps a run that was interrupted, or that ended in a wait, from counting as an attempt. */
export const jobUncount = command({
  schema: lazySchema(() => z.object({ job_id: idText })),
  apply: (job, change) => change.run(countWithout, job),
});

/** Counts a crash, and keeps the crashed run from counting as an attempt. */
export const jobRecover = command({
  schema: lazySchema(() => z.object({ job_id: idText, attempt: z.int().min(1) })),
  apply: (job, change) => change.run(countRecovery, job),
});

/** Keeps every run so far from counting as an attempt, and forgets which waits for other jobs were over. */
export const jobForgive = command({
  schema: lazySchema(() => z.object({ job_id: idText, attempt: z.int().min(0) })),
  apply: ({ job_id, attempt }, change) => {
    change.run(forgiveAttempts, { job_id, attempt });
    change.run(reopenWaits, { job_id });
  },
});

/** Stores the progress of a job. */
export const jobProgress = command({
  schema: lazySchema(() => z.object({ job_id: idText, progress: jsonObject, at: timeText.optional() })),
  prepare: (payload, { now }) => ({ ...payload, at: payload.at ?? now }),
  apply: ({ job_id, progress, at }, change) =>
    change.run(keepProgress, { job_id, progress: jsonText(progress), at }),
});

/**
 * Removes what is stored for a job that has ended. Without an id, for every job that no longer exists: earlier versions sent
 * that at each start, so journals have it.
 */
export const jobForget = command({
  schema: lazySchema(() => z.object({ job_id: idText.optional() })),
  apply: ({ job_id }, change) => {
    if (job_id === undefined) for (const forget of forgetGone) change.run(forget, {});
    else for (const forget of [...forgetOne, forgetWaits]) change.run(forget, { job_id });
  },
});

function resultText(result: JsonValue | undefined): string | null {
  return result === undefined ? null : jsonText(result);
}
