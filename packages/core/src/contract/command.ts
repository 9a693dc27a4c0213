import type { CallContext } from "./call-context.ts";
import type { JsonObject } from "./json.ts";

/** Who sends a command and why, and the id that makes it idempotent. Every field is optional. */
export interface Envelope {
  /**
   * Idempotency key. For 30 days the same id with the same content returns the first {@link Committed} and changes
   * nothing. The same id with other content is refused (`ATLAS_CORE_COMMAND_ID_REUSED`). A refused command does not use up
   * its id.
   */
  readonly command_id?: string;
  /** The sender, such as `source:git` or `workflow:digest.v1#<job id>`. Default: `host`. */
  readonly actor?: string;
  /** The command, job, event or request that led to this command. Default: none. */
  readonly cause?: Cause;
  /** What the command belongs to. The journal and the command's events keep it. Default: none. */
  readonly context?: CallContext;
}

/** What led to a command, and how far it is from the outside world. */
export interface Cause {
  readonly kind: "command" | "job" | "event" | "request";
  readonly id: string;
  /** 0 if the outside world started it. Each event that was handled on the way adds 1. */
  readonly depth: number;
}

/** The receipt of a command. Once you have it, the command is on disk. */
export interface Committed {
  /** The command's number among all applied commands, from 1 without gaps; 0 if nothing changed. */
  readonly seq: number;
  /** False if the database already held what the command asked for. Nothing was written then. */
  readonly changed: boolean;
}

/** A command of any module. */
export interface AnyCommand {
  readonly type: string;
  readonly [field: string]: unknown;
}

/**
 * Accepts commands of the types in `Command`. A sink that accepts more types fits where fewer are asked for.
 * Both functions check and queue the command before they return, and resolve after the commit. You need not await them:
 * a refusal is logged, kept in `refused_commands`, and never becomes an unhandled rejection.
 */
export interface CommandSink<Command extends { readonly type: string }> {
  /** Resolves after the command was committed. Rejects with a `CoreError` if the command is refused. */
  readonly enqueue: (command: Command, envelope?: Envelope) => Promise<Committed>;
  /**
   * Sends up to 1,000 commands (8 MiB) as one atomic unit. Resolves with one receipt per command after all of them were
   * committed. If one is refused, it rejects and none has an effect.
   */
  readonly enqueueAll: (commands: readonly Command[], envelope?: Envelope) => Promise<readonly Committed[]>;
}

/**
 * A domain event, emitted by a committed command. Events are numbered in commit order, without gaps. `EventOf` gives the events that
 * modules declare, and `isEvent` narrows to them.
 */
export interface DomainEvent<Type extends string = string, Payload extends JsonObject = JsonObject> {
  /** `evt_<store id>_<seq>`: an event has the same id at every delivery, also after a restore. */
  readonly id: string;
  readonly seq: number;
  readonly type: Type;
  readonly aggregate_id?: string;
  readonly payload: Payload;
  /** The `seq` of the command that emitted it. */
  readonly command_seq: number;
  /** Length of the chain of events that led to it; 0 if the outside world started it. */
  readonly depth: number;
  readonly created_at: string;
  /** When all sinks had received it; absent before. */
  readonly delivered_at?: string;
  /** The context of the command that emitted it. */
  readonly context?: CallContext;
}
