import { setImmediate as turn } from "node:timers/promises";
import type { Read } from "../contract/module.ts";
import { domainEventScan, selectDomainEvents, selectEventBounds } from "./selects.ts";
import type { CoreTables, DomainEventRow } from "./tables.ts";

/** Which domain events to read. */
export interface EventSelection {
  /** Only events of exactly these types, 1 to 100. Default: all types. */
  readonly types?: readonly string[];
  /** Only events about this. Default: all. */
  readonly aggregate_id?: string;
}

/** A part of the log of domain events. */
export interface EventScan {
  readonly rows: readonly DomainEventRow[];
  /** Every event up to this number was looked at. */
  readonly through: number;
}

const MAX_TYPES = 100;
// Some milliseconds of work. An index would cost every command that emits an event more than it saves a rare reader.
const SCANNED_AT_ONCE = 5_000;

/** Throws a `TypeError` if `selection` selects nothing or is not one. */
export function checkSelection(what: string, { types, aggregate_id }: EventSelection): void {
  const isText = (value: unknown): boolean => typeof value === "string" && value !== "";
  if (types !== undefined) {
    const { length } = Array.isArray(types) ? types : [];
    if (length === 0 || length > MAX_TYPES || !types.every(isText)) {
      throw new TypeError(
        `${what}: types must be 1 to ${MAX_TYPES} names of event types. Leave it out to read all types.`,
      );
    }
  }
  if (aggregate_id !== undefined && !isText(aggregate_id)) {
    throw new TypeError(`${what}: aggregate_id must be a text that is not empty.`);
  }
}

/**
 * Reads up to `limit` of the selected events after a number, in their order. Selected events are looked for part by part,
 * with a turn of the event loop in between, for a rare type may lie far away.
 */
export async function scanEvents(
  read: Pick<Read<CoreTables>, "get" | "all">,
  range: { readonly after: number; readonly limit: number },
  { types = [], aggregate_id }: EventSelection,
): Promise<EventScan> {
  const { after, limit } = range;
  if (types.length === 0 && aggregate_id === undefined) {
    const rows = await read.all(selectDomainEvents, range);
    return { rows, through: rows.at(-1)?.seq ?? after };
  }
  const scan = domainEventScan({ types: types.length, aggregate: aggregate_id !== undefined });
  const names = Object.fromEntries(types.map((type, index) => [`type_${index}`, type]));
  const bounds = await read.get(selectEventBounds, { after });
  const last = bounds?.last ?? 0;
  const rows: DomainEventRow[] = [];
  let scanned = Math.max(after, (bounds?.first ?? 0) - 1);
  while (scanned < last && rows.length < limit) {
    const through = Math.min(scanned + SCANNED_AT_ONCE, last);
    const wanted = limit - rows.length;
    const values = { ...names, aggregate_id: aggregate_id ?? "", after: scanned, through, limit: wanted };
    const found = await read.all(scan, values);
    rows.push(...found);
    scanned = found.length === wanted ? (found.at(-1)?.seq ?? through) : through;
    if (scanned < last && rows.length < limit) await turn();
  }
  return { rows, through: Math.max(after, scanned) };
}
