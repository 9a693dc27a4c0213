import type { JournalRow } from "../../src/index.ts";
import { canonicalJson, type JsonValue } from "../../src/index.ts";
import type { SentCommand } from "./sent.ts";

type Row = Record<string, string | number | null>;
type Table = Map<string, Row>;
type Mark = Extract<SentCommand, { readonly type: "domainEvent.markDelivered" }>;
type MarkDue = Extract<SentCommand, { readonly type: "job.markDue" }>;
type Prune = Extract<SentCommand, { readonly type: "maintenance.prune" }>;

/** What the store must hold, told again without SQL. */
export interface Model {
  /** Whether `command` would change something now; a text when it would be refused. */
  foresee(command: SentCommand): boolean | "refused";
  /** Applies a command of the journal. */
  apply(row: JournalRow): void;
  /** Every row of every table of the modules, by the name of the table, in the order of their keys. */
  tables(): ReadonlyMap<string, readonly Row[]>;
}

const TERMINAL = new Set(["succeeded", "failed", "cancelled"]);
const FROM: Readonly<Record<string, ReadonlySet<unknown>>> = {
  running: new Set(["queued"]),
  succeeded: new Set(["running"]),
  failed: new Set(["running"]),
  cancelled: new Set(["queued", "running"]),
  queued: new Set(["queued", "running", "failed", "cancelled"]),
};
const EVENT_OF: Readonly<Record<string, string>> = { running: "started", queued: "requeued" };

const json = (value: JsonValue | undefined): string | null =>
  value === undefined ? null : canonicalJson(value);
const seqOf = (id: string): number => Number(id.split("_")[2]);

/** A model of an empty store. */
export function createModel(): Model {
  const entities: Table = new Map();
  const events: Table = new Map();
  const artifacts: Table = new Map();
  const jobs: Table = new Map();
  const counts: Table = new Map();
  const names: Table = new Map();
  const domainEvents = new Map<number, Row>();
  let nextEvent = 1;

  return { foresee, apply, tables };

  function foresee(command: SentCommand): boolean | "refused" {
    switch (command.type) {
      case "entity.upsert": {
        const { entity } = command;
        const before = entities.get(entity.id ?? "");
        if (before === undefined) return true;
        const now = entityContent(entity);
        return Object.keys(now).some((field) => now[field] !== before[field]);
      }
      case "event.insert":
        return !events.has(command.event.id ?? "");
      case "artifact.create": {
        const { id = "", type, title = null, content_md = null, data } = command.artifact;
        const before = artifacts.get(id);
        const now: Row = { type, title, content_md, data: json(data) };
        return before === undefined || Object.keys(now).some((field) => now[field] !== before[field]);
      }
      case "artifact.update": {
        const before = artifacts.get(command.id);
        if (before === undefined) return "refused";
        const { title, data } = command.patch;
        return (
          (title !== undefined && title !== before["title"]) ||
          (data !== undefined && json(data) !== before["data"])
        );
      }
      case "job.create":
        return !jobs.has(command.job.id ?? "");
      case "job.updateStatus": {
        const before = jobs.get(command.id);
        return before !== undefined && FROM[command.status]?.has(before["status"]) === true
          ? true
          : "refused";
      }
      case "job.updateStatusMany": {
        const [from, before] = command.status === "running" ? ["queued", 1] : ["running", 0];
        const mayMove = command.jobs.every(({ id, attempt }) => {
          const job = jobs.get(id);
          return job?.["status"] === from && Number(job["attempt"]) + before === attempt;
        });
        return mayMove ? true : "refused";
      }
      case "job.markDue":
        return delayed(command).length > 0;
      case "domainEvent.emit":
      case "tally.add":
        return true;
      case "tally.claim":
        return names.has(command.id) ? "refused" : true;
      case "domainEvent.markDelivered":
        return undelivered(command).length > 0;
      case "maintenance.prune":
        return prunable(command).length > 0;
      case "artifact.delete":
        return artifacts.has(command.id) && command.job_id === undefined;
      default:
        return command satisfies never;
    }
  }

  function apply({ seq, type, payload, enqueued_at, context }: JournalRow): void {
    const emit = (event: string, aggregate_id: string | null, fields: JsonValue = {}): void => {
      const row = {
        seq: nextEvent,
        type: event,
        aggregate_id,
        // In the order in which the handler names the fields.
        payload: JSON.stringify(fields),
        command_seq: seq,
        depth: 0,
      };
      domainEvents.set(nextEvent, { ...row, created_at: enqueued_at, delivered_at: null, context });
      nextEvent += 1;
    };
    // The journal was written by the store from commands of these types.
    const command = { type, ...JSON.parse(payload) } as SentCommand & { readonly at: string };
    switch (command.type) {
      case "entity.upsert": {
        const { entity, at } = command;
        const { id = "" } = entity;
        const none = { source: null, external_id: null, url: null };
        entities.set(id, { id, ...none, updated_at: at, ...entityContent(entity) });
        emit(entity.deleted_at == null ? "entity.upserted" : "entity.deleted", id, { type: entity.type });
        return;
      }
      case "event.insert": {
        const { id = "", type: kind, occurred_at = "" } = command.event;
        const none = { source: null, external_id: null, entity_id: null, data: null };
        events.set(id, { id, type: kind, ...none, occurred_at });
        emit("event.inserted", id, { type: kind });
        return;
      }
      case "artifact.create": {
        const {
          id = "",
          type: kind,
          title = null,
          content_md = null,
          data,
          created_at = "",
        } = command.artifact;
        const first = artifacts.get(id)?.["created_at"] ?? created_at;
        const row = { id, type: kind, job_id: null, title, content_md, data: json(data) };
        artifacts.set(id, { ...row, created_at: first, updated_at: created_at });
        emit("artifact.created", id, { type: kind });
        return;
      }
      case "artifact.delete":
        artifacts.delete(command.id);
        emit("artifact.deleted", command.id);
        return;
      case "artifact.update": {
        const { title, data, updated_at = "" } = command.patch;
        const before = artifacts.get(command.id) as Row;
        const after = { title: title ?? before["title"] ?? null, data: json(data) ?? before["data"] ?? null };
        artifacts.set(command.id, { ...before, ...after, updated_at });
        emit("artifact.updated", command.id);
        return;
      }
      case "job.create": {
        const {
          id = "",
          workflow_id,
          priority = 0,
          run_at = "",
          created_at = "",
          group_key = null,
        } = command.job;
        const none = {
          error: null,
          idempotency_key: null,
          parent_id: null,
          started_at: null,
          finished_at: null,
        };
        const row = {
          id,
          workflow_id,
          status: "queued",
          priority,
          attempt: 0,
          max_attempts: null,
          run_at,
          input: "{}",
        };
        const led = { context: null, deadline_at: null, created_seq: nextEvent, depth: 0, group_key };
        jobs.set(id, { ...row, ...none, ...led, created_at, updated_at: created_at });
        emit("job.created", id, { workflow_id, ...(run_at === created_at ? {} : { run_at }) });
        return;
      }
      case "job.updateStatusMany": {
        const { status, at } = command;
        for (const { id, attempt } of command.jobs) {
          const moved =
            status === "running"
              ? { attempt, started_at: at, finished_at: null }
              : { error: null, finished_at: at };
          jobs.set(id, { ...(jobs.get(id) as Row), status, ...moved, updated_at: at });
          emit(`job.${EVENT_OF[status] ?? status}`, id, { attempt });
        }
        return;
      }
      case "job.updateStatus": {
        const { id, status, at } = command;
        const before = jobs.get(id) as Row;
        const started = { attempt: Number(before["attempt"]) + 1, started_at: at, finished_at: null };
        const requeued = { run_at: at, error: null, finished_at: null };
        const moved =
          status === "running" ? started : status === "queued" ? requeued : { error: null, finished_at: at };
        jobs.set(id, { ...before, status, ...moved, updated_at: at });
        emit(`job.${EVENT_OF[status] ?? status}`, id);
        return;
      }
      case "job.markDue":
        for (const row of delayed(command)) row["updated_at"] = command.at;
        return;
      case "domainEvent.emit":
        emit(command.event.type, command.event.aggregate_id ?? null);
        return;
      case "domainEvent.markDelivered":
        for (const row of undelivered(command)) row["delivered_at"] = command.at;
        return;
      case "maintenance.prune":
        for (const remove of prunable(command)) remove();
        return;
      case "tally.add":
        add(command.id, command.by);
        emit("tally.added", command.id, { by: command.by });
        return;
      case "tally.claim":
        add(command.id, 1);
        names.set(command.id, { id: command.id });
        emit("tally.claimed", command.id);
        return;
      default:
        throw new Error(`The model does not know "${type}".`);
    }
  }

  function add(id: string, by: number): void {
    counts.set(id, { id, value: Number(counts.get(id)?.["value"] ?? 0) + by });
  }

  function undelivered({ id, through_seq = seqOf(id), limit = 2_500 }: Mark): readonly Row[] {
    const found: Row[] = [];
    for (let seq = seqOf(id); seq <= through_seq && found.length < limit; seq += 1) {
      const row = domainEvents.get(seq);
      if (row?.["delivered_at"] === null) found.push(row);
    }
    return found;
  }

  /** The jobs that the command marks as due. */
  function delayed({ workflow_id, at = "", limit }: MarkDue): readonly Row[] {
    const isDelayed = (row: Row): boolean =>
      row["status"] === "queued" &&
      row["workflow_id"] === workflow_id &&
      row["group_key"] !== null &&
      String(row["run_at"]) > String(row["updated_at"]) &&
      String(row["run_at"]) <= at;
    const order = ({ run_at, id }: Row): string => `${run_at} ${id}`;
    return [...jobs.values()]
      .filter(isDelayed)
      .sort((left, right) => (order(left) < order(right) ? -1 : 1))
      .slice(0, limit);
  }

  /** What each row that the command removes would take to be removed. */
  function prunable({ policy, limit = 250, examine = 1_000, after }: Prune): readonly (() => void)[] {
    const removals: (() => void)[] = [];
    const prune = <Key>(
      table: Map<Key, Row>,
      before: string | undefined,
      goes: (row: Row, before: string) => boolean,
    ) => {
      if (before === undefined) return;
      const rows = [...table]
        .filter(([key]) => after === undefined || key > after)
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .slice(0, examine);
      const old = rows.filter(([, row]) => goes(row, before)).slice(0, limit);
      for (const [key] of old) removals.push(() => table.delete(key));
    };
    const isBefore = (field: string) => (row: Row, before: string) =>
      row[field] !== null && String(row[field]) < before;
    prune(domainEvents, policy.domain_events_before, (row, before) => {
      return isBefore("created_at")(row, before) && row["delivered_at"] !== null;
    });
    const waiting = [...domainEvents.values()].filter((row) => row["delivered_at"] === null);
    if (waiting.length > 2_500) return removals;
    const awaited = new Set(waiting.map((row) => row["aggregate_id"]));
    const refersTo = (table: Table, field: string) => new Set([...table.values()].map((row) => row[field]));
    const isFree = (row: Row, ...referred: readonly ReadonlySet<unknown>[]) =>
      [awaited, ...referred].every((ids) => !ids.has(row["id"]));
    prune(jobs, policy.jobs_before, (row, before) => {
      const hasEnded = isBefore("finished_at")(row, before) && TERMINAL.has(String(row["status"]));
      return hasEnded && isFree(row, refersTo(artifacts, "job_id"), refersTo(jobs, "parent_id"));
    });
    prune(artifacts, policy.artifacts_before, (row, before) => {
      const job = jobs.get(String(row["job_id"]));
      const isNeeded = job !== undefined && !TERMINAL.has(String(job["status"]));
      return isBefore("updated_at")(row, before) && !isNeeded && isFree(row);
    });
    prune(events, policy.events_before, (row, before) => isBefore("occurred_at")(row, before) && isFree(row));
    prune(entities, policy.deleted_entities_before, (row, before) => {
      return isBefore("deleted_at")(row, before) && isFree(row, refersTo(events, "entity_id"));
    });
    return removals;
  }

  function tables(): ReadonlyMap<string, readonly Row[]> {
    const sorted = (table: Table) =>
      [...table.values()].sort((left, right) => (String(left["id"]) < String(right["id"]) ? -1 : 1));
    return new Map([
      ["entities", sorted(entities)],
      ["events", sorted(events)],
      ["artifacts", sorted(artifacts)],
      ["jobs", sorted(jobs)],
      ["tally_counts", sorted(counts)],
      ["tally_names", sorted(names)],
      ["domain_events", [...domainEvents.values()]],
    ]);
  }
}

/** What of an entity counts as a change: its time does only where the caller gives it. */
function entityContent({
  type,
  title,
  data,
  deleted_at,
  updated_at,
}: Extract<SentCommand, { type: "entity.upsert" }>["entity"]): Row {
  const content = { type, title: title ?? null, data: json(data), deleted_at: deleted_at ?? null };
  return updated_at === undefined ? content : { ...content, updated_at };
}
