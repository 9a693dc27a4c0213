import { statSync } from "node:fs";
import type { Connection } from "./file/connection.ts";
import type { CommandQueue } from "./intake/command-queue.ts";
import type { AdHocReads, OpenReads } from "./reading/ad-hoc-reads.ts";
import type { FlushLoop } from "./writing/flush-loop.ts";
import type { FlushStats } from "./writing/flush-recorder.ts";

/** Figures about a store. Counts and distributions start when it is opened. */
export interface StoreStats extends FlushStats {
  /** What is waiting for a commit now. */
  readonly queue: { readonly commands: number; readonly bytes: number };
  /** Entries in the journal, of all epochs. */
  readonly journalEntries: number;
  /** Streams and transactions of `repo.select` that are open. */
  readonly openReads: OpenReads;
}

/** Figures about a store in a file. */
export interface FileStoreStats extends StoreStats {
  readonly databaseBytes: number;
  /** Size of the write-ahead log. It grows while a reader holds an old snapshot. */
  readonly walBytes: number;
}

/** Collects the figures of a store in a file; two lookups and two `stat` calls, cheap enough for every scrape. */
export function createStats(options: {
  readonly path: string;
  readonly reader: Connection;
  readonly reads: AdHocReads;
  readonly queue: CommandQueue;
  readonly loop: FlushLoop;
}): () => FileStoreStats {
  const { path, reader, reads, queue, loop } = options;
  const range = reader.database.prepare<[], { first: number | null; last: number | null }>(
    "select (select min(seq) from journal) as first, (select max(seq) from journal) as last",
  );
  return () => {
    const { first, last } = reader.database.open ? (range.get() ?? nothing) : nothing;
    return {
      ...loop.stats(),
      queue: { commands: queue.commands, bytes: queue.bytes },
      // A journal has no gaps but between epochs, where it was switched off.
      journalEntries: first === null || last === null ? 0 : last - first + 1,
      databaseBytes: sizeOf(path),
      walBytes: sizeOf(`${path}-wal`),
      openReads: reads.stats(),
    };
  };
}

const nothing = { first: null, last: null };

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
