import { defineCommand, jsonText } from "@atlas/core";
import { lazySchema, lazyStatement } from "@atlas/core/internal";
import { z } from "zod";
import { callSchema } from "./call.ts";
import type { LLMTables } from "./tables.ts";

const insertCall = lazyStatement<LLMTables, LLMTables["llm_calls"]>((db, p) =>
  db
    .insertInto("llm_calls")
    .values({
      job_id: p.job_id,
      attempt: p.attempt,
      number: p.number,
      at: p.at,
      method: p.method,
      status: p.status,
      profile: p.profile,
      candidate: p.candidate,
      provider: p.provider,
      model: p.model,
      degraded: p.degraded,
      input_tokens: p.input_tokens,
      output_tokens: p.output_tokens,
      cached_input_tokens: p.cached_input_tokens,
      reasoning_tokens: p.reasoning_tokens,
      duration_ms: p.duration_ms,
      error_code: p.error_code,
      tries: p.tries,
      skipped: p.skipped,
      correlation_id: p.correlation_id,
      cached: p.cached,
    })
    .onConflict((conflict) => conflict.columns(["job_id", "attempt", "number"]).doNothing()),
);

/** Stores the evidence of one call. A call that is stored already is left as it is. */
export const callRecord = defineCommand<LLMTables>()({
  schema: lazySchema(() => z.object({ call: callSchema() })),
  apply: ({ call }, change) => {
    const row = {
      ...call,
      profile: call.profile ?? null,
      candidate: call.candidate ?? null,
      provider: call.provider ?? null,
      model: call.model ?? null,
      degraded: call.degraded ? 1 : 0,
      input_tokens: call.input_tokens ?? null,
      output_tokens: call.output_tokens ?? null,
      cached_input_tokens: call.cached_input_tokens ?? null,
      reasoning_tokens: call.reasoning_tokens ?? null,
      error_code: call.error_code ?? null,
      tries: jsonText(call.tries),
      skipped: jsonText(call.skipped),
      correlation_id: call.correlation_id ?? null,
      cached: call.cached === true ? 1 : null,
    };
    change.run(insertCall, row);
  },
});
