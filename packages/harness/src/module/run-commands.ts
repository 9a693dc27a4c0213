import { defineCommand, jsonText } from "@atlas/core";
import { lazySchema, lazyStatement } from "@atlas/core/internal";
import { z } from "zod";
import { runSchema } from "./run.ts";
import type { HarnessTables } from "./tables.ts";

const insertRun = lazyStatement<HarnessTables, HarnessTables["harness_runs"]>((db, p) =>
  db
    .insertInto("harness_runs")
    .values({
      job_id: p.job_id,
      attempt: p.attempt,
      number: p.number,
      at: p.at,
      mode: p.mode,
      status: p.status,
      profile: p.profile,
      harness: p.harness,
      model: p.model,
      session_id: p.session_id,
      exit_code: p.exit_code,
      degraded: p.degraded,
      truncated: p.truncated,
      input_tokens: p.input_tokens,
      output_tokens: p.output_tokens,
      cached_input_tokens: p.cached_input_tokens,
      reasoning_tokens: p.reasoning_tokens,
      cost_microusd: p.cost_microusd,
      duration_ms: p.duration_ms,
      error_code: p.error_code,
      correlation_id: p.correlation_id,
      goal: p.goal,
      files: p.files,
      tries: p.tries,
      skipped: p.skipped,
    })
    .onConflict((conflict) => conflict.columns(["job_id", "attempt", "number"]).doNothing()),
);

/** Stores the evidence of one task. A task that is stored already is left as it is. */
export const runRecord = defineCommand<HarnessTables>()({
  schema: lazySchema(() => z.object({ run: runSchema() })),
  apply: ({ run }, change) => {
    const row = {
      ...run,
      profile: run.profile ?? null,
      harness: run.harness ?? null,
      model: run.model ?? null,
      session_id: run.session_id ?? null,
      exit_code: run.exit_code ?? null,
      degraded: run.degraded ? 1 : 0,
      truncated: run.truncated ? 1 : 0,
      input_tokens: run.input_tokens ?? null,
      output_tokens: run.output_tokens ?? null,
      cached_input_tokens: run.cached_input_tokens ?? null,
      reasoning_tokens: run.reasoning_tokens ?? null,
      cost_microusd: run.cost_microusd ?? null,
      error_code: run.error_code ?? null,
      correlation_id: run.correlation_id ?? null,
      goal: run.goal ?? null,
      files: jsonText(run.files),
      tries: jsonText(run.tries),
      skipped: jsonText(run.skipped),
    };
    change.run(insertRun, row);
  },
});
