import { canonicalJson, type JsonObject, type JsonValue } from "@atlas/core";

/** Finds what listens to an event by its type, its aggregate and the payload, however much listens to others. */
export interface EventIndex<Listener> {
  add(listener: Listener, to: EventAddress): void;
  remove(listener: Listener, to: EventAddress): void;
  /** Those that want this event. The list does not change while it is read. */
  find(event: EventKey & { readonly payload: JsonObject }): readonly Listener[];
  /** False when nobody can want an event of this type and aggregate, whatever its payload. */
  mayFind(event: EventKey): boolean;
}

/** A type of events; with `aggregate_id`, those about one thing; with `payload`, those that have these values in theirs. */
export interface EventAddress {
  readonly type: string;
  readonly aggregate_id?: string | undefined;
  readonly payload?: JsonObject | undefined;
}

interface EventKey {
  readonly type: string;
  readonly aggregate_id?: string | null;
}

/** Listeners whose addresses name the same keys of the payload, by the values that they want there. */
interface Shape<Listener> {
  readonly keys: readonly string[];
  readonly byValues: Map<string, Set<Listener>>;
}

const NO_PAYLOAD: JsonObject = {};

/** An empty index. */
export function createEventIndex<Listener>(): EventIndex<Listener> {
  // The key of listeners to any aggregate is undefined. A shape is found by its keys; code has few of them.
  const byType = new Map<string, Map<string | undefined, Map<string, Shape<Listener>>>>();

  return {
    add(listener, { type, aggregate_id, payload = NO_PAYLOAD }) {
      const ofType = getOrMake(byType, type, () => new Map());
      const shapes = getOrMake(ofType, aggregate_id, () => new Map());
      const keys = Object.keys(payload).sort();
      const { byValues } = getOrMake(shapes, JSON.stringify(keys), () => ({ keys, byValues: new Map() }));
      getOrMake(byValues, valuesOf(keys, payload) ?? "", () => new Set()).add(listener);
    },
    remove(listener, { type, aggregate_id, payload = NO_PAYLOAD }) {
      const ofType = byType.get(type);
      const shapes = ofType?.get(aggregate_id);
      const keys = Object.keys(payload).sort();
      const shape = shapes?.get(JSON.stringify(keys));
      if (ofType === undefined || shapes === undefined || shape === undefined) return;
      const values = valuesOf(keys, payload) ?? "";
      const listeners = shape.byValues.get(values);
      listeners?.delete(listener);
      if (listeners?.size === 0) shape.byValues.delete(values);
      if (shape.byValues.size === 0) shapes.delete(JSON.stringify(keys));
      if (shapes.size === 0) ofType.delete(aggregate_id);
      if (ofType.size === 0) byType.delete(type);
    },
    find({ type, aggregate_id, payload }) {
      const ofType = byType.get(type);
      if (ofType === undefined) return [];
      const ofAny = ofType.get(undefined);
      const ofOne = typeof aggregate_id === "string" ? ofType.get(aggregate_id) : undefined;
      const found: Listener[] = [];
      for (const shapes of [ofAny, ofOne]) {
        for (const { keys, byValues } of shapes?.values() ?? []) {
          const values = valuesOf(keys, payload);
          if (values !== undefined) for (const listener of byValues.get(values) ?? []) found.push(listener);
        }
      }
      return found;
    },
    mayFind({ type, aggregate_id }) {
      const ofType = byType.get(type);
      if (ofType === undefined) return false;
      return ofType.has(undefined) || (typeof aggregate_id === "string" && ofType.has(aggregate_id));
    },
  };
}

/** What a payload has under these keys, as a text that tells it from anything else; nothing when it lacks one of them. */
function valuesOf(keys: readonly string[], payload: JsonObject): string | undefined {
  let values = "";
  for (const key of keys) {
    if (!Object.hasOwn(payload, key)) return undefined;
    // JSON has no line breaks outside of its white space.
    values += `${canonicalJson(payload[key] as JsonValue)}\n`;
  }
  return values;
}

function getOrMake<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
