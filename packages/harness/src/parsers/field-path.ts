/** Reads the field of a JSON value that a path such as `result.text`, `items[0].x` or `[-1].result` leads to. */
export function fieldAt(value: unknown, path: string): unknown {
  return steps(path).reduce<unknown>((inner, step) => {
    if (typeof inner !== "object" || inner === null) return undefined;
    if (typeof step === "number") return Array.isArray(inner) ? inner.at(step) : undefined;
    return Object.hasOwn(inner, step) ? Reflect.get(inner, step) : undefined;
  }, value);
}

function steps(path: string): readonly (string | number)[] {
  return [...path.matchAll(/\[(-?\d+)\]|[^.[\]]+/g)].map(({ 0: name, 1: index }) =>
    index === undefined ? name : Number(index),
  );
}

/** A JSON value as a text: a text as it is, everything else as JSON; `undefined` for nothing. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return undefined;
  try {
    return JSON.stringify(value, null, 2);
  } catch {
    // It is nested too deeply.
    return undefined;
  }
}
