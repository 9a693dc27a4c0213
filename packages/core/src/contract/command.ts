import type { JsonObject } from "./json.ts";

/** Who sends a command, why, and whether it may be sent twice. Everything is optional. */
export interface Envelope {
  /**
   * Makes the command idempotent: for 30 days the same id with the same content returns the first {@link Committed} and
   * changes nothing; with other content it is refused (`ATLAS_CORE_COMMAND_ID_REUSED`). A refusal is not remembered.
   */
  readonly command_id?: string;
  /** Who sends it, such as `source:git` or `workflow:digest.v1#<job id>`. Default: `host`. */
  readonly actor?: string;
  /** What led to it. Default: nothing. */
  readonly cause?: Cause;
}

/** What led to a command, and how many steps lie between it and the outside world. */
export interface Cause {
  readonly kind: "command" | "job" | "event";
  readonly id: string;
  /** 0 for what the outside world started; each event handled on the way adds one. */
  readonly depth: number;
}

/** The receipt of a command. When it is given out, the command is on disk. */
export interface Committed {
  /** The command's place in the order of all applied commands, from 1 without gaps; 0 when nothing changed. */
  readonly seq: number;
  /** False when the command found everything as it wanted it: then nothing at all was written. */
  readonly changed: boolean;
}

/** Any command of any module, as hooks and bookkeeping see it. */
export interface AnyCommand {
  readonly type: string;
  readonly [field: string]: unknown;
}

/**
 * Takes commands of the types in `Command`. Where a sink of few types is asked for, one that takes more fits.
 * Both functions check the command at once, give it its place in the queue, and resolve after the commit. Not awaiting
 * them is fine: a refusal is then logged and kept in `refused_commands`, and never becomes an unhandled rejection.
 */
export interface CommandSink<Command extends { readonly type: string }> {
  /** Resolves after the commit that holds the command; rejects with a `CoreError` when it is refused. */
  readonly enqueue: (command: Command, envelope?: Envelope) => Promise<Committed>;
  /**
   * The same for up to 1,000 commands (8 MiB) as one atomic unit: one receipt per command when all are committed, one
   * rejection and no effect at all when one is refused.
   */
  readonly enqueueAll: (commands: readonly Command[], envelope?: Envelope) => Promise<readonly Committed[]>;
}

/** A domain event: what a committed command made known. Events are numbered in commit order, without gaps. */
export interface DomainEvent {
  /** `evt_<store id>_<seq>`: the same event has the same id at every delivery. */
  readonly id: string;
  readonly seq: number;
  readonly type: string;
  readonly aggregate_id?: string;
  readonly payload: JsonObject;
  /** The `seq` of the command that emitted it. */
  readonly command_seq: number;
  /** How many events led to it one after the other; 0 for what the outside world started. */
  readonly depth: number;
  readonly created_at: string;
  /** When every sink had it; absent until then. */
  readonly delivered_at?: string;
}
