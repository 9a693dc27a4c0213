/** Throws a `TypeError` unless a bound is a whole number of 1 or more. */
export function checkBound(of: string, name: string, value: unknown): void {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 1) return;
  throw new TypeError(
    `${of} expected "${name}" to be a whole number of 1 or more, but got ${String(value)}.`,
  );
}
