import type { JournalRow } from "../../src/index.ts";

/** A journal that was written once and the digest of the tables that it made. */
export interface GoldenJournal {
  /** Of core's module. */
  readonly version: number;
  readonly store_id: string;
  readonly digest: string;
  readonly journal: readonly JournalRow[];
}
