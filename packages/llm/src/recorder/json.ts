/** A value that `JSON.parse` can return. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** An object that `JSON.parse` can return. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** Converts a value to JSON with sorted keys, and passes every text in it through `redact`. */
export function toJson(value: object, redact: (text: string) => string): JsonObject {
  return redactedObject(JSON.parse(JSON.stringify(value)), redact);
}

/** True for an object that is not an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function redacted(value: Json, redact: (text: string) => string): Json {
  if (typeof value === "string") return redact(value);
  if (typeof value !== "object" || value === null) return value;
  return isObject(value) ? redactedObject(value, redact) : value.map((item) => redacted(item, redact));
}

function redactedObject(value: JsonObject, redact: (text: string) => string): JsonObject {
  const entries = Object.entries(value).map(([key, item]) => [key, redacted(item, redact)] as const);
  return Object.fromEntries(entries.sort(([left], [right]) => (left < right ? -1 : 1)));
}
