import { type CoreTables, query, type Read } from "@atlas/core";
import { sql } from "@atlas/core/internal";
import type { JobWait } from "../contract/wait.ts";
import { parseJsonColumn } from "./json-column.ts";
import type { PluginsTables } from "./tables.ts";

/** What is needed to match an event with the waits for it, without its payload. */
export interface EventKey {
  readonly seq: number;
  readonly type: string;
  readonly aggregate_id: string | null;
}

type Tables = PluginsTables & CoreTables;
type Row = PluginsTables["plugins_waits"];

const ofJob = query<Tables, { job_id: string }>()((db, p) =>
  db
    .selectFrom("plugins_waits")
    .selectAll()
    .where("job_id", "=", p.job_id)
    .orderBy("opened_at")
    .orderBy("kind")
    .orderBy("name"),
);
const parked = query<Tables, { kind: "event" | "jobs"; job_id: string; name: string; limit: number }>()(
  (db, p) =>
    db
      .selectFrom("plugins_waits as wait")
      .innerJoin("jobs", (join) =>
        join.onRef("jobs.id", "=", "wait.job_id").onRef("jobs.attempt", "=", "wait.attempt"),
      )
      .selectAll("wait")
      // Says again what the index holds. It stays behind the kind: before it, SQLite would sort all these waits for every page.
      .where("wait.kind", "=", p.kind)
      .where("wait.kind", "in", [sql.lit<"event">("event"), sql.lit<"jobs">("jobs")])
      .where("wait.attempt", "is not", null)
      .where("wait.answered_at", "is", null)
      .where("jobs.status", "=", sql.lit("queued"))
      .where(sql<boolean>`(wait.job_id, wait.name) > (${p.job_id}, ${p.name})`)
      .orderBy("wait.job_id")
      .orderBy("wait.name")
      .limit(p.limit),
);
const answered = query<Tables>()((db) =>
  db
    .selectFrom("plugins_waits as wait")
    // A cross join keeps the order: with any other, SQLite would go through all jobs and look for the answers of each.
    .crossJoin("jobs")
    .select(["jobs.id", "jobs.attempt"])
    .distinct()
    .whereRef("jobs.id", "=", "wait.job_id")
    .whereRef("jobs.attempt", "=", "wait.attempt")
    .where("wait.attempt", "is not", null)
    .where("wait.answered_at", "is not", null)
    .where("jobs.status", "=", sql.lit("queued")),
);
const created = query<Tables, { job_id: string }>()((db, p) =>
  db
    .selectFrom("domain_events")
    .select("seq")
    .where("type", "=", sql.lit("job.created"))
    .where("aggregate_id", "=", p.job_id)
    .orderBy("seq")
    .limit(1),
);
const openChildren = query<Tables, { job_id: string; after: string }>()((db, p) =>
  db
    .selectFrom("jobs")
    .select("id")
    .where("parent_id", "=", p.job_id)
    .where("id", ">", p.after)
    .orderBy("id")
    .limit(500),
);

/** Queries on what jobs wait for. */
export function waitQueries(read: Read<Tables>) {
  return {
    /** The waits of a job, and the answers that came before their waits. */
    async listWaits(job_id: string): Promise<readonly JobWait[]> {
      return (await read.all(ofJob, { job_id })).map(toJobWait);
    },
    /** A page of the waits for events, or for jobs, at which jobs wait now, after the wait with this key. */
    async listParkedWaits(options: {
      readonly kind: "event" | "jobs";
      readonly after?: Pick<JobWait, "job_id" | "name">;
      readonly limit: number;
    }): Promise<readonly JobWait[]> {
      const { kind, after = { job_id: "", name: "" }, limit } = options;
      return (await read.all(parked, { kind, job_id: after.job_id, name: after.name, limit })).map(toJobWait);
    },
    /** The jobs that still wait though they have an answer. */
    listAnsweredJobs: () => read.all(answered, {}),
    /** The number of the event of a job's creation; 0 when it was pruned. */
    async getJobCreatedSeq(job_id: string): Promise<number> {
      return (await read.get(created, { job_id }))?.seq ?? 0;
    },
    /** A page of the ids of a job's children. */
    async listChildIds(job_id: string, after: string): Promise<readonly string[]> {
      return (await read.all(openChildren, { job_id, after })).map(({ id }) => id);
    },
    /** The events of these types (without any: all) with a number above `after`, up to `through`. */
    listEventKeys(options: {
      readonly types: readonly string[];
      readonly after: number;
      readonly through: number;
    }): Promise<readonly EventKey[]> {
      const { types, after, through } = options;
      const all = read.select
        .selectFrom("domain_events")
        .select(["seq", "type", "aggregate_id"])
        .where("seq", ">", after)
        .where("seq", "<=", through)
        .orderBy("seq");
      return (types.length === 0 ? all : all.where("type", "in", types)).execute();
    },
  };
}

function toJobWait(row: Row): JobWait {
  const { job_id, name, kind, opened_at, deadline, info, schema, filter, ids, closed_at } = row;
  const { after_seq, scanned_seq, attempt, value, by, answered_at, answer_order, signal_id } = row;
  return {
    job_id,
    name,
    kind,
    ...(opened_at === null ? {} : { opened_at }),
    ...(deadline === null ? {} : { deadline }),
    ...(info === null ? {} : { info: parseJsonColumn(info) }),
    ...(schema === null ? {} : { schema: parseJsonColumn(schema) }),
    ...(filter === null ? {} : { filter: parseJsonColumn(filter) }),
    ...(ids === null ? {} : { ids: parseJsonColumn(ids) }),
    ...(after_seq === null ? {} : { after_seq }),
    ...(scanned_seq === null ? {} : { scanned_seq }),
    ...(attempt === null ? {} : { attempt }),
    ...(value === null || answered_at === null
      ? {}
      : {
          answer: {
            value: parseJsonColumn(value),
            by: by ?? "",
            at: answered_at,
            order: answer_order ?? 0,
            ...(signal_id === null ? {} : { signal_id }),
          },
        }),
    ...(closed_at === null ? {} : { closed_at }),
  };
}
