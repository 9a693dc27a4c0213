const CLOCK = "(?:date|time|datetime|julianday|unixepoch|strftime|timediff)";

/** What makes a replay of the journal give other rows, or takes more than its own command with it. */
const REFUSED: readonly (readonly [pattern: RegExp, advice: string])[] = [
  [/\brandom(?:blob)?\s*\(/, "draw the number in prepare"],
  [/\bcurrent_(?:time|date|timestamp)\b/, "take the time in prepare"],
  // Without a time, these functions take the present one.
  [new RegExp(`\\b${CLOCK}\\s*\\(\\s*\\)`), "take the time in prepare"],
  [/\bstrftime\s*\(\s*(?:''|\?)\s*\)/, "take the time in prepare"],
  [/\b(?:last_insert_rowid|changes|total_changes)\s*\(/, "use ids that the command brings"],
  [/\bor\s+(?:rollback|fail)\b/, "use ON CONFLICT, or refuse with ifNone"],
];
const CLOCK_CALL = new RegExp(`\\b${CLOCK}\\s*\\(`);

/**
 * Refuses SQL of a handler that does not give the same rows each time, or that ends the whole transaction. Throws a `TypeError`
 * that says what to write instead.
 */
export function checkDeterministic(sql: string, literals: readonly unknown[]): void {
  const text = sql.toLowerCase();
  const code = text.replaceAll(/'(?:[^']|'')*'/g, "''").replaceAll(/"(?:[^"]|"")*"/g, '""');
  const found = REFUSED.map(([pattern, advice]) => [pattern.exec(code)?.[0], advice] as const).find(
    ([words]) => words !== undefined,
  );
  if (found !== undefined) throw refused(sql, found[0] ?? "", found[1]);
  const saysNow = /'now'/.test(text) || literals.some(isNow);
  const call = saysNow ? CLOCK_CALL.exec(code)?.[0] : undefined;
  if (call !== undefined) throw refused(sql, `${call}'now')`, "take the time in prepare");
}

function isNow(literal: unknown): boolean {
  return typeof literal === "string" && literal.toLowerCase() === "now";
}

function refused(sql: string, words: string, advice: string): TypeError {
  return new TypeError(
    `A statement must not use "${words.trim()}": a replay of the journal would not give the same rows. Instead, ${advice} and pass it as a value. The statement: ${sql.slice(0, 200)}`,
  );
}
