import { defineCommand, excluded, idText, jsonText, query, type Read } from "@atlas/core";
import { lazySchema, lazyStatement } from "@atlas/core/internal";
import { z } from "zod";
import type { PluginsTables } from "./tables.ts";

const keepClaims = lazyStatement<PluginsTables, { jobs: string }>((db, p) =>
  db
    .insertInto("plugins_claims_ahead")
    .values({ id: 1, jobs: p.jobs })
    .onConflict((conflict) => conflict.column("id").doUpdateSet((row) => excluded(row, ["jobs"]))),
);
const selectClaims = query<PluginsTables>()((db) =>
  db.selectFrom("plugins_claims_ahead").select("jobs").where("id", "=", 1),
);

const command = defineCommand<PluginsTables>();

/**
 * Stores which jobs are claimed and have not begun; the list before is forgotten. It is committed with a claim, and not when a job begins, so
 * jobs of the list may have begun since. An attempt that is not in the list has begun.
 */
export const jobAhead = command({
  schema: lazySchema(() =>
    z.object({ jobs: z.array(z.strictObject({ id: idText, attempt: z.int().min(1) })).max(10_000) }),
  ),
  apply: ({ jobs }, change) =>
    change.run(keepClaims, { jobs: jsonText(jobs.map(({ id, attempt }) => [id, attempt])) }),
});

/** Queries on the jobs that were claimed before they had a slot. */
export function claimsAhead(read: Read<PluginsTables>) {
  return {
    /** The attempts that were claimed and had not begun at the last claim of this kind, by the ids of their jobs. */
    async listClaimedAhead(): Promise<ReadonlyMap<string, number>> {
      const row = await read.get(selectClaims, {});
      // The command has written it.
      return new Map(
        row === undefined ? [] : (JSON.parse(row.jobs) as readonly (readonly [string, number])[]),
      );
    },
  };
}
