import { z } from "zod";
import type { NewChangeEvent } from "../contract/change.ts";
import { defineCommand } from "../contract/define-command.ts";
import { notFound } from "../contract/errors.ts";
import type { NewEventOf } from "../contract/event-types.ts";
import { idText } from "../contract/id.ts";
import { jsonObject } from "../contract/json.ts";
import { lazySchema } from "../contract/lazy-schema.ts";
import type { Refusal } from "../contract/refusal.ts";
import { lazyStatement, query } from "../contract/statement.ts";
import { timeText } from "../contract/time.ts";
import type { CoreEvents } from "./core-events.ts";
import type { CoreTables } from "./tables.ts";

/** An event that a host or a plugin emits itself. */
const newDomainEvent = () =>
  z.strictObject({
    type: idText,
    aggregate_id: idText.optional(),
    payload: jsonObject.optional(),
    created_at: timeText.optional(),
  });

/** The input of `domainEvent.emit`. */
export type NewDomainEvent = z.input<ReturnType<typeof newDomainEvent>>;

/** An event's number and its store, as they stand in its id. */
export interface EventId {
  readonly store: string;
  readonly seq: number;
}

const EVENT_ID = /^evt_([0-9a-z]{8})_([1-9]\d{0,15})$/;

/** Reads `evt_<store id>_<seq>`; nothing when `id` is not of that form. */
export function parseEventId(id: string): EventId | undefined {
  const [, store, seq] = EVENT_ID.exec(id) ?? [];
  return store === undefined ? undefined : { store, seq: Number(seq) };
}

/** The id of an event: derived from its number, never stored. */
export function eventId({ store, seq }: EventId): string {
  return `evt_${store}_${seq}`;
}

const eventIdText = z
  .string()
  .refine(
    (id) => parseEventId(id) !== undefined,
    'must be the id of a domain event, such as "evt_k3v9x0ab_17"',
  );

/** How many events one command marks at most: some milliseconds of work. */
const MARKED_AT_ONCE = 2_500;

interface Delivered {
  store: string;
  from_seq: number;
  through_seq: number;
  at: string;
  limit: number;
}

const markDelivered = lazyStatement<CoreTables, Delivered>((db, p) =>
  db
    .updateTable("domain_events")
    .set({ delivered_at: p.at })
    .where("seq", "in", (row) =>
      row
        .selectFrom("domain_events as undelivered")
        .select("undelivered.seq")
        .where("undelivered.seq", ">=", p.from_seq)
        .where("undelivered.seq", "<=", p.through_seq)
        .where("undelivered.delivered_at", "is", null)
        .orderBy("undelivered.seq")
        .limit(p.limit),
    )
    // The event that the range begins with must be the one that the id names, not one that has its number after a restore.
    .where((row) =>
      row(
        row.fn.coalesce(
          row
            .selectFrom("store_earlier_ids")
            .select("store_earlier_ids.id")
            .where("through_seq", ">=", p.from_seq)
            .orderBy("through_seq")
            .limit(1),
          row.selectFrom("store").select("store.id"),
        ),
        "=",
        p.store,
      ),
    ),
);

/** Finds a row unless the range has events of a later store, after a restore or a replay: these have ids of their own. */
const selectOneLife = query<CoreTables, Pick<Delivered, "store" | "from_seq" | "through_seq">>()((db, p) =>
  db
    .selectFrom("store")
    .select("store.only")
    .where((row) =>
      row.not(
        row.exists(
          row
            .selectFrom("store_earlier_ids")
            .select("store_earlier_ids.id")
            .where("store_earlier_ids.through_seq", ">=", p.from_seq)
            .where("store_earlier_ids.id", "=", p.store)
            // In a replay of what was sent before the restore, there are none yet: then it marked all that there was.
            .where((earlier) =>
              earlier.exists(
                earlier
                  .selectFrom("domain_events as later")
                  .select("later.seq")
                  .whereRef("later.seq", ">", "store_earlier_ids.through_seq")
                  .where("later.seq", "<=", p.through_seq),
              ),
            ),
        ),
      ),
    ),
);

const command = defineCommand<CoreTables, CoreEvents>();

/** Emits an event. The writer numbers it; its `created_at` defaults to the time of the call. */
export const domainEventEmit = command({
  schema: lazySchema(() => z.object({ event: newDomainEvent() })),
  apply: ({ event }, change) => {
    const emitted: NewChangeEvent = {
      type: event.type,
      payload: event.payload ?? {},
      ...(event.aggregate_id === undefined ? {} : { aggregate_id: event.aggregate_id }),
      ...(event.created_at === undefined ? {} : { created_at: event.created_at }),
    };
    // The one handler whose events core does not declare: their types are the host's.
    change.emit(emitted as NewEventOf<CoreEvents>);
  },
});

/**
 * Marks the event `id` as delivered to every sink; with `through_seq`, the undelivered events from it up to that
 * number, at most `limit` of them (default and maximum: 2,500). In a longer range, send it again until it changes nothing. Only
 * marked events can be pruned. An id that no event of this store has changes nothing. Refused with `ATLAS_CORE_NOT_FOUND` if the
 * database was restored between the two ends of the range: whoever knows `id` from before cannot mean the events after it.
 */
export const domainEventMarkDelivered = command({
  schema: lazySchema(() =>
    z.object({
      id: eventIdText,
      through_seq: z.int().min(1).optional(),
      limit: z.int().min(1).max(MARKED_AT_ONCE).optional(),
      at: timeText.optional(),
    }),
  ),
  prepare: (payload, { now }) => ({
    ...payload,
    limit: payload.limit ?? MARKED_AT_ONCE,
    at: payload.at ?? now,
  }),
  // A journal from before this bound has none: there it marked all.
  apply: ({ id, through_seq, at, limit = Number.MAX_SAFE_INTEGER }, change) => {
    // The schema has read the id already.
    const { store, seq } = parseEventId(id) as EventId;
    const range = { store, from_seq: seq, through_seq: through_seq ?? seq };
    if (range.through_seq > seq) change.require(selectOneLife, range, pastRestore(id, range.through_seq));
    change.run(markDelivered, { ...range, at, limit }, { ifNone: "stop" });
  },
});

function pastRestore(id: string, through_seq: number): Refusal {
  const { refuse, details } = notFound("event", id);
  const message = `The database was restored after the event "${id}", and before event ${through_seq} was written: through_seq would mark events that this id's store does not have. Mark the events after the restore by an id of theirs.`;
  return { refuse, message, ...(details === undefined ? {} : { details }) };
}
