import { query, type Read } from "@atlas/core";
import type { PluginsTables } from "./tables.ts";

/** A record of a source that the store refused, see `maxRefused`. */
export interface RefusedRecord {
  readonly source_id: string;
  /** The external id of the record, where it has one. */
  readonly external_id?: string;
  /** The refused commands as text: JSON as far as they are JSON, cut after 16,384 characters. */
  readonly record: string;
  /** Why the last refusal happened: the code of the error, and its message. */
  readonly code: string;
  readonly message: string;
  readonly first_at: string;
  readonly last_at: string;
  /** How often it was refused. */
  readonly times: number;
}

const newest = query<PluginsTables, { source_id: string; limit: number }>()((db, p) =>
  db
    .selectFrom("plugins_refused_records")
    .selectAll()
    .where("source_id", "=", p.source_id)
    .orderBy("last_at", "desc")
    .orderBy("record_key", "desc")
    .limit(p.limit),
);

const MOST = 1_000;

/** Queries on the records that were refused. */
export function refusedRecords(read: Read<PluginsTables>) {
  return {
    /** The refused records of a source, the last refused first; at most `limit` (default 100, at most 1,000). */
    async listRefusedRecords(options: {
      readonly source_id: string;
      readonly limit?: number;
    }): Promise<readonly RefusedRecord[]> {
      const limit = Math.min(options.limit ?? 100, MOST);
      return (await read.all(newest, { source_id: options.source_id, limit })).map(
        ({ record_key: _, external_id, ...row }) => ({
          ...row,
          ...(external_id === null ? {} : { external_id }),
        }),
      );
    },
  };
}
