import { setImmediate as turn } from "node:timers/promises";
import type { Clock, DomainEvent, ReadOnlyRepo } from "@atlas/core";
import type { PluginsModule } from "../module/plugins-module.ts";
import type { SinkAttempts } from "./sink-attempts.ts";
import type { SinkPlace } from "./sink-place.ts";

const FIRST_EVENTS = 50;
const MOST_EVENTS = 500;
const FEWEST_EVENTS = 10;
// Reading them takes about as long as a page may. A single larger event is read alone.
const PAGE_BYTES = 256 * 1024;
// How long one page may keep other work of the process waiting. The event loop should never be held for 10 ms, and a commit or another
// sink's page may come in the same turn of it.
const PAGE_MS = 3;

/**
 * A round of delivery of new events to one sink: each once, in commit order, until there are no more. It gives the event loop a turn
 * after each page, and whenever it has held it for some milliseconds; slow pages become shorter.
 */
export function createNewEvents(options: {
  readonly clock: Clock;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly wants: (event: DomainEvent) => boolean;
  readonly place: SinkPlace;
  readonly attempts: SinkAttempts;
  /** True when the sink is not to be called: it is paused, or the gateway stops. */
  readonly isHeld: () => boolean;
  /** Called after each page of events. */
  readonly onMoved: () => void;
  /** Called when a delivery has failed and will be repeated, or is a dead letter. */
  readonly onFailed: () => void;
}): () => Promise<number | undefined> {
  const { clock, repo, wants, place, attempts, isHeld, onMoved, onFailed } = options;
  // The first pages are slow, because nothing is compiled or in the cache yet.
  let limit = FIRST_EVENTS;
  let heldSince = 0;

  return async () => {
    if (place.isDue()) await place.keep();
    if (isHeld()) return undefined;
    for (;;) {
      heldSince = clock.monotonic();
      const after = place.seq;
      const asked = await repo.plugins.countEventsToRead({ after, limit, bytes: PAGE_BYTES });
      const { items } = await repo.listDomainEvents({ after, limit: asked });
      limit = nextLimit(limit, clock.monotonic() - heldSince);
      const isDone = await deliverAll(items);
      if (items.length > 0) onMoved();
      if (!isDone || isHeld()) return undefined;
      if (items.length < asked) break;
      await turn();
    }
    return Math.max(1, place.dueInMs());
  };

  /** False when the gateway stopped before the sink had answered, or when the sink is paused. */
  async function deliverAll(events: readonly DomainEvent[]): Promise<boolean> {
    for (const event of events) {
      if (wants(event)) {
        if (isHeld()) return false;
        const end = await attempts.deliverNew(event);
        if (end === "stopped") return false;
        if (end === "failed") onFailed();
      }
      place.pass(event.seq);
      // Nothing depends on it: if it fails, the next one stores more.
      if (place.isDue()) place.keep().catch(() => undefined);
      if (clock.monotonic() - heldSince >= PAGE_MS) {
        await turn();
        heldSince = clock.monotonic();
      }
    }
    return true;
  }
}

/** The length of the next page after one that took this long to read. */
function nextLimit(limit: number, tookMs: number): number {
  if (tookMs > PAGE_MS) return Math.max(FEWEST_EVENTS, Math.floor(limit / 2));
  return tookMs < PAGE_MS / 4 ? Math.min(MOST_EVENTS, limit * 2) : limit;
}
