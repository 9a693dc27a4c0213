import type { DomainEvent, ReadOnlyRepo } from "@atlas/core";
import { type EventFilter, matchesEvent } from "../../contract/event-filter.ts";
import type { PluginsModule } from "../../module/plugins-module.ts";
import type { EventKey } from "../../module/wait-queries.ts";

// One page takes about two milliseconds, and the event loop turns after each.
const SEQS_A_PAGE = 5_000;
// SQLite looks up a few types faster than JavaScript; with many, most events match anyway.
const MOST_TYPES = 50;
// Reading them takes about as long as a page of keys.
const EVENTS_AT_ONCE = 100;

/** Reads the wanted events with a number above `after`, page by page, until `found` returns true. Returns the last number that was read. */
export async function scanEvents(
  repo: ReadOnlyRepo<PluginsModule>,
  options: {
    readonly types: readonly string[];
    readonly after: number;
    /** Tells cheaply which events are worth a closer look. */
    readonly wants: (key: EventKey) => boolean;
    readonly found: (event: DomainEvent) => boolean;
  },
): Promise<number> {
  const { wants, found } = options;
  const last = await repo.plugins.lastEventSeq();
  const types = options.types.length > MOST_TYPES ? [] : options.types;
  for (let after = options.after; after < last; after += SEQS_A_PAGE) {
    const through = Math.min(last, after + SEQS_A_PAGE);
    const keys = await repo.plugins.listEventKeys({ types, after, through });
    for (let next = 0; next < keys.length; ) {
      const wanted: number[] = [];
      // What is wanted may change with each event that was found.
      for (let key = keys[next]; key !== undefined && wanted.length < EVENTS_AT_ONCE; key = keys[next]) {
        if (wants(key)) wanted.push(key.seq);
        next += 1;
      }
      for (const event of await readEvents(repo, wanted)) if (found(event)) return event.seq;
      if (wanted.length > 0) await turn();
    }
    await turn();
  }
  return Math.max(last, options.after);
}

function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/** The events with these ascending numbers, without those that were pruned. */
async function readEvents(
  repo: ReadOnlyRepo<PluginsModule>,
  seqs: readonly number[],
): Promise<readonly DomainEvent[]> {
  const [first = 0] = seqs;
  const span = (seqs.at(-1) ?? 0) - first + 1;
  const events: DomainEvent[] = [];
  // Where most are wanted, one query reads them all.
  if (span <= 2 * seqs.length) {
    const wanted = new Set(seqs);
    const { items } = await repo.listDomainEvents({ after: first - 1, limit: span });
    return items.filter(({ seq }) => wanted.has(seq));
  }
  for (const seq of seqs) {
    const [event] = (await repo.listDomainEvents({ after: seq - 1, limit: 1 })).items;
    if (event?.seq === seq) events.push(event);
  }
  return events;
}

/** The first event with a number above `after` that matches, and the last number that was looked at. */
export async function findEvent(
  repo: ReadOnlyRepo<PluginsModule>,
  filter: EventFilter,
  after: number,
): Promise<{ readonly event?: DomainEvent; readonly scanned: number }> {
  let event: DomainEvent | undefined;
  const scanned = await scanEvents(repo, {
    types: [filter.type],
    after,
    wants: ({ type, aggregate_id }) =>
      type === filter.type && (filter.aggregate_id === undefined || filter.aggregate_id === aggregate_id),
    found(candidate) {
      if (!matchesEvent(candidate, filter)) return false;
      event = candidate;
      return true;
    },
  });
  return { scanned, ...(event === undefined ? {} : { event }) };
}
