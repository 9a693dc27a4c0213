import type { NewChangeEvent, Plan } from "../contract/change.ts";
import type { Committed, DomainEvent } from "../contract/command.ts";
import { CoreError, isCoreError, refusalError } from "../contract/errors.ts";
import { type JsonObject, jsonText } from "../contract/json.ts";
import type { Connection } from "../file/connection.ts";
import { StorageTrouble, sqliteCode, troubleKind } from "../file/storage-trouble.ts";
import { type PlannedCommand, planCommand } from "../intake/planned-command.ts";
import type { QueuedCommand, RefusedNote, Unit } from "../intake/unit.ts";
import { eventId } from "../model/domain-event.ts";
import { createCommandIds } from "./command-ids.ts";
import { carries, readCounters } from "./counters.ts";
import type { Failpoint } from "./failpoint.ts";
import { createRefusedCommands, notesOfUnit } from "./refused-commands.ts";
import { createRowsInsert } from "./rows-insert.ts";

/** What became of a unit: its receipts, or why it was refused. */
export type UnitOutcome = readonly Committed[] | CoreError;

/** What one transaction did. */
export interface BatchOutcome {
  /** One outcome per unit, in their order. */
  readonly outcomes: readonly UnitOutcome[];
  /** The numbers of the commands that changed something; both 0 when none did. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** The domain events that were written. */
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

const nothingChanged: Committed = { seq: 0, changed: false };

/** A writer on the store's one writing connection. */
export function createWriter(options: {
  readonly connection: Connection;
  readonly journal: boolean;
  /** Every command counts, also one whose effect lies outside of what is replayed. Default: false. */
  readonly replaying?: boolean;
  readonly failpoint: Failpoint;
}): Writer {
  const { connection, journal, replaying = false, failpoint } = options;
  const { database } = connection;

  const begin = database.prepare("begin immediate");
  const commit = database.prepare("commit");
  const rollback = database.prepare("rollback");
  const savepoint = database.prepare("savepoint unit");
  const release = database.prepare("release unit");
  const rollbackUnit = database.prepare("rollback to unit");
  const commandIds = createCommandIds(database);
  const writeRefused = createRefusedCommands(database);
  const insertEvents = createRowsInsert(database, "domain_events", [
    "seq",
    "type",
    "aggregate_id",
    "payload",
    "command_seq",
    "depth",
    "created_at",
  ]);
  const insertJournal = createRowsInsert(database, "journal", [
    "seq",
    "command_id",
    "type",
    "payload",
    "actor",
    "cause",
    "enqueued_at",
  ]);
  const updateNext = database.prepare("update store set next_command_seq = ?, next_event_seq = ?");
  const storeId = String(database.prepare("select id from store").pluck().get());

  let { nextCommand, nextEvent } = readCounters(database);
  let events: EventDraft[] = [];
  let applied: JournalDraft[] = [];
  // How many of them are in their tables already.
  let written = { events: 0, applied: 0 };
  // Whether a command has read or changed what the Writer keeps in order.
  let logTouched = false;

  return {
    applyBatch(units, refusedBefore) {
      const firstSeq = nextCommand;
      const firstEvent = nextEvent;
      events = [];
      applied = [];
      written = { events: 0, applied: 0 };
      logTouched = false;
      let committing = false;
      try {
        begin.run();
        failpoint("writer:begun");
        const outcomes = units.map(applyUnit);
        writeBuffered();
        if (nextCommand !== firstSeq && !rowsTellCounters()) updateNext.run(nextCommand, nextEvent);
        writeRefused([...refusedBefore, ...notesOf(units, outcomes)]);
        commandIds.forgetOld(units);
        failpoint("writer:before-commit");
        committing = true;
        commit.run();
        const emitted = events;
        return {
          outcomes,
          firstSeq: nextCommand === firstSeq ? 0 : firstSeq,
          lastSeq: nextCommand === firstSeq ? 0 : nextCommand - 1,
          events: () => emitted.map(toDomainEvent),
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
    const known = commandIds.find(unit);
    if (known !== undefined) return known;
    const outcome = applyCommands(unit);
    if (!isCoreError(outcome)) commandIds.remember(unit, outcome);
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
    const mark = {
      command: nextCommand,
      event: nextEvent,
      events: events.length,
      applied: applied.length,
      written,
    };
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
        written = mark.written;
      }
      nextCommand = mark.command;
      nextEvent = mark.event;
      events.length = mark.events;
      applied.length = mark.applied;
      return isCoreError(error) ? error : constraint(unit, error);
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
    if (rows === 0 && plan.events.length === 0 && !replaying) return nothingChanged;
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
      // It has to see what the commands before it left, whether or not they came with the same batch.
      if (prepared.touchesLog) {
        writeBuffered();
        logTouched = true;
      }
      if (statement.kind === "read") {
        if (prepared.get(values) !== undefined) return { any: true, rows: 0 };
      } else {
        const rows = prepared.run(values);
        if (rows > 0) return { any: true, rows };
      }
    }
    return { any: false, rows: 0 };
  }

  function rowsTellCounters(): boolean {
    // A command that prunes may have removed the very rows.
    return !logTouched && carries({ nextCommand, nextEvent }, { lastEvent: events.at(-1), journal });
  }

  function writeBuffered(): void {
    insertEvents(
      since(events, written.events),
      ({ seq, event, payload, commandSeq, depth, createdAt }, row) => {
        row.push(seq, event.type, event.aggregate_id ?? null, payload, commandSeq, depth, createdAt);
      },
    );
    if (journal) {
      insertJournal(since(applied, written.applied), ({ seq, command, unit }, row) => {
        const payload = jsonText(command.payload as JsonObject);
        row.push(seq, unit.commandId ?? null, command.type, payload, unit.actor, unit.cause, unit.enqueuedAt);
      });
    }
    written = { events: events.length, applied: applied.length };
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
}

function since<Item>(list: readonly Item[], from: number): readonly Item[] {
  return from === 0 ? list : list.slice(from);
}

function constraint(unit: Unit, cause: unknown): CoreError {
  const type = unit.commands
    .map((command) => command.type)
    .join(", ")
    .slice(0, 255);
  const sqlite = sqliteCode(cause) ?? "";
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CoreError(
    "ATLAS_CORE_CONSTRAINT",
    { type, sqlite },
    `${type}: the database refused it: ${reason}.`,
    { cause },
  );
}

function notesOf(units: readonly Unit[], outcomes: readonly UnitOutcome[]): readonly RefusedNote[] {
  const notes: RefusedNote[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    if (isCoreError(outcome)) notes.push(...notesOfUnit(units[index] as Unit, outcome));
  }
  return notes;
}
