/** Finds what listens to an event by its type and aggregate, however much listens to others. */
export interface EventIndex<Listener> {
  add(listener: Listener, to: EventAddress): void;
  remove(listener: Listener, to: EventAddress): void;
  /** Those that may want this event. The list does not change while it is read. */
  find(event: { readonly type: string; readonly aggregate_id?: string | null }): readonly Listener[];
}

/** A type of events; with `aggregate_id`, those about one thing. */
export interface EventAddress {
  readonly type: string;
  readonly aggregate_id?: string | undefined;
}

const NONE: readonly never[] = [];

/** An empty index. */
export function createEventIndex<Listener>(): EventIndex<Listener> {
  // The key of listeners to any aggregate is undefined.
  const byType = new Map<string, Map<string | undefined, Set<Listener>>>();

  return {
    add(listener, { type, aggregate_id }) {
      const ofType = byType.get(type) ?? new Map<string | undefined, Set<Listener>>();
      byType.set(type, ofType);
      const listeners = ofType.get(aggregate_id);
      if (listeners === undefined) ofType.set(aggregate_id, new Set([listener]));
      else listeners.add(listener);
    },
    remove(listener, { type, aggregate_id }) {
      const ofType = byType.get(type);
      const listeners = ofType?.get(aggregate_id);
      if (ofType === undefined || listeners === undefined) return;
      listeners.delete(listener);
      if (listeners.size === 0) ofType.delete(aggregate_id);
      if (ofType.size === 0) byType.delete(type);
    },
    find({ type, aggregate_id }) {
      const ofType = byType.get(type);
      if (ofType === undefined) return NONE;
      const ofAny = ofType.get(undefined);
      const ofOne = typeof aggregate_id === "string" ? ofType.get(aggregate_id) : undefined;
      if (ofAny === undefined) return ofOne === undefined ? NONE : [...ofOne];
      return ofOne === undefined ? [...ofAny] : [...ofAny, ...ofOne];
    },
  };
}
