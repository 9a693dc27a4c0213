import { idText } from "@atlas/core";
import type { LLMOptions, LLMResult, LLMUsage } from "@atlas/llm";
import type { LLMCall } from "@atlas/llm/module";
import type { Attempt, Route } from "@atlas/routing";

const LONGEST_TEXT = 1_000;

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
    skipped: (route?.skipped ?? []).map(({ candidate, reason }) => ({
      candidate: text(candidate) ?? "",
      reason: text(reason) ?? "",
    })),
  };
}

/** The least that a record needs, for one that was refused in spite of all that. */
export function bareEvidence(frame: CallFrame): LLMCall {
  return { ...frame, tries: [], skipped: [] };
}

function tokensOf(usage: LLMUsage | undefined) {
  return {
    input_tokens: count(usage?.inputTokens),
    output_tokens: count(usage?.outputTokens),
    cached_input_tokens: count(usage?.cachedInputTokens),
    reasoning_tokens: count(usage?.reasoningTokens),
  };
}

/** What the attempts of a call that failed have cost together. */
function paidIn(route: Route | undefined): LLMUsage | undefined {
  const paid: Record<string, number> = {};
  for (const { usage = {} } of route?.attempts ?? []) {
    for (const [name, amount] of Object.entries(usage)) paid[name] = (paid[name] ?? 0) + amount;
  }
  return Object.keys(paid).length === 0 ? undefined : paid;
}

function tryOf(attempt: Attempt): LLMCall["tries"][number] {
  const { candidate, outcome, waitedMs, durationMs, retryAfterMs, message, code, status, usage, repair } =
    attempt;
  return {
    candidate: text(candidate) ?? "",
    outcome,
    ...optional({ message: text(message), code: text(code), status: count(status) }),
    ...(repair === undefined ? {} : { repair }),
    waited_ms: count(waitedMs) ?? 0,
    duration_ms: count(durationMs) ?? 0,
    ...optional({ retry_after_ms: count(retryAfterMs) }),
    ...(usage === undefined ? {} : { usage: inSnakeCase(usage) }),
  };
}

/** The names of stored data are in snake_case: `inputTokens` becomes `input_tokens`. */
function inSnakeCase(amounts: Readonly<Record<string, number>>): Record<string, number> {
  const snake = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(
    Object.entries(amounts).flatMap(([name, amount]) =>
      Number.isFinite(amount) ? [[text(snake(name)) ?? "", amount]] : [],
    ),
  );
}

function joined(routes: readonly Route[]): Route | undefined {
  const last = routes.at(-1);
  if (last === undefined) return undefined;
  return {
    ...last,
    attempts: routes.flatMap(({ attempts }) => attempts),
    skipped: routes.flatMap(({ skipped }) => skipped),
  };
}

/** A text that fits a record: not too long, and without half a surrogate pair. */
function text(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  return Buffer.from(value.slice(0, LONGEST_TEXT), "utf8").toString("utf8").slice(0, LONGEST_TEXT);
}

/** A count that fits a record: services report fractions, and pauses without an end. */
function count(value: unknown): number | undefined {
  if (typeof value !== "number" || Number.isNaN(value) || value < 0) return undefined;
  return Math.min(Math.round(value), Number.MAX_SAFE_INTEGER);
}

/** A field of an error, whatever was thrown. Its type is what an `LLMError` has there; everything in it is checked above. */
function field<Value>(value: unknown, name: string): Value | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  return (Reflect.get(value, name) ?? undefined) as Value | undefined;
}

/** The fields that are known. */
function optional<Fields extends object>(
  fields: Fields,
): { readonly [Key in keyof Fields]?: Exclude<Fields[Key], undefined> } {
  // Sound: only the entries whose value is undefined are left out.
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    readonly [Key in keyof Fields]?: Exclude<Fields[Key], undefined>;
  };
}
