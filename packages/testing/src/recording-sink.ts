import type { CoreEvents, CoreModule, DomainEvent, EventOf } from "@atlas/core";
import type { SinkPlugin } from "@atlas/plugins";

/** A sink that keeps what it is given. */
export interface RecordingSink extends SinkPlugin {
  /** Every event so far, in the order of delivery. */
  readonly events: readonly DomainEvent[];
  /**
   * Resolves with the next event of this type. The first call gets the first event, the second call the second one, whether
   * they have already been delivered or not.
   */
  next<const Type extends keyof CoreEvents | (string & {})>(type: Type): Promise<EventOf<CoreModule, Type>>;
}

const DELIVERY_MS = 24 * 60 * 60 * 1_000;

/** A sink that keeps every event, for tests. Its id is `recording` unless given. */
export function createRecordingSink(id = "recording"): RecordingSink {
  const events: DomainEvent[] = [];
  // One call after the other takes an event of its type; a call without an event waits here.
  const taken = new Map<string, number>();
  const waiting: { readonly type: string; readonly resolve: (event: DomainEvent) => void }[] = [];

  return {
    id,
    events,
    // A test that advances its clock while an event is being delivered must not time the delivery out.
    timeoutMs: DELIVERY_MS,
    async handle(event) {
      events.push(event);
      const place = waiting.findIndex(({ type }) => type === event.type);
      if (place !== -1) waiting.splice(place, 1)[0]?.resolve(event);
    },
    // It has the type that was asked for.
    next: (type) => nextOf(type) as Promise<never>,
  };

  function nextOf(type: string): Promise<DomainEvent> {
    const number = taken.get(type) ?? 0;
    taken.set(type, number + 1);
    const known = events.filter((event) => event.type === type)[number];
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve) => void waiting.push({ type, resolve }));
  }
}
