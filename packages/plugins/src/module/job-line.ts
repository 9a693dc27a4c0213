import { type CoreTables, query, type Read } from "@atlas/core";
import { sql } from "@atlas/core/internal";

// The parent of a job has a child, so it is not pruned before it.
const countAncestors = query<CoreTables, { job_id: string; most: number }>()((db, p) =>
  db
    .withRecursive("line(id, length)", (line) =>
      line
        .selectFrom("jobs")
        .select(["parent_id as id", sql<number>`0`.as("length")])
        .where("jobs.id", "=", p.job_id)
        .unionAll(
          line
            .selectFrom("line")
            .innerJoin("jobs", "jobs.id", "line.id")
            .select(["jobs.parent_id as id", sql<number>`line.length + 1`.as("length")])
            // Parents may form a circle: the host can name any.
            .where("line.length", "<", p.most),
        ),
    )
    .selectFrom("line")
    .select((row) => row.fn.max("line.length").as("ancestors")),
);

/** Queries on the parents of jobs. */
export function jobLine(read: Read<CoreTables>) {
  return {
    /** How many ancestors a job has, up to `most`. */
    async countAncestors(job_id: string, most: number): Promise<number> {
      return Number((await read.get(countAncestors, { job_id, most }))?.ancestors ?? 0);
    },
  };
}
