import type { Attempt, Route, SkippedCandidate } from "@atlas/routing";

const LONGEST_TEXT = 1_000;

/** One try of a route, as it is stored. */
export function tryOf(attempt: Attempt) {
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

/** A candidate that was skipped, as it is stored. */
export function skippedOf({ candidate, reason }: SkippedCandidate) {
  return { candidate: text(candidate) ?? "", reason: text(reason) ?? "" };
}

/** Token counts of a model or an agent. */
interface TokenCounts {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly cachedInputTokens?: number;
  readonly reasoningTokens?: number;
}

/** The tokens of a call, as they are stored. */
export function tokensOf(usage: TokenCounts | undefined) {
  return {
    input_tokens: count(usage?.inputTokens),
    output_tokens: count(usage?.outputTokens),
    cached_input_tokens: count(usage?.cachedInputTokens),
    reasoning_tokens: count(usage?.reasoningTokens),
  };
}

/** What the attempts of a call that failed have cost together. */
export function paidIn(route: Route | undefined): TokenCounts | undefined {
  const paid: Record<string, number> = {};
  for (const { usage = {} } of route?.attempts ?? []) {
    for (const [name, amount] of Object.entries(usage)) paid[name] = (paid[name] ?? 0) + amount;
  }
  return Object.keys(paid).length === 0 ? undefined : paid;
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

/** The evidence of several routers that one call went through. */
export function joined(routes: readonly Route[]): Route | undefined {
  const last = routes.at(-1);
  if (last === undefined) return undefined;
  return {
    ...last,
    attempts: routes.flatMap(({ attempts }) => attempts),
    skipped: routes.flatMap(({ skipped }) => skipped),
  };
}

/** A text that fits a record: not too long, and without half a surrogate pair. */
export function text(value: unknown, longest = LONGEST_TEXT): string | undefined {
  if (typeof value !== "string") return undefined;
  return Buffer.from(value.slice(0, longest), "utf8").toString("utf8").slice(0, longest);
}

/** A count that fits a record: services report fractions, and pauses without an end. */
export function count(value: unknown): number | undefined {
  if (typeof value !== "number" || Number.isNaN(value) || value < 0) return undefined;
  return Math.min(Math.round(value), Number.MAX_SAFE_INTEGER);
}

/** A field of an error, whatever was thrown. Its type is what an `LLMError` has there; everything in it is checked above. */
export function field<Value>(value: unknown, name: string): Value | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  return (Reflect.get(value, name) ?? undefined) as Value | undefined;
}

/** The fields that are known. */
export function optional<Fields extends object>(
  fields: Fields,
): { readonly [Key in keyof Fields]?: Exclude<Fields[Key], undefined> } {
  // Sound: only the entries whose value is undefined are left out.
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    readonly [Key in keyof Fields]?: Exclude<Fields[Key], undefined>;
  };
}
