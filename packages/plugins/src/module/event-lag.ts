import { type CoreTables, query, type Read } from "@atlas/core";
import { sql } from "@atlas/core/internal";
import type { PluginsTables } from "./tables.ts";

/** How far a sink is behind the newest event. */
export interface SinkLag {
  readonly sink_id: string;
  /** The number of the last event that the sink has passed. */
  readonly event_seq: number;
  /** How many events come after that one. */
  readonly behind: number;
  /** Failed deliveries that are retried. */
  readonly retrying: number;
  /** Dead letters. */
  readonly dead: number;
}

type Tables = PluginsTables & CoreTables;

const lastEvent = query<Tables>()((db) =>
  db.selectFrom("domain_events").select(({ fn }) => fn.max("seq").as("seq")),
);
const firstAfter = query<Tables, { after: number }>()((db, p) =>
  db.selectFrom("domain_events").select("created_at").where("seq", ">", p.after).orderBy("seq").limit(1),
);
// Reads what the rows say of their length, and no payload.
const sizes = query<Tables, { after: number; limit: number }>()((db, p) =>
  db
    .selectFrom("domain_events")
    .select(sql<number>`octet_length(payload)`.as("bytes"))
    .where("seq", ">", p.after)
    .orderBy("seq")
    .limit(p.limit),
);
const failedCounts = query<Tables>()((db) =>
  db
    .selectFrom("plugins_sink_exceptions")
    .select(({ fn }) => ["sink_id", "status", fn.countAll<number>().as("count")])
    .groupBy(["sink_id", "status"]),
);
const sinkCursors = query<Tables>()((db) =>
  db
    .selectFrom("plugins_sink_cursors")
    .select(["sink_id", "event_seq"])
    // The place of delivery itself.
    .where("sink_id", "!=", "$delivered")
    .orderBy("sink_id"),
);

/** Queries on the newest events, and on how far sinks are behind them. */
export function eventLag(read: Read<Tables>) {
  const lastEventSeq = async (): Promise<number> => (await read.get(lastEvent, {}))?.seq ?? 0;

  return {
    /** The number of the newest domain event; 0 when there is none. */
    lastEventSeq,
    /** When the first event after this number was stored; nothing when there is none. */
    async firstEventAtAfter(seq: number): Promise<string | undefined> {
      return (await read.get(firstAfter, { after: seq }))?.created_at;
    },
    /** How many events after this number to read at once: `limit`, or as many as hold `bytes` of payload together, but at least one. */
    async countEventsToRead(options: {
      readonly after: number;
      readonly limit: number;
      readonly bytes: number;
    }): Promise<number> {
      const { after, limit } = options;
      let left = options.bytes;
      let count = 0;
      for (const { bytes } of await read.all(sizes, { after, limit })) {
        left -= bytes;
        if (left < 0) return Math.max(1, count);
        count += 1;
      }
      return limit;
    },
    /** How far each sink is behind, by sink id; the trigger of a workflow with `on` has the id `$on:<workflow id>`. */
    async listSinkLags(): Promise<readonly SinkLag[]> {
      const last = await lastEventSeq();
      const counts = await read.all(failedCounts, {});
      const count = (sink: string, status: string): number =>
        counts.find((row) => row.sink_id === sink && row.status === status)?.count ?? 0;
      return (await read.all(sinkCursors, {})).map(({ sink_id, event_seq }) => ({
        sink_id,
        event_seq,
        behind: Math.max(0, last - event_seq),
        retrying: count(sink_id, "retrying"),
        dead: count(sink_id, "dead"),
      }));
    },
  };
}
