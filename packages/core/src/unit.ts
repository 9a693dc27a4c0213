import type { Committed } from "./command.ts";
import type { CoreError } from "./errors.ts";
import type { AnyCommandDefinition } from "./module.ts";

/** A command that was checked and completed: from here on nobody else can change it. */
export interface QueuedCommand {
  readonly type: string;
  readonly definition: AnyCommandDefinition;
  /** The command's fields without its type, as canonical JSON objects. */
  readonly payload: object;
}

/** Commands that are committed together or not at all, with their one promise. */
export interface Unit {
  readonly commands: readonly QueuedCommand[];
  readonly commandId: string | undefined;
  /** SHA-256 of what the caller sent; only where there is a `commandId`. */
  readonly fingerprint: string | undefined;
  readonly actor: string;
  /** Canonical JSON of the cause. */
  readonly cause: string | null;
  readonly depth: number;
  readonly enqueuedAt: string;
  /** When it was enqueued, on the monotonic clock. */
  readonly waitingSince: number;
  /** What it weighs in memory, roughly. */
  readonly sizeBytes: number;
  readonly resolve: (receipts: readonly Committed[]) => void;
  readonly reject: (error: CoreError) => void;
}

/** What is kept of a refused command. */
export interface RefusedNote {
  readonly type: string;
  readonly actor: string;
  readonly code: string;
  readonly message: string;
  readonly fingerprint: string | null;
  readonly refusedAt: string;
}
