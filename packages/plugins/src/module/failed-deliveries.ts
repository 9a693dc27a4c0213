import { type CoreTables, type JsonObject, type Page, type PageOptions, query, type Read } from "@atlas/core";
import { createEventIds, type EventIdOf, pageLimit, readCursor, sql, toPage } from "@atlas/core/internal";
import type { SqlBool } from "kysely";
import { z } from "zod";
import { parseJsonColumn } from "./json-column.ts";
import type { FailedDeliveryStatus, PluginsTables } from "./tables.ts";

/** An event that a sink has not taken yet: it is retried, or it is a dead letter. */
export interface FailedDelivery {
  readonly sink_id: string;
  readonly event_id: string;
  readonly event_seq: number;
  /** The event's type; absent when the event itself was pruned. */
  readonly event_type?: string;
  /** What the event is about; absent when it names nothing, or was pruned. */
  readonly aggregate_id?: string;
  readonly status: FailedDeliveryStatus;
  /** Calls so far; 0 after a redrive. */
  readonly attempts: number;
  /** When it is delivered again; without meaning for a dead letter. */
  readonly next_at: string;
  /** What the last call failed with: `message`, and where known `name`, `code` and `causes`. */
  readonly error: JsonObject;
  readonly updated_at: string;
}

type Tables = PluginsTables & CoreTables;

// The table is named after the first word for a failed delivery. A name is not worth a migration of every database.
const due = query<Tables, { sink_id: string; now: string; limit: number }>()((db, p) =>
  db
    .selectFrom("plugins_sink_exceptions as failed")
    .leftJoin("domain_events as event", "event.seq", "failed.event_seq")
    .selectAll("failed")
    .select(["event.type as event_type", "event.aggregate_id"])
    .where("failed.status", "=", sql.lit<FailedDeliveryStatus>("retrying"))
    .where("failed.sink_id", "=", p.sink_id)
    .where("failed.next_at", "<=", p.now)
    .orderBy("failed.next_at")
    .orderBy("failed.event_seq")
    .limit(p.limit),
);
const all = query<Tables>()((db) =>
  db
    .selectFrom("plugins_sink_exceptions as failed")
    .leftJoin("domain_events as event", "event.seq", "failed.event_seq")
    .selectAll("failed")
    .select(["event.type as event_type", "event.aggregate_id"])
    .orderBy("failed.sink_id")
    .orderBy("failed.event_seq")
    .limit(1_000),
);
// The planner is kept from the index of dead letters by age: it would read and sort all of them for a page.
const dead = query<Tables, { sink_id: string; event_seq: number; limit: number }>()((db, p) =>
  db
    .selectFrom("plugins_sink_exceptions as failed")
    .leftJoin("domain_events as event", "event.seq", "failed.event_seq")
    .selectAll("failed")
    .select(["event.type as event_type", "event.aggregate_id"])
    .where(sql<SqlBool>`+failed.status = 'dead'`)
    .where(sql<SqlBool>`(failed.sink_id, failed.event_seq) > (${p.sink_id}, ${p.event_seq})`)
    .orderBy("failed.sink_id")
    .orderBy("failed.event_seq")
    .limit(p.limit),
);
const deadOfSink = query<Tables, { sink_id: string; event_seq: number; limit: number }>()((db, p) =>
  db
    .selectFrom("plugins_sink_exceptions as failed")
    .leftJoin("domain_events as event", "event.seq", "failed.event_seq")
    .selectAll("failed")
    .select(["event.type as event_type", "event.aggregate_id"])
    .where(sql<SqlBool>`+failed.status = 'dead'`)
    .where("failed.sink_id", "=", p.sink_id)
    .where("failed.event_seq", ">", p.event_seq)
    .orderBy("failed.event_seq")
    .limit(p.limit),
);
const place = z.tuple([z.string(), z.int()]);
const next = query<Tables, { sink_id: string }>()((db, p) =>
  db
    .selectFrom("plugins_sink_exceptions")
    .select("next_at")
    .where("status", "=", sql.lit<FailedDeliveryStatus>("retrying"))
    .where("sink_id", "=", p.sink_id)
    .orderBy("next_at")
    .limit(1),
);
const seqs = query<Tables, { from: number; through: number }>()((db, p) =>
  db
    .selectFrom("plugins_sink_exceptions")
    .select("event_seq")
    .distinct()
    .where("event_seq", ">=", p.from)
    .where("event_seq", "<=", p.through)
    .orderBy("event_seq"),
);

const holders = query<Tables, { event_seq: number }>()((db, p) =>
  db
    .selectFrom("plugins_sink_exceptions")
    .select("sink_id")
    .where("event_seq", "=", p.event_seq)
    .orderBy("sink_id")
    .limit(2),
);
const ofSink = query<Tables, { sink_id: string; after: number; limit: number }>()((db, p) =>
  db
    .selectFrom("plugins_sink_exceptions")
    .select(["event_seq", "status"])
    .where("sink_id", "=", p.sink_id)
    .where("event_seq", ">", p.after)
    .orderBy("event_seq")
    .limit(p.limit),
);
const oldDead = query<Tables, { before: string; limit: number }>()((db, p) =>
  db
    .selectFrom("plugins_sink_exceptions")
    .select(["sink_id", "event_seq"])
    .where("status", "=", sql.lit<FailedDeliveryStatus>("dead"))
    .where("updated_at", "<=", p.before)
    .orderBy("updated_at")
    .limit(p.limit),
);

/** Queries on the events that sinks have not taken yet. */
export function failedDeliveries(read: Read<Tables>) {
  const eventIds = createEventIds(read);
  return {
    /** Failed deliveries and dead letters, by sink and event; at most 1,000. */
    async listFailedDeliveries(): Promise<readonly FailedDelivery[]> {
      const idOf = await eventIds();
      return (await read.all(all, {})).map((row) => toFailedDelivery(row, idOf));
    },
    /** The dead letters of a sink, or of all sinks, by sink and event. */
    async listDeadLetters(
      options: PageOptions & { readonly sink_id?: string } = {},
    ): Promise<Page<FailedDelivery>> {
      const limit = pageLimit(options);
      const [after_sink, event_seq] = readCursor(options.cursor, place) ?? [];
      const idOf = await eventIds();
      const range = { event_seq: event_seq ?? 0, limit: limit + 1 };
      const rows =
        options.sink_id === undefined
          ? await read.all(dead, { ...range, sink_id: after_sink ?? "" })
          : await read.all(deadOfSink, { ...range, sink_id: options.sink_id });
      return toPage(rows, limit, {
        item: (row) => toFailedDelivery(row, idOf),
        key: (row) => [row.sink_id, row.event_seq],
      });
    },
    /** A sink's failed deliveries that are due. */
    async listDueFailedDeliveries(options: {
      readonly sink_id: string;
      readonly now: string;
      readonly limit: number;
    }): Promise<readonly FailedDelivery[]> {
      const idOf = await eventIds();
      return (await read.all(due, { ...options })).map((row) => toFailedDelivery(row, idOf));
    },
    /** When a sink's next failed delivery is due; nothing when none is retried. */
    async nextFailedDeliveryAt(sink_id: string): Promise<string | undefined> {
      return (await read.get(next, { sink_id }))?.next_at;
    },
    /** The numbers, from `from` through `through`, of the events that some sink has not taken yet. */
    async listFailedEventSeqs(from: number, through: number): Promise<readonly number[]> {
      return (await read.all(seqs, { from, through })).map(({ event_seq }) => event_seq);
    },
    /** True when a sink other than this one has a failed delivery of the event. */
    async isEventHeldByOthers(event_seq: number, sink_id: string): Promise<boolean> {
      return (await read.all(holders, { event_seq })).some((row) => row.sink_id !== sink_id);
    },
    /** A page of a sink's failed deliveries after an event, by event: ids, numbers and states only. */
    async listFailedOfSink(options: {
      readonly sink_id: string;
      readonly after: number;
      readonly limit: number;
    }): Promise<readonly Pick<FailedDelivery, "event_id" | "event_seq" | "status">[]> {
      const idOf = await eventIds();
      return (await read.all(ofSink, { ...options })).map((row) => ({
        ...row,
        event_id: idOf(row.event_seq),
      }));
    },
    /** Dead letters that have been dead since before a time, the oldest first. */
    listOldDeadLetters: (options: {
      readonly before: string;
      readonly limit: number;
    }): Promise<readonly { readonly sink_id: string; readonly event_seq: number }[]> =>
      read.all(oldDead, { ...options }),
  };
}

function toFailedDelivery(
  {
    event_type,
    aggregate_id,
    error,
    ...row
  }: PluginsTables["plugins_sink_exceptions"] & {
    readonly event_type: string | null;
    readonly aggregate_id: string | null;
  },
  idOf: EventIdOf,
): FailedDelivery {
  return {
    ...row,
    event_id: idOf(row.event_seq),
    ...(event_type === null ? {} : { event_type }),
    ...(aggregate_id === null ? {} : { aggregate_id }),
    error: parseJsonColumn(error),
  };
}
