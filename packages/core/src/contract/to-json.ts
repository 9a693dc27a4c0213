import { CoreError } from "./errors.ts";
import { type JsonValue, MAX_JSON_DEPTH } from "./json.ts";

/** What {@link toJson} makes of a value of this type. */
export type ToJson<Value> = Value extends readonly unknown[] | JsonScalar | Date
  ? JsonValue
  : Value extends object
    ? { readonly [key: string]: JsonValue }
    : JsonValue;

type JsonScalar = string | number | boolean | null | undefined;

/**
 * Makes JSON of what an API or a library gives, for the `data` of records: it drops fields that are `undefined`, turns dates into ISO
 * 8601 text, calls `toJSON` where a value has it, and replaces half a surrogate pair by U+FFFD. `undefined` in a list becomes null, as
 * in `JSON.stringify`. What would lose its meaning throws `ATLAS_CORE_JSON_INVALID` with the path: a BigInt, NaN, an invalid date, a
 * function, a symbol, a map or set, a cycle, or more than 64 levels. The result shares nothing with `value`.
 *
 * @example
 * ```ts
 * const issue = { id: 7, closed_at: undefined, opened_at: new Date(0), labels: ["bug", undefined] };
 * assert.deepEqual(toJson(issue), { id: 7, opened_at: "1970-01-01T00:00:00.000Z", labels: ["bug", null] });
 * ```
 */
export function toJson<const Value>(value: Value): ToJson<Value> {
  // What the conversion gives for a value of this type.
  return convert(value, { path: "", above: [] }) as ToJson<Value>;
}

interface Place {
  readonly path: string;
  readonly above: readonly object[];
}

function convert(value: unknown, place: Place): JsonValue {
  switch (typeof value) {
    case "string":
      return value.toWellFormed();
    case "boolean":
      return value;
    case "number":
      if (Number.isFinite(value)) return value;
      throw invalid(place, `is ${value}, which is not JSON. Use null.`);
    case "undefined":
      return null;
    case "bigint":
      throw invalid(place, "is a BigInt, which is not JSON. Turn it into a string or a number.");
    case "object":
      return value === null ? null : convertObject(value, place);
    default:
      throw invalid(place, `is a ${typeof value}, which is not JSON. Leave it out.`);
  }
}

function convertObject(value: object, { path, above }: Place): JsonValue {
  const place = { path, above };
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw invalid(place, "is an invalid date. Use null.");
    return value.toISOString();
  }
  if (above.includes(value))
    throw invalid(place, "refers to an object that contains it. JSON has no cycles.");
  if (above.length >= MAX_JSON_DEPTH)
    throw invalid(place, `is nested deeper than ${MAX_JSON_DEPTH} levels. Flatten it.`);
  const inside = [...above, value];
  if ("toJSON" in value && typeof value.toJSON === "function")
    return convert(value.toJSON(), { path, above: inside });
  if (Array.isArray(value))
    return Array.from(value, (item: unknown, index) =>
      convert(item, { path: `${path}[${index}]`, above: inside }),
    );
  if (value instanceof Map || value instanceof Set || ArrayBuffer.isView(value))
    throw invalid(
      place,
      `is a ${value.constructor.name}, which is not JSON. Turn it into a list or an object.`,
    );
  const copy: Record<string, JsonValue> = {};
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    const at = path === "" ? key : `${path}.${key}`;
    // An assignment would set the prototype.
    if (key === "__proto__") throw invalid({ path: at, above }, "is a key that is not allowed. Rename it.");
    copy[key.toWellFormed()] = convert(item, { path: at, above: inside });
  }
  return copy;
}

function invalid({ path }: Place, problem: string): CoreError {
  const short = path.length <= 200 ? path : `${path.slice(0, 199)}…`;
  const subject = short === "" ? "The value" : `"${short}"`;
  return new CoreError("ATLAS_CORE_JSON_INVALID", { path: short }, `${subject} ${problem}`);
}
