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

/** Words of SQL that do not give the same rows each time, or end the whole transaction, and what to do instead. */
export interface Indeterminate {
  readonly words: string;
  readonly advice: string;
}

/** Refuses SQL of a handler that {@link findIndeterminate} finds. Throws a `TypeError` that says what to write instead. */
export function checkDeterministic(sql: string, literals: readonly unknown[]): void {
  const found = findIndeterminate(sql, literals);
  if (found === undefined) return;
  const { words, advice } = found;
  throw new TypeError(
    `A statement must not use "${words}": a replay of the journal would not give the same rows. Instead, ${advice} and pass it as a value. The statement: ${sql.slice(0, 200)}`,
  );
}

/** Finds what a replay of the journal could not repeat. `literals` are the values that are part of the SQL. */
export function findIndeterminate(sql: string, literals: readonly unknown[] = []): Indeterminate | undefined {
  const text = sql.toLowerCase();
  const code = text.replaceAll(/'(?:[^']|'')*'/g, "''").replaceAll(/"(?:[^"]|"")*"/g, '""');
  for (const [pattern, advice] of REFUSED) {
    const [words] = pattern.exec(code) ?? [];
    if (words !== undefined) return { words: words.trim(), advice };
  }
  const saysNow = /'now'/.test(text) || literals.some(isNow);
  const call = saysNow ? CLOCK_CALL.exec(code)?.[0] : undefined;
  return call === undefined ? undefined : { words: `${call}'now')`, advice: "take the time in prepare" };
}

function isNow(literal: unknown): boolean {
  return typeof literal === "string" && literal.toLowerCase() === "now";
}
