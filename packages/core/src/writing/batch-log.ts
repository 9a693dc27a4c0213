import type { CallContext } from "../contract/call-context.ts";
import type { NewChangeEvent } from "../contract/change.ts";
import type { Committed, DomainEvent } from "../contract/command.ts";
import { type JsonObject, jsonText } from "../contract/json.ts";
import type { PlannedCommand } from "../intake/planned-command.ts";
import type { QueuedCommand, Unit } from "../intake/unit.ts";
import { eventId } from "../model/domain-event.ts";
import { type Counters, carries, type LogEnd } from "./counters.ts";
import { createRowEncoder, type EncodedRows, type RowFormat, type RowShape } from "./encode-rows.ts";

/** The commands that a batch applied and the events that they emitted: numbered at once, written in few statements. Runs none itself. */
export interface BatchLog {
  /** Starts a batch. */
  begin(): void;
  /** How far it has counted. */
  counters(): Counters;
  /** The number that the next event gets. */
  readonly nextEvent: number;
  /** Numbers a command that was applied, and its events. */
  append(unit: Unit, planned: PlannedCommand): Committed;
  /** The rows that are not in their tables yet, events first. */
  unwritten(): readonly EncodedRows[];
  /** Takes note that all rows are in their tables. */
  written(): void;
  /** Takes note that a statement reads or changes the log's own tables. */
  exposed(): void;
  /** The present end of the log, to return to if a unit is refused. */
  mark(): LogMark;
  /** Forgets what was appended since `mark`. `rowsUndone`: a savepoint removed the rows that were written since. */
  returnTo(mark: LogMark, options: { readonly rowsUndone: boolean }): void;
  /** The counters to store with the batch; undefined where its rows tell them, or nothing was counted. */
  countersToStore(): Counters | undefined;
  /** What the batch added. */
  finish(): LoggedBatch;
  /** Takes back the numbers of a batch whose transaction failed. */
  abandon(): void;
}

/** What a finished batch added to the log. */
export interface LoggedBatch {
  /** The numbers of the commands that changed something; both 0 if none did. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** The domain events that were written. */
  readonly events: () => readonly DomainEvent[];
}

/** A place in the log of a batch. */
interface LogMark {
  readonly nextCommand: number;
  readonly nextEvent: number;
  readonly commands: number;
  readonly events: number;
  readonly written: Written;
}

/** How many commands and events of the batch are in their tables already. */
interface Written {
  readonly commands: number;
  readonly events: number;
}

interface CommandDraft {
  readonly seq: number;
  readonly command: QueuedCommand;
  readonly unit: Unit;
}

interface EventDraft {
  readonly seq: number;
  readonly event: NewChangeEvent;
  readonly payload: string;
  readonly commandSeq: number;
  readonly depth: number;
  readonly createdAt: string;
  readonly context: string | null;
}

const eventFormat: RowFormat<EventDraft> = {
  table: "domain_events",
  columns: ["seq", "type", "aggregate_id", "payload", "command_seq", "depth", "created_at"],
  write({ seq, event, payload, commandSeq, depth, createdAt }, row) {
    row.push(seq, event.type, event.aggregate_id ?? null, payload, commandSeq, depth, createdAt);
  },
  rareColumns: ["context"],
  hasRare: ({ context }) => context !== null,
  writeRare: ({ context }, row) => void row.push(context),
};
const journalFormat: RowFormat<CommandDraft> = {
  table: "journal",
  columns: ["seq", "type", "payload", "actor", "enqueued_at"],
  write({ seq, command, unit }, row) {
    // The intake made the payload of canonical JSON.
    row.push(seq, command.type, jsonText(command.payload as JsonObject), unit.actor, unit.enqueuedAt);
  },
  rareColumns: ["command_id", "cause", "context"],
  hasRare: ({ unit }) => unit.commandId !== undefined || unit.cause !== null || unit.context !== null,
  writeRare: ({ unit }, row) => void row.push(unit.commandId ?? null, unit.cause, unit.context),
};
const eventRows = createRowEncoder(eventFormat);
const journalRows = createRowEncoder(journalFormat);
const nothingWritten: Written = { commands: 0, events: 0 };

/** The rows that nearly every batch writes: an engine can prepare them before the first one. */
export const usualRows: readonly RowShape[] = [eventRows.usual, journalRows.usual];

/** The log of a writer's batches. It goes on counting where the database stopped. */
export function createBatchLog(options: LogEnd & { readonly journal: boolean }): BatchLog {
  const { storeId, journal } = options;
  let { nextCommand, nextEvent } = options.counters;
  let firstCommand = nextCommand;
  let firstEvent = nextEvent;
  let commands: CommandDraft[] = [];
  let events: EventDraft[] = [];
  let written = nothingWritten;
  let isExposed = false;

  return {
    get nextEvent() {
      return nextEvent;
    },
    begin() {
      firstCommand = nextCommand;
      firstEvent = nextEvent;
      commands = [];
      events = [];
      written = nothingWritten;
      isExposed = false;
    },
    counters: () => ({ nextCommand, nextEvent }),
    append(unit, { command, plan, payloads }) {
      const seq = nextCommand;
      nextCommand += 1;
      commands.push({ seq, command, unit });
      for (const [index, event] of plan.events.entries()) {
        events.push({
          seq: nextEvent,
          event,
          // planCommand made one payload for each event.
          payload: payloads[index] as string,
          commandSeq: seq,
          depth: unit.depth,
          createdAt: event.created_at ?? unit.enqueuedAt,
          context: unit.context,
        });
        nextEvent += 1;
      }
      return { seq, changed: true };
    },
    unwritten() {
      const rows = eventRows.encode(since(events, written.events));
      return journal ? [...rows, ...journalRows.encode(since(commands, written.commands))] : rows;
    },
    written() {
      written = { commands: commands.length, events: events.length };
    },
    exposed() {
      isExposed = true;
    },
    mark: () => ({
      nextCommand,
      nextEvent,
      commands: commands.length,
      events: events.length,
      written,
    }),
    returnTo(mark, { rowsUndone }) {
      ({ nextCommand, nextEvent } = mark);
      commands.length = mark.commands;
      events.length = mark.events;
      if (rowsUndone) written = mark.written;
    },
    countersToStore: () =>
      nextCommand === firstCommand || rowsTellCounters() ? undefined : { nextCommand, nextEvent },
    finish() {
      const changed = nextCommand !== firstCommand;
      const emitted = events;
      return {
        firstSeq: changed ? firstCommand : 0,
        lastSeq: changed ? nextCommand - 1 : 0,
        events: () => emitted.map((draft) => toDomainEvent(draft, storeId)),
      };
    },
    abandon() {
      nextCommand = firstCommand;
      nextEvent = firstEvent;
    },
  };

  function rowsTellCounters(): boolean {
    // A command that had access to the tables may have pruned the very rows.
    return !isExposed && carries({ nextCommand, nextEvent }, { lastEvent: events.at(-1), journal });
  }
}

function toDomainEvent(draft: EventDraft, store: string): DomainEvent {
  const { seq, event, commandSeq, depth, createdAt, context } = draft;
  return {
    id: eventId({ store, seq }),
    seq,
    type: event.type,
    ...(event.aggregate_id === undefined ? {} : { aggregate_id: event.aggregate_id }),
    payload: event.payload ?? {},
    command_seq: commandSeq,
    depth,
    created_at: createdAt,
    // The intake wrote it.
    ...(context === null ? {} : { context: JSON.parse(context) as CallContext }),
  };
}

function since<Item>(list: readonly Item[], from: number): readonly Item[] {
  return from === 0 ? list : list.slice(from);
}
