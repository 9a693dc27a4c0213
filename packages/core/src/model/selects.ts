import { sql } from "kysely";
import { query } from "../contract/statement.ts";
import type { CoreTables, JobStatus } from "./tables.ts";

// The reads behind core's named queries. Each finds its rows through an index; a test proves it.

interface ById {
  id: string;
}
export const selectEntity = query<CoreTables, ById>()((db, p) =>
  db.selectFrom("entities").selectAll().where("id", "=", p.id),
);
export const selectEntityByOrigin = query<CoreTables, { source: string; external_id: string }>()((db, p) =>
  db
    .selectFrom("entities")
    .selectAll()
    .where("source", "=", p.source)
    .where("external_id", "=", p.external_id),
);
export const selectEvent = query<CoreTables, ById>()((db, p) =>
  db.selectFrom("events").selectAll().where("id", "=", p.id),
);
export const selectArtifact = query<CoreTables, ById>()((db, p) =>
  db.selectFrom("artifacts").selectAll().where("id", "=", p.id),
);
export const selectJob = query<CoreTables, ById>()((db, p) =>
  db.selectFrom("jobs").selectAll().where("id", "=", p.id),
);
export const selectJobByKey = query<CoreTables, { workflow_id: string; idempotency_key: string }>()((db, p) =>
  db
    .selectFrom("jobs")
    .selectAll()
    .where("workflow_id", "=", p.workflow_id)
    .where("idempotency_key", "=", p.idempotency_key),
);
export const selectDomainEvent = query<CoreTables, { seq: number }>()((db, p) =>
  db.selectFrom("domain_events").selectAll().where("seq", "=", p.seq),
);
export const selectDomainEvents = query<CoreTables, { after: number; limit: number }>()((db, p) =>
  db.selectFrom("domain_events").selectAll().where("seq", ">", p.after).orderBy("seq").limit(p.limit),
);
/** The first domain event after a number, and the last of all. */
export const selectEventBounds = query<CoreTables, { after: number }>()((db, p) =>
  db.selectFrom("store").select((store) => [
    store
      .selectFrom("domain_events")
      .select((event) => event.fn.min("seq").as("seq"))
      .where("seq", ">", p.after)
      .as("first"),
    store
      .selectFrom("domain_events")
      .select((event) => event.fn.max("seq").as("seq"))
      .as("last"),
  ]),
);
/** The number that some event had next, once, and the newest event that is kept: the greater of them is the number of the last event. */
export const selectLastEvent = query<CoreTables>()((db) =>
  db.selectFrom("store").select((store) => [
    "next_event_seq",
    store
      .selectFrom("domain_events")
      .select((event) => event.fn.max("seq").as("seq"))
      .as("newest"),
  ]),
);
export const selectJournal = query<CoreTables, { after: number; limit: number }>()((db, p) =>
  db.selectFrom("journal").selectAll().where("seq", ">", p.after).orderBy("seq").limit(p.limit),
);
export const selectRefused = query<CoreTables, { after: number; limit: number }>()((db, p) =>
  db.selectFrom("refused_commands").selectAll().where("seq", ">", p.after).orderBy("seq").limit(p.limit),
);
export const selectStore = query<CoreTables>()((db) => db.selectFrom("store").select("id"));
export const selectEarlierIds = query<CoreTables>()((db) =>
  db.selectFrom("store_earlier_ids").selectAll().orderBy("through_seq"),
);
export const selectStoreMigration = query<CoreTables, { name: string }>()((db, p) =>
  db.selectFrom("schema_migrations").select("name").where("module", "=", "store").where("name", "=", p.name),
);

/** Which parts a list's SQL has; one compiled query for each combination that is ever asked for. */
export interface ListShape {
  readonly order: "asc" | "desc";
  readonly after: boolean;
}

function oncePerShape<Of, Result>(build: (shape: Of) => Result): (shape: Of) => Result {
  const built = new Map<string, Result>();
  return (shape) => {
    const name = JSON.stringify(shape);
    const known = built.get(name);
    if (known !== undefined) return known;
    const result = build(shape);
    built.set(name, result);
    return result;
  };
}

/** Domain events of a part of the log. */
export const domainEventScan = oncePerShape(
  (shape: { readonly types: number; readonly aggregate: boolean }) =>
    query<
      CoreTables,
      { after: number; through: number; aggregate_id: string; limit: number } & Readonly<
        Record<`type_${number}`, string>
      >
    >()((db, p) =>
      db
        .selectFrom("domain_events")
        .selectAll()
        .where("seq", ">", p.after)
        .where("seq", "<=", p.through)
        .$if(shape.types > 0, (list) =>
          list.where(
            "type",
            "in",
            Array.from({ length: shape.types }, (_, index) => p[`type_${index}`]).filter(
              (name) => name !== undefined,
            ),
          ),
        )
        .$if(shape.aggregate, (list) => list.where("aggregate_id", "=", p.aggregate_id))
        .orderBy("seq")
        .limit(p.limit),
    ),
);

export const entityList = oncePerShape(
  (shape: ListShape & { readonly type: boolean; readonly deleted: boolean }) =>
    query<CoreTables, { type: string; id: string; limit: number }>()((db, p) =>
      db
        .selectFrom("entities")
        .selectAll()
        .$if(shape.type, (list) => list.where("type", "=", p.type))
        .$if(!shape.deleted, (list) => list.where("deleted_at", "is", null))
        .$if(shape.after, (list) => list.where("id", shape.order === "asc" ? ">" : "<", p.id))
        .orderBy("id", shape.order)
        .limit(p.limit),
    ),
);

export const eventList = oncePerShape(
  (shape: ListShape & { readonly type: boolean; readonly entity: boolean }) =>
    query<CoreTables, { type: string; entity_id: string; time: string; id: string; limit: number }>()(
      (db, p) =>
        db
          .selectFrom("events")
          .selectAll()
          .$if(shape.type, (list) => list.where("type", "=", p.type))
          .$if(shape.entity, (list) => list.where("entity_id", "=", p.entity_id))
          .$if(shape.after, (list) =>
            list.where((row) =>
              row(
                row.refTuple("occurred_at", "id"),
                shape.order === "asc" ? ">" : "<",
                row.tuple(p.time, p.id),
              ),
            ),
          )
          .orderBy("occurred_at", shape.order)
          .orderBy("id", shape.order)
          .limit(p.limit),
    ),
);

export const artifactList = oncePerShape(
  (shape: ListShape & { readonly type: boolean; readonly job: boolean }) =>
    query<CoreTables, { type: string; job_id: string; time: string; id: string; limit: number }>()((db, p) =>
      db
        .selectFrom("artifacts")
        .selectAll()
        .$if(shape.type, (list) => list.where("type", "=", p.type))
        .$if(shape.job, (list) => list.where("job_id", "=", p.job_id))
        .$if(shape.after, (list) =>
          list.where((row) =>
            row(row.refTuple("created_at", "id"), shape.order === "asc" ? ">" : "<", row.tuple(p.time, p.id)),
          ),
        )
        .orderBy("created_at", shape.order)
        .orderBy("id", shape.order)
        .limit(p.limit),
    ),
);

export const jobList = oncePerShape(
  (
    shape: ListShape & {
      readonly status: JobStatus | undefined;
      readonly workflow: boolean;
      readonly parent: boolean;
    },
  ) =>
    query<CoreTables, { workflow_id: string; parent_id: string; id: string; limit: number }>()((db, p) =>
      db
        .selectFrom("jobs")
        .selectAll()
        // A literal, for a partial index serves only a query that names its condition.
        .$if(shape.status !== undefined, (list) =>
          list.where("status", "=", sql.lit(shape.status as JobStatus)),
        )
        .$if(shape.workflow, (list) => list.where("workflow_id", "=", p.workflow_id))
        .$if(shape.parent, (list) => list.where("parent_id", "=", p.parent_id))
        .$if(shape.after, (list) => list.where("id", shape.order === "asc" ? ">" : "<", p.id))
        .orderBy("id", shape.order)
        .limit(p.limit),
    ),
);

/** The highest priority below this one that a queued job of the workflow has. */
export const selectPriorityBelow = query<CoreTables, { workflow_id: string; below: number }>()((db, p) =>
  db
    .selectFrom("jobs")
    .select("priority")
    .where("status", "=", sql.lit<JobStatus>("queued"))
    .where("workflow_id", "=", p.workflow_id)
    .where("priority", "<", p.below)
    .orderBy("priority", "desc")
    .limit(1),
);

/**
 * Ready jobs of one workflow and one priority: so that the index finds them by time, and neither delayed jobs nor those of other
 * workflows cost anything, however many they are.
 */
export const selectReadyJobs = query<
  CoreTables,
  { workflow_id: string; priority: number; now: string; limit: number }
>()((db, p) =>
  db
    .selectFrom("jobs")
    .selectAll()
    .where("status", "=", sql.lit<JobStatus>("queued"))
    .where("workflow_id", "=", p.workflow_id)
    .where("priority", "=", p.priority)
    .where("run_at", "<=", p.now)
    .orderBy("run_at")
    .orderBy("id")
    .limit(p.limit),
);
