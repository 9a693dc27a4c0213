import type { DomainEvent, ReadOnlyRepo } from "@atlas/core";
import { type EventFilter, matchesEvent } from "../../contract/event-filter.ts";
import type { PluginsModule } from "../../module/plugins-module.ts";
import type { EventKey } from "../../module/wait-queries.ts";

// One page takes about two milliseconds, and the event loop turns after each.
const SEQS_A_PAGE = 5_000;
// SQLite looks up a few types faster than JavaScript; with many, most events match anyway.
const MOST_TYPES = 50;

/** Reads the keys of events with a number above `after`, page by page, until `found` returns true. Returns the last number that was read. */
export async function scanEvents(
  repo: ReadOnlyRepo<PluginsModule>,
  options: {
    readonly types: readonly string[];
    readonly after: number;
    /** Tells cheaply which events are worth a closer look. */
    readonly wants: (key: EventKey) => boolean;
    readonly found: (key: EventKey) => Promise<boolean>;
  },
): Promise<number> {
  const last = await repo.plugins.lastEventSeq();
  const types = options.types.length > MOST_TYPES ? [] : options.types;
  for (let after = options.after; after < last; after += SEQS_A_PAGE) {
    const through = Math.min(last, after + SEQS_A_PAGE);
    for (const key of await repo.plugins.listEventKeys({ types, after, through })) {
      if (options.wants(key) && (await options.found(key))) return key.seq;
    }
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }
  return Math.max(last, options.after);
}

/** The event with this number. */
export async function readEvent(
  repo: ReadOnlyRepo<PluginsModule>,
  seq: number,
): Promise<DomainEvent | undefined> {
  const [event] = (await repo.listDomainEvents({ after: seq - 1, limit: 1 })).items;
  return event?.seq === seq ? event : undefined;
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
    async found({ seq }) {
      const candidate = await readEvent(repo, seq);
      if (candidate === undefined || !matchesEvent(candidate, filter)) return false;
      event = candidate;
      return true;
    },
  });
  return { scanned, ...(event === undefined ? {} : { event }) };
}
