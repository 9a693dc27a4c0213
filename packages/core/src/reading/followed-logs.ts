import type { DomainEvent } from "../contract/command.ts";
import { checkOptions } from "../contract/known-options.ts";
import type { Read } from "../contract/module.ts";
import { createEventIds } from "../model/event-ids.ts";
import { type JournalEntry, toDomainEvent, toJournalEntry } from "../model/records.ts";
import { checkSelection, type EventSelection, scanEvents } from "../model/scan-events.ts";
import { selectJournal } from "../model/selects.ts";
import type { CoreTables } from "../model/tables.ts";
import type { FollowedLog } from "./log-follower.ts";

/** Where to begin to follow a log, and until when. */
export interface FollowLogOptions {
  /** Only entries with a greater `seq`. Default: 0, everything that is kept. */
  readonly after?: number;
  /** Ends the iteration when it is aborted. Default: it goes on until the store stops. */
  readonly signal?: AbortSignal;
}

/** Which domain events to follow. */
export interface FollowEventsOptions extends FollowLogOptions, EventSelection {}

/** Checks the options of `follow`. */
export function checkFollowEvents(options: FollowEventsOptions): void {
  checkOptions("follow", options, ["after", "types", "aggregate_id", "signal"]);
  checkSelection("follow", options);
  checkAfter("follow", options);
}

/** Checks the options of `followJournal`. */
export function checkFollowJournal(options: FollowLogOptions): void {
  checkOptions("followJournal", options, ["after", "signal"]);
  checkAfter("followJournal", options);
}

function checkAfter(what: string, { after = 0 }: FollowLogOptions): void {
  if (Number.isSafeInteger(after) && after >= 0) return;
  throw new TypeError(`${what}: after must be the seq of an entry, or 0 for all; got ${after}.`);
}

/** The selected domain events of a store. */
export function domainEventLog(
  read: Pick<Read<CoreTables>, "get" | "all">,
  selection: EventSelection,
): FollowedLog<DomainEvent> {
  const { types, aggregate_id } = selection;
  const eventIds = createEventIds(read);
  const isSelected = (event: DomainEvent): boolean =>
    (types === undefined || types.includes(event.type)) &&
    (aggregate_id === undefined || event.aggregate_id === aggregate_id);

  return {
    async read(range) {
      const idOf = await eventIds();
      const { rows, through } = await scanEvents(read, range, selection);
      const items = rows.map((row) => toDomainEvent(row, idOf(row.seq)));
      return { items, through, sizeBytes: textSize(rows) };
    },
    passed: ({ events }, after) =>
      events.some(isSelected) ? undefined : Math.max(after, events.at(-1)?.seq ?? 0),
  };
}

/** The journal of a store. */
export function journalLog(read: Pick<Read<CoreTables>, "get" | "all">): FollowedLog<JournalEntry> {
  return {
    async read(range) {
      const rows = await read.all(selectJournal, range);
      const through = rows.at(-1)?.seq ?? range.after;
      return { items: rows.map(toJournalEntry), through, sizeBytes: textSize(rows) };
    },
    passed: () => undefined,
  };
}

function textSize(rows: readonly { readonly payload: string }[]): number {
  return rows.reduce((sum, { payload }) => sum + 2 * payload.length, 0);
}
