import type { Committed } from "../contract/command.ts";
import type { AnyCommandDefinition } from "../contract/define-command.ts";

/** A command that was checked and completed. Nobody can change it any more. */
export interface QueuedCommand {
  readonly type: string;
  readonly definition: AnyCommandDefinition;
  /** The command's fields without its type, as canonical JSON objects. */
  readonly payload: object;
}

/** What a unit consists of, before anyone waits for it. */
export interface UnitContent {
  readonly commands: readonly QueuedCommand[];
  /** The caller's id of the unit. Default: none. */
  readonly commandId?: string | undefined;
  /** SHA-256 of what the caller sent; only needed with a `commandId`. */
  readonly fingerprint?: string | undefined;
  readonly actor: string;
  /** Canonical JSON of the cause. Default: null, no cause. */
  readonly cause?: string | null;
  /** Default: 0. */
  readonly depth?: number;
  /** Canonical JSON of the context. Default: null, no context. */
  readonly context?: string | null;
  readonly enqueuedAt: string;
  /** When it was enqueued, on the monotonic clock. */
  readonly waitingSince: number;
  /** Estimated memory that it takes. */
  readonly sizeBytes: number;
}

/** Commands that are committed together or not at all, with the one promise of their sender. */
export interface Unit extends Required<UnitContent> {
  readonly waiter: PromiseWithResolvers<unknown>;
  /** Makes the sender's result of the receipts. */
  readonly receive: (receipts: readonly Committed[]) => unknown;
}

/**
 * Makes a unit and the promise that its sender awaits: what `receive` returns for the receipts. `receive` runs when the
 * commit is known, so that the sender continues before the listeners of `onCommitted`.
 */
export function createUnit<Received>(
  content: UnitContent,
  receive: (receipts: readonly Committed[]) => Received,
): { readonly unit: Unit; readonly received: Promise<Received> } {
  // Kept as it is: one more closure per command would be felt in a full queue.
  const waiter = Promise.withResolvers<unknown>();
  const { commands, commandId, fingerprint, actor, cause = null, depth = 0, context = null } = content;
  const { enqueuedAt, waitingSince, sizeBytes } = content;
  const unit = {
    commands,
    commandId,
    fingerprint,
    actor,
    cause,
    depth,
    context,
    enqueuedAt,
    waitingSince,
    sizeBytes,
    waiter,
    receive,
  };
  // acknowledge() resolves it with what `receive` returns.
  return { unit, received: waiter.promise as Promise<Received> };
}

/** Resolves the promise of a committed unit. */
export function acknowledge({ waiter, receive }: Unit, receipts: readonly Committed[]): void {
  waiter.resolve(receive(receipts));
}

/** Rejects the promise of a unit. A promise that nobody awaits never becomes an unhandled rejection. */
export function reject({ waiter }: Unit, error: unknown): void {
  waiter.promise.catch(() => undefined);
  waiter.reject(error);
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
