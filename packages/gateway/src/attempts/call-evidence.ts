import { idText } from "@atlas/core";
import type { LLMOptions, LLMResult } from "@atlas/llm";
import type { LLMCall } from "@atlas/llm/module";
import type { Route } from "@atlas/routing";
import { field, joined, optional, paidIn, skippedOf, text, tokensOf, tryOf } from "./evidence-fields.ts";

/** What is known of a call before it has ended, and what cannot be wrong. */
export type CallFrame = Pick<
  LLMCall,
  "job_id" | "attempt" | "number" | "at" | "method" | "status" | "degraded" | "duration_ms"
>;

/** What a call that has ended left behind. */
export interface CallEnd {
  /** The answer. Its text is not kept. */
  readonly result?: Omit<LLMResult, "text">;
  readonly error?: unknown;
  /** The evidence of the routers that the call went through, where the result or the error has none. */
  readonly routes: readonly Route[];
}

/**
 * Makes the record of a call that a job made. Runtimes and services can say anything, so a field that could not be stored is
 * clamped or left out: what is wrong with one field must not cost the record.
 */
export function evidenceOf(
  frame: CallFrame,
  { profile, context }: Pick<LLMOptions, "profile" | "context">,
  { result, error, routes }: CallEnd,
): LLMCall {
  const route = result?.route ?? field(error, "route") ?? joined(routes);
  const usage =
    result === undefined ? (paidIn(route) ?? field(field(error, "details"), "usage")) : result.usage;
  return {
    ...frame,
    ...(result?.cached === true ? { cached: true } : {}),
    ...optional({
      profile: text(route?.profile) ?? text(profile),
      candidate: text(route?.candidate),
      provider: text(result?.provider),
      model: text(result?.model),
      correlation_id: idText.safeParse(context?.correlation_id).data,
      error_code: text(field(error, "code")) ?? text(field(error, "name")),
      ...tokensOf(usage),
    }),
    tries: (route?.attempts ?? []).map(tryOf),
    skipped: (route?.skipped ?? []).map(skippedOf),
  };
}

/** The least that a record needs, for one that was refused in spite of all that. */
export function bareEvidence(frame: CallFrame): LLMCall {
  return { ...frame, tries: [], skipped: [] };
}
