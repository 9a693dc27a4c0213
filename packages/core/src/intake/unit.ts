import type { Committed } from "../contract/command.ts";
import type { AnyCommandDefinition } from "../contract/module.ts";

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
  /** Who waits. Kept as it was made: a closure more for each command would be felt in a full queue. */
  readonly waiter: PromiseWithResolvers<unknown>;
  /** What the waiter gets of the receipts. */
  readonly receive: (receipts: readonly Committed[]) => unknown;
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

/** Tells who waits for a unit that it is committed. */
export function acknowledge({ waiter, receive }: Unit, receipts: readonly Committed[]): void {
  waiter.resolve(receive(receipts));
}

/** Tells who waits that nothing comes of it. Not awaiting a command never becomes an unhandled rejection. */
export function reject({ promise, reject: refuse }: PromiseWithResolvers<unknown>, error: unknown): void {
  promise.catch(() => undefined);
  refuse(error);
}
