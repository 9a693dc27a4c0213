import type { DomainEvent } from "@atlas/core";
import type { SinkPlugin } from "@atlas/plugins";

/** A sink that keeps what it is given. */
export interface RecordingSink extends SinkPlugin {
  readonly events: readonly DomainEvent[];
  /** Resolves with the first event of this type, be it there already or still to come. */
  next(type: string): Promise<DomainEvent>;
}

/** A sink that keeps every event, for tests. Its id is `recording` unless given. */
export function createRecordingSink(id = "recording"): RecordingSink {
  const events: DomainEvent[] = [];
  const waiting = new Set<{ readonly type: string; readonly resolve: (event: DomainEvent) => void }>();

  return {
    id,
    events,
    async handle(event) {
      events.push(event);
      for (const waiter of waiting) {
        if (waiter.type !== event.type) continue;
        waiting.delete(waiter);
        waiter.resolve(event);
      }
    },
    next(type) {
      const known = events.find((event) => event.type === type);
      if (known !== undefined) return Promise.resolve(known);
      return new Promise((resolve) => void waiting.add({ type, resolve }));
    },
  };
}
