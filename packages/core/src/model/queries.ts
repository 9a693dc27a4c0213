import type { z } from "zod";
import type { DomainEvent } from "../contract/command.ts";
import type { Read } from "../contract/module.ts";
import { cursorKeys, type Page, type PageOptions, pageLimit, readCursor, toPage } from "../contract/page.ts";
import type { Query } from "../contract/statement.ts";
import { parseEventId } from "./domain-event.ts";
import { createEventIds } from "./event-ids.ts";
import {
  type Artifact,
  type Entity,
  type Event,
  type Job,
  type JournalEntry,
  type RefusedCommand,
  toArtifact,
  toDomainEvent,
  toEntity,
  toEvent,
  toJob,
  toJournalEntry,
  toRefusedCommand,
} from "./records.ts";
import { checkSelection, type EventSelection, scanEvents } from "./scan-events.ts";
import {
  artifactList,
  entityList,
  eventList,
  jobList,
  type ListShape,
  selectArtifact,
  selectDomainEvent,
  selectEntity,
  selectEntityByOrigin,
  selectEvent,
  selectJob,
  selectJobByKey,
  selectJournal,
  selectLastEvent,
  selectPriorityBelow,
  selectReadyJobs,
  selectRefused,
} from "./selects.ts";
import type { CoreTables, JobStatus } from "./tables.ts";

/** Sorting and paging. The default is ascending: oldest first, or by id for entities. */
export interface ListOptions extends PageOptions {
  readonly order?: "asc" | "desc";
}

/** Lists entities by id, without tombstones by default. */
export interface ListEntitiesOptions extends ListOptions {
  readonly type?: string;
  readonly include_deleted?: boolean;
}

/** Lists events by the time at which they occurred. */
export interface ListEventsOptions extends ListOptions {
  readonly type?: string;
  readonly entity_id?: string;
}

/** Lists artifacts by the time at which they were created. */
export interface FindArtifactsOptions extends ListOptions {
  readonly type?: string;
  readonly job_id?: string;
}

/** Lists jobs by id. Ids that Atlas made are in the order of creation. */
export interface ListJobsOptions extends ListOptions {
  readonly status?: JobStatus;
  readonly workflow_id?: string;
  readonly parent_id?: string;
}

/** Selects ready jobs. */
export interface ListReadyJobsOptions {
  readonly workflow_ids: readonly string[];
  /** ISO-8601 time. Jobs with a later `run_at` are not ready. */
  readonly now: string;
  readonly limit: number;
}

/** Reads an ordered log from a number on. */
export interface FollowOptions extends PageOptions {
  /** Only entries with a greater `seq` (default 0, all). Ignored if a `cursor` is given. */
  readonly after?: number;
}

/** Lists domain events by their number. */
export interface ListDomainEventsOptions extends FollowOptions, EventSelection {}

/** Core's queries, at the top level of the repo. */
export interface CoreQueries {
  getEntity(id: string): Promise<Entity | undefined>;
  getEntityByOrigin(source: string, external_id: string): Promise<Entity | undefined>;
  listEntities(options?: ListEntitiesOptions): Promise<Page<Entity>>;
  getEvent(id: string): Promise<Event | undefined>;
  listEvents(options?: ListEventsOptions): Promise<Page<Event>>;
  getArtifact(id: string): Promise<Artifact | undefined>;
  findArtifacts(options?: FindArtifactsOptions): Promise<Page<Artifact>>;
  getJob(id: string): Promise<Job | undefined>;
  getJobByKey(workflow_id: string, idempotency_key: string): Promise<Job | undefined>;
  listJobs(options?: ListJobsOptions): Promise<Page<Job>>;
  /** Queued jobs of these workflows that are due: highest priority first, then the longest waiting. */
  listReadyJobs(options: ListReadyJobsOptions): Promise<readonly Job[]>;
  getDomainEvent(id: string): Promise<DomainEvent | undefined>;
  /**
   * Domain events in commit order, without gaps except for pruned events. No index serves `types` and `aggregate_id`: a page
   * of them reads the log from `after` on, in parts, until it is full.
   */
  listDomainEvents(options?: ListDomainEventsOptions): Promise<Page<DomainEvent>>;
  /** The number of the last domain event, also after it was pruned; 0 before the first. */
  lastDomainEventSeq(): Promise<number>;
  /** Applied commands in commit order. Empty if the store keeps no journal. */
  listJournal(options?: FollowOptions): Promise<Page<JournalEntry>>;
  /** The refused commands that are still kept, oldest first. */
  listRefusedCommands(options?: FollowOptions): Promise<Page<RefusedCommand>>;
}

const STATUSES: Readonly<Record<JobStatus, true>> = {
  queued: true,
  running: true,
  succeeded: true,
  failed: true,
  cancelled: true,
};

/** A status is part of a query's text, and each text is kept: only as many as there are statuses. */
function knownStatus(status: JobStatus | undefined): JobStatus | undefined {
  if (status === undefined || Object.hasOwn(STATUSES, status)) return status;
  throw new TypeError(
    `listJobs: "${String(status)}" is not a status of a job. Use ${Object.keys(STATUSES).join(", ")}.`,
  );
}

// The schema of a job allows a million at most.
const ABOVE_ALL_PRIORITIES = 1_000_001;

/** Core's queries over a reading connection. */
export function coreQueries(read: Read<CoreTables>): CoreQueries {
  const eventIds = createEventIds(read);
  const one = async <Values, Row, Item>(
    select: Query<CoreTables, Values, Row>,
    values: Values,
    item: (row: Row) => Item,
  ) => {
    const row = await read.get(select, values);
    return row === undefined ? undefined : item(row);
  };

  const follow = async <Row extends { readonly seq: number }, Item>(
    select: Query<CoreTables, { after: number; limit: number }, Row>,
    options: FollowOptions = {},
    item: (row: Row) => Item,
  ): Promise<Page<Item>> => {
    const limit = pageLimit(options);
    const [cursor] = readCursor(options.cursor, cursorKeys.number) ?? [];
    const rows = await read.all(select, { after: Number(cursor ?? options.after ?? 0), limit: limit + 1 });
    return toPage(rows, limit, { item, key: (row) => [row.seq] });
  };

  /** A page of a list that is sorted by id, or by time and id. */
  const list = async <Filter extends object, Row, Item>(
    options: ListOptions,
    parts: {
      readonly cursor: z.ZodType<readonly string[]>;
      readonly select: (
        shape: ListShape,
      ) => Query<CoreTables, Filter & { time: string; id: string; limit: number }, Row>;
      readonly filter: Filter;
      readonly item: (row: Row) => Item;
      readonly key: (row: Row) => readonly string[];
    },
  ): Promise<Page<Item>> => {
    const { cursor, select, filter, item, key } = parts;
    const limit = pageLimit(options);
    const last = readCursor(options.cursor, cursor);
    const shape: ListShape = { order: options.order ?? "asc", after: last !== undefined };
    const after = { time: last?.[0] ?? "", id: last?.at(-1) ?? "" };
    const rows = await read.all(select(shape), { ...filter, ...after, limit: limit + 1 });
    return toPage(rows, limit, { item, key });
  };

  const readyJobsOf = async (workflow_id: string, now: string, limit: number): Promise<readonly Job[]> => {
    const ready: Job[] = [];
    for (let below = ABOVE_ALL_PRIORITIES; ready.length < limit; ) {
      const priority = (await read.get(selectPriorityBelow, { workflow_id, below }))?.priority;
      if (priority === undefined) break;
      const left = limit - ready.length;
      for (const row of await read.all(selectReadyJobs, { workflow_id, priority, now, limit: left }))
        ready.push(toJob(row));
      below = priority;
    }
    return ready;
  };

  return {
    getEntity: (id) => one(selectEntity, { id }, toEntity),
    getEntityByOrigin: (source, external_id) => one(selectEntityByOrigin, { source, external_id }, toEntity),
    listEntities: (options = {}) =>
      list(options, {
        cursor: cursorKeys.text,
        select: (shape) =>
          entityList({
            ...shape,
            type: options.type !== undefined,
            deleted: options.include_deleted === true,
          }),
        filter: { type: options.type ?? "" },
        item: toEntity,
        key: (row) => [row.id],
      }),

    getEvent: (id) => one(selectEvent, { id }, toEvent),
    listEvents: (options = {}) =>
      list(options, {
        cursor: cursorKeys.texts,
        select: (shape) =>
          eventList({ ...shape, type: options.type !== undefined, entity: options.entity_id !== undefined }),
        filter: { type: options.type ?? "", entity_id: options.entity_id ?? "" },
        item: toEvent,
        key: (row) => [row.occurred_at, row.id],
      }),

    getArtifact: (id) => one(selectArtifact, { id }, toArtifact),
    findArtifacts: (options = {}) =>
      list(options, {
        cursor: cursorKeys.texts,
        select: (shape) =>
          artifactList({ ...shape, type: options.type !== undefined, job: options.job_id !== undefined }),
        filter: { type: options.type ?? "", job_id: options.job_id ?? "" },
        item: toArtifact,
        key: (row) => [row.created_at, row.id],
      }),

    getJob: (id) => one(selectJob, { id }, toJob),
    getJobByKey: (workflow_id, idempotency_key) =>
      one(selectJobByKey, { workflow_id, idempotency_key }, toJob),
    listJobs: (options = {}) =>
      list(options, {
        cursor: cursorKeys.text,
        select: (shape) =>
          jobList({
            ...shape,
            status: knownStatus(options.status),
            workflow: options.workflow_id !== undefined,
            parent: options.parent_id !== undefined,
          }),
        filter: { workflow_id: options.workflow_id ?? "", parent_id: options.parent_id ?? "" },
        item: toJob,
        key: (row) => [row.id],
      }),
    async listReadyJobs({ workflow_ids, now, limit }) {
      const ready: Job[] = [];
      for (const workflow_id of new Set(workflow_ids))
        ready.push(...(await readyJobsOf(workflow_id, now, limit)));
      return ready.toSorted(inReadyOrder).slice(0, limit);
    },

    async getDomainEvent(id) {
      const named = parseEventId(id);
      if (named === undefined || (await eventIds())(named.seq) !== id) return undefined;
      return one(selectDomainEvent, { seq: named.seq }, (row) => toDomainEvent(row, id));
    },
    async listDomainEvents(options = {}) {
      checkSelection("listDomainEvents", options);
      const limit = pageLimit(options);
      const [cursor] = readCursor(options.cursor, cursorKeys.number) ?? [];
      const range = { after: Number(cursor ?? options.after ?? 0), limit: limit + 1 };
      const idOf = await eventIds();
      const { rows } = await scanEvents(read, range, options);
      return toPage(rows, limit, {
        item: (row) => toDomainEvent(row, idOf(row.seq)),
        key: (row) => [row.seq],
      });
    },
    async lastDomainEventSeq() {
      const { next_event_seq = 1, newest } = (await read.get(selectLastEvent, {})) ?? {};
      return Math.max(next_event_seq - 1, newest ?? 0);
    },
    listJournal: (options) => follow(selectJournal, options, toJournalEntry),
    listRefusedCommands: (options) => follow(selectRefused, options, toRefusedCommand),
  };
}

/** Highest priority first, then the longest waiting. */
function inReadyOrder(left: Job, right: Job): number {
  if (left.priority !== right.priority) return right.priority - left.priority;
  if (left.run_at !== right.run_at) return left.run_at < right.run_at ? -1 : 1;
  return left.id < right.id ? -1 : 1;
}
