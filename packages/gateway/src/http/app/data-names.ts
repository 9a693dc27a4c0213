/** `lagMs` as data writes it: `lag_ms`. */
type DataName<Name> = Name extends `${infer First}${infer Rest}`
  ? First extends Lowercase<First>
    ? `${First}${DataName<Rest>}`
    : `_${Lowercase<First>}${DataName<Rest>}`
  : Name;

/** A value of the gateway's code with the names that data has. */
export type DataNames<Value> = Value extends readonly (infer Item)[]
  ? readonly DataNames<Item>[]
  : Value extends object
    ? { readonly [Name in keyof Value as DataName<Name>]: DataNames<Value[Name]> }
    : Value;

/** Renames the fields of the gateway's own figures and states: `lagMs` becomes `lag_ms`. Not for what others have named. */
export function dataNames<Value>(value: Value): DataNames<Value> {
  return renamed(value) as DataNames<Value>;
}

function renamed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(renamed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      renamed(inner),
    ]),
  );
}
