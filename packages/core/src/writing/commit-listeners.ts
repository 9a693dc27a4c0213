import type { DomainEvent } from "../contract/command.ts";
import type { Logger } from "../contract/logger.ts";
import type { LoggedBatch } from "./batch-log.ts";

/** What one commit added: the range of its commands, and its domain events in order. */
export interface CommittedBatch {
  readonly first_seq: number;
  readonly last_seq: number;
  readonly events: readonly DomainEvent[];
}

/** Everyone who wants to be called after a commit. */
export interface CommitListeners {
  /** Adds a listener; the returned function removes it. */
  add(listener: (batch: CommittedBatch) => void): () => void;
  /** Tells all of them about a commit, unless it changed nothing. */
  announce(batch: LoggedBatch): void;
}

/** An empty list. A listener that throws is logged and does not affect the others. */
export function createCommitListeners(log: Logger): CommitListeners {
  const listeners = new Set<(batch: CommittedBatch) => void>();
  return {
    add(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    announce({ firstSeq, lastSeq, events }) {
      if (listeners.size === 0 || lastSeq === 0) return;
      const batch = { first_seq: firstSeq, last_seq: lastSeq, events: events() };
      // The promises of the batch are settled already, so their continuations run before the listeners.
      queueMicrotask(() => {
        for (const listener of listeners) {
          try {
            listener(batch);
          } catch (error) {
            log.error({ error }, "A listener of onCommitted threw.");
          }
        }
      });
    },
  };
}
