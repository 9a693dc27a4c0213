import type { SqliteDatabase } from "../file/driver.ts";

/** The numbers that the next command and the next domain event get. */
export interface Counters {
  readonly nextCommand: number;
  readonly nextEvent: number;
}

/** Where the log of a database goes on. */
export interface LogEnd {
  /** New events come after all that have an earlier id. */
  readonly storeId: string;
  readonly counters: Counters;
}

interface Row {
  readonly next_command: number;
  readonly next_event: number;
}

/**
 * Reads how far a database has counted. The store's row holds a number that was once the next one; the newest rows of
 * the journal and of the domain events tell what was counted since (see {@link carries}).
 */
export function readCounters(database: SqliteDatabase): Counters {
  const row = database
    .prepare<[], Row>(
      `select
        max(
          next_command_seq,
          coalesce((select max(seq) from journal), 0) + 1,
          coalesce((select command_seq from domain_events order by seq desc limit 1), 0) + 1
        ) as next_command,
        max(next_event_seq, coalesce((select max(seq) from domain_events), 0) + 1) as next_event
      from store`,
    )
    .get();
  if (row === undefined)
    throw new TypeError("The store has no identity row, because its migrations have not run.");
  return { nextCommand: row.next_command, nextEvent: row.next_event };
}

/** Reads what a writer has to know of a database before it goes on with its log. */
export function readLogEnd(database: SqliteDatabase): LogEnd {
  const storeId = String(database.prepare("select id from store").pluck().get());
  return { storeId, counters: readCounters(database) };
}

/**
 * True when the rows that a batch leaves behind tell both counters: then the store's row need not be written, which
 * spares a lone commit one of its pages. It takes an event, the last of which has the last event's number and that of
 * its command; a command after it must be in the journal. These rows may be pruned later, but only by a command, whose
 * own batch is asked the same question again.
 */
export function carries(
  counters: Counters,
  rows: { readonly lastEvent: { readonly commandSeq: number } | undefined; readonly journal: boolean },
): boolean {
  const { lastEvent, journal } = rows;
  return lastEvent !== undefined && (journal || lastEvent.commandSeq === counters.nextCommand - 1);
}
