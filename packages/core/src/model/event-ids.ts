import type { Read } from "../contract/module.ts";
import { EARLIER_IDS } from "../file/bookkeeping-schema.ts";
import { eventId } from "./domain-event.ts";
import { selectEarlierIds, selectStore, selectStoreMigration } from "./selects.ts";
import type { CoreTables } from "./tables.ts";

/** The id of the event with this number. */
export type EventIdOf = (seq: number) => string;

/**
 * Tells the ids of a store's events. A restored store has a new id, but events from before keep theirs. Both change only in a file
 * that nobody has open, so they are read once.
 */
export function createEventIds<Tables extends CoreTables>(
  read: Pick<Read<Tables>, "get" | "all">,
): () => Promise<EventIdOf> {
  // What reads more tables reads core's as well.
  const core = read as unknown as CoreRead;
  let known: EventIdOf | undefined;
  return async () => {
    known ??= await readEventIds(core);
    return known;
  };
}

type CoreRead = Pick<Read<CoreTables>, "get" | "all">;

async function readEventIds(read: CoreRead): Promise<EventIdOf> {
  const present = (await read.get(selectStore, {}))?.id ?? "";
  // A file that was opened for reading only may be older than the table.
  const hasEarlier = (await read.get(selectStoreMigration, { name: EARLIER_IDS })) !== undefined;
  const earlier = hasEarlier ? await read.all(selectEarlierIds, {}) : [];
  return (seq) =>
    eventId({ store: earlier.find(({ through_seq }) => seq <= through_seq)?.id ?? present, seq });
}
