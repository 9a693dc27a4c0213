import type { Change, NewChangeEvent, Plan } from "./change.ts";
import { planOf } from "./change.ts";
import type { Clock } from "./clock.ts";
import type { Committed, DomainEvent } from "./command.ts";
import type { Connection } from "./connection.ts";
import { CoreError, coreError, refusalError } from "./errors.ts";
import type { Failpoint } from "./failpoint.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { type JsonObject, jsonText } from "./json.ts";
import { eventId } from "./model/domain-event.ts";
import { StorageTrouble, sqliteCode, troubleKind } from "./storage-trouble.ts";
import { isoTime } from "./time.ts";
import type { QueuedCommand, RefusedNote, Unit } from "./unit.ts";

/** What became of a unit: its receipts, or why it was refused. */
export type UnitOutcome = readonly Committed[] | CoreError;

/** What one transaction did. */
export interface BatchOutcome {
  /** One outcome per unit, in their order. */
  readonly outcomes: readonly UnitOutcome[];
  /** The numbers of the commands that changed something; both 0 when none did. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** How long the commit itself took: what a batch costs however small it is. */
  readonly commitMs: number;
  /** Those events. */
  readonly events: () => readonly DomainEvent[];
}

/** Writes batches. Only the FlushLoop has one. */
export interface Writer {
  /**
   * Writes a batch in one transaction. A refused unit costs its neighbours nothing; a throw is always a
   * {@link StorageTrouble}, and then nothing of the batch may be acknowledged.
   */
  applyBatch(units: readonly Unit[], refusedBefore: readonly RefusedNote[]): BatchOutcome;
}

interface PlannedCommand {
  readonly command: QueuedCommand;
  readonly plan: Plan;
  /** The payload of each event of the plan, as it is stored. */
  readonly payloads: readonly string[];
}

interface EventDraft {
  readonly seq: number;
  readonly event: NewChangeEvent;
  readonly payload: string;
  readonly commandSeq: number;
  readonly depth: number;
  readonly createdAt: string;
}

interface JournalDraft {
  readonly seq: number;
  readonly command: QueuedCommand;
  readonly unit: Unit;
}

const REMEMBERED_MS = 30 * 24 * 60 * 60 * 1_000;
const FORGOTTEN_AT_ONCE = 1_000;
const KEPT_REFUSALS = 10_000;
// More rows a statement bring nothing, fewer cost up to 1.3x.
const ROWS_PER_INSERT = 25;

const nothingChanged: Committed = { seq: 0, changed: false };

/** A writer on the store's one writing connection. */
export function createWriter(options: {
  readonly connection: Connection;
  readonly journal: boolean;
  readonly clock: Clock;
  readonly failpoint: Failpoint;
}): Writer {
  const { connection, journal, clock, failpoint } = options;
  const { database } = connection;

  const begin = database.prepare("begin immediate");
  const commit = database.prepare("commit");
  const rollback = database.prepare("rollback");
  const savepoint = database.prepare("savepoint unit");
  const release = database.prepare("release unit");
  const rollbackUnit = database.prepare("rollback to unit");
  const insertEvents = createRowsInsert("domain_events", [
    "seq",
    "type",
    "aggregate_id",
    "payload",
    "command_seq",
    "depth",
    "created_at",
  ]);
  const insertJournal = createRowsInsert("journal", [
    "seq",
    "command_id",
    "type",
    "payload",
    "actor",
    "cause",
    "enqueued_at",
  ]);
  const insertRefused = database.prepare(
    "insert into refused_commands (refused_at, type, actor, code, message, fingerprint) values (?, ?, ?, ?, ?, ?)",
  );
  const forgetRefused = database.prepare("delete from refused_commands where seq <= ?");
  const selectCommandId = database.prepare<
    [string],
    { fingerprint: string; receipts: string; committed_at: string }
  >("select fingerprint, receipts, committed_at from command_ids where command_id = ?");
  const rememberCommandId = database.prepare(
    "insert or replace into command_ids (command_id, fingerprint, receipts, committed_at) values (?, ?, ?, ?)",
  );
  const forgetCommandIds = database.prepare(
    "delete from command_ids where command_id in (select command_id from command_ids where committed_at < ? order by committed_at limit ?)",
  );
  const updateNext = database.prepare("update store set next_command_seq = ?, next_event_seq = ?");
  const store = database
    .prepare<[], { id: string; next_command_seq: number; next_event_seq: number }>("select * from store")
    .get();
  if (store === undefined) throw new TypeError("The store has no identity row: its migrations have not run.");
  const storeId = store.id;

  let nextCommand = store.next_command_seq;
  let nextEvent = store.next_event_seq;
  let events: EventDraft[] = [];
  let applied: JournalDraft[] = [];

  return {
    applyBatch(units, refusedBefore) {
      const firstSeq = nextCommand;
      const firstEvent = nextEvent;
      events = [];
      applied = [];
      let committing = false;
      try {
        begin.run();
        failpoint("writer:begun");
        const outcomes = units.map(applyUnit);
        writeBuffered(firstSeq);
        writeRefusals(units, outcomes, refusedBefore);
        forgetOldCommandIds(units);
        failpoint("writer:before-commit");
        committing = true;
        const commitAt = clock.monotonic();
        commit.run();
        const written = events;
        return {
          outcomes,
          firstSeq: nextCommand === firstSeq ? 0 : firstSeq,
          lastSeq: nextCommand === firstSeq ? 0 : nextCommand - 1,
          commitMs: clock.monotonic() - commitAt,
          events: () => written.map(toDomainEvent),
        };
      } catch (error) {
        nextCommand = firstSeq;
        nextEvent = firstEvent;
        undo();
        throw new StorageTrouble(error, { kind: troubleKind(error) ?? "failed", duringCommit: committing });
      }
    },
  };

  function undo(): void {
    if (!database.inTransaction) return;
    try {
      rollback.run();
    } catch {
      // The storage is failing: the connection will be closed, which rolls back too.
    }
  }

  function applyUnit(unit: Unit): UnitOutcome {
    const { commandId, fingerprint } = unit;
    if (commandId === undefined || fingerprint === undefined) return applyCommands(unit);
    const known = selectCommandId.get(commandId);
    if (known !== undefined && known.committed_at >= forgottenBefore(unit)) {
      return known.fingerprint === fingerprint
        ? (JSON.parse(known.receipts) as Committed[])
        : reused(commandId);
    }
    const outcome = applyCommands(unit);
    if (!(outcome instanceof CoreError)) {
      rememberCommandId.run(commandId, fingerprint, JSON.stringify(outcome), unit.enqueuedAt);
    }
    return outcome;
  }

  function applyCommands(unit: Unit): UnitOutcome {
    let plans: readonly PlannedCommand[];
    try {
      plans = unit.commands.map(planCommand);
    } catch (error) {
      return error as CoreError;
    }
    // A statement is atomic and guards come first, so only a unit that may write twice needs a savepoint.
    const guarded = plans.length > 1 || plans.some(({ plan }) => plan.writes > 1);
    const mark = { command: nextCommand, event: nextEvent, events: events.length, applied: applied.length };
    if (guarded) savepoint.run();
    try {
      const receipts = plans.map((planned) => applyPlan(unit, planned));
      if (guarded) release.run();
      return receipts;
    } catch (error) {
      // A full disk or an I/O error ends the whole transaction: then the batch is lost, not this unit alone.
      if (!database.inTransaction || troubleKind(error) !== undefined) throw error;
      if (guarded) {
        rollbackUnit.run();
        release.run();
      }
      nextCommand = mark.command;
      nextEvent = mark.event;
      events.length = mark.events;
      applied.length = mark.applied;
      return error instanceof CoreError ? error : constraint(unit, error);
    }
  }

  function applyPlan(unit: Unit, { command, plan, payloads }: PlannedCommand): Committed {
    let rows = 0;
    for (const step of plan.steps) {
      const found = runStep(step.alternatives);
      if (!found.any && step.ifNone !== "continue") {
        if (step.ifNone === "stop") return nothingChanged;
        throw refusalError(step.ifNone);
      }
      rows += found.rows;
    }
    failpoint("writer:command");
    if (rows === 0 && plan.events.length === 0) return nothingChanged;
    const seq = nextCommand;
    nextCommand += 1;
    applied.push({ seq, command, unit });
    for (const [index, event] of plan.events.entries()) {
      events.push({
        seq: nextEvent,
        event,
        payload: payloads[index] as string,
        commandSeq: seq,
        depth: unit.depth,
        createdAt: event.created_at ?? unit.enqueuedAt,
      });
      nextEvent += 1;
    }
    return { seq, changed: true };
  }

  function runStep(alternatives: Plan["steps"][number]["alternatives"]): {
    readonly any: boolean;
    readonly rows: number;
  } {
    for (const { statement, values } of alternatives) {
      const prepared = connection.prepared(statement);
      if (statement.kind === "read") {
        if (prepared.get(values) !== undefined) return { any: true, rows: 0 };
      } else {
        const rows = prepared.run(values);
        if (rows > 0) return { any: true, rows };
      }
    }
    return { any: false, rows: 0 };
  }

  function writeBuffered(firstSeq: number): void {
    insertEvents(events, ({ seq, event, payload, commandSeq, depth, createdAt }, row) => {
      row.push(seq, event.type, event.aggregate_id ?? null, payload, commandSeq, depth, createdAt);
    });
    if (journal) {
      insertJournal(applied, ({ seq, command, unit }, row) => {
        const payload = jsonText(command.payload as JsonObject);
        row.push(seq, unit.commandId ?? null, command.type, payload, unit.actor, unit.cause, unit.enqueuedAt);
      });
    }
    if (nextCommand !== firstSeq) updateNext.run(nextCommand, nextEvent);
  }

  function writeRefusals(
    units: readonly Unit[],
    outcomes: readonly UnitOutcome[],
    before: readonly RefusedNote[],
  ): void {
    const notes = [
      ...before,
      ...outcomes.flatMap((outcome, index) => notesOf(units[index] as Unit, outcome)),
    ];
    let last: number | bigint = 0;
    for (const { refusedAt, type, actor, code, message, fingerprint } of notes) {
      last = insertRefused.run(refusedAt, type, actor, code, message, fingerprint).lastInsertRowid;
    }
    if (notes.length > 0) forgetRefused.run(Number(last) - KEPT_REFUSALS);
  }

  function forgetOldCommandIds(units: readonly Unit[]): void {
    const last = units.findLast((unit) => unit.commandId !== undefined);
    if (last !== undefined) forgetCommandIds.run(forgottenBefore(last), FORGOTTEN_AT_ONCE);
  }

  function toDomainEvent({ seq, event, commandSeq, depth, createdAt }: EventDraft): DomainEvent {
    return {
      id: eventId({ store: storeId, seq }),
      seq,
      type: event.type,
      ...(event.aggregate_id === undefined ? {} : { aggregate_id: event.aggregate_id }),
      payload: event.payload ?? {},
      command_seq: commandSeq,
      depth,
      created_at: createdAt,
    };
  }

  function createRowsInsert(table: string, columns: readonly string[]) {
    const row = `(${columns.map(() => "?").join(", ")})`;
    const sql = (rows: number) =>
      `insert into ${table} (${columns.join(", ")}) values ${Array.from({ length: rows }, () => row).join(", ")}`;
    const bySize = Array.from({ length: ROWS_PER_INSERT }, (_, index) =>
      database.prepare<unknown[]>(sql(index + 1)),
    );
    return <Draft>(drafts: readonly Draft[], write: (draft: Draft, values: unknown[]) => void): void => {
      for (let start = 0; start < drafts.length; start += ROWS_PER_INSERT) {
        const values: unknown[] = [];
        const end = Math.min(start + ROWS_PER_INSERT, drafts.length);
        for (let index = start; index < end; index += 1) write(drafts[index] as Draft, values);
        bySize[end - start - 1]?.run(values);
      }
    };
  }
}

function planCommand(command: QueuedCommand): PlannedCommand {
  const plan = askForPlan(command);
  return { command, plan, payloads: plan.events.map((event) => payloadText(command, event)) };
}

function askForPlan(command: QueuedCommand): Plan {
  const { type, definition, payload } = command;
  try {
    // The payload was checked by this definition's own schema, and the steps run as they were typed.
    return planOf(definition.apply as (payload: object, change: Change<unknown>) => void, payload);
  } catch (cause) {
    const message = `The handler of "${type}" threw: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw coreError("ATLAS_CORE_HANDLER_FAILED", { type }, message, { cause });
  }
}

/** Made before the command's first write: events are written for the whole batch, where nothing may fail. */
function payloadText({ type }: QueuedCommand, { type: event, payload = {} }: NewChangeEvent): string {
  let cause: unknown;
  try {
    const text: string | undefined = jsonText(payload);
    if (text !== undefined) return text;
  } catch (error) {
    cause = error;
  }
  const message = `The handler of "${type}" emitted "${event}" with a payload that is not JSON.`;
  throw coreError("ATLAS_CORE_HANDLER_FAILED", { type }, message, { cause });
}

function forgottenBefore(unit: Unit): string {
  return isoTime(Date.parse(unit.enqueuedAt) - REMEMBERED_MS);
}

function reused(command_id: string): CoreError {
  const message = `The command id "${command_id}" was used for another command. Give each command its own id.`;
  return coreError("ATLAS_CORE_COMMAND_ID_REUSED", { command_id }, message);
}

function constraint(unit: Unit, cause: unknown): CoreError {
  const type = unit.commands
    .map((command) => command.type)
    .join(", ")
    .slice(0, 255);
  const sqlite = sqliteCode(cause) ?? "";
  const reason = cause instanceof Error ? cause.message : String(cause);
  return coreError(
    "ATLAS_CORE_CONSTRAINT",
    { type, sqlite },
    `${type}: the database refused it: ${reason}.`,
    { cause },
  );
}

function notesOf(unit: Unit, outcome: UnitOutcome): readonly RefusedNote[] {
  if (!(outcome instanceof CoreError)) return [];
  return unit.commands.map(({ type, payload }) => ({
    type,
    actor: unit.actor,
    code: outcome.code,
    message: outcome.message.slice(0, 1_000).toWellFormed(),
    fingerprint: fingerprintOf({ ...payload, type }),
    refusedAt: unit.enqueuedAt,
  }));
}
