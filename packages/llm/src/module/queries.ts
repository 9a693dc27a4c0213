import { type Page, type PageOptions, query, type Read } from "@atlas/core";
import { pageLimit, readCursor, sql, toPage } from "@atlas/core/internal";
import type { SqlBool } from "kysely";
import { z } from "zod";
import type { LLMCall } from "./call.ts";
import type { LLMTables } from "./tables.ts";

const selectCalls = query<LLMTables, { job_id: string }>()((db, p) =>
  db.selectFrom("llm_calls").selectAll().where("job_id", "=", p.job_id).orderBy("attempt").orderBy("number"),
);

interface Place {
  at: string;
  job_id: string;
  attempt: number;
  number: number;
}
const newestCalls = query<LLMTables, { limit: number }>()((db, p) =>
  db
    .selectFrom("llm_calls")
    .selectAll()
    .orderBy("at", "desc")
    .orderBy("job_id", "desc")
    .orderBy("attempt", "desc")
    .orderBy("number", "desc")
    .limit(p.limit),
);
const callsBefore = query<LLMTables, Place & { limit: number }>()((db, p) =>
  db
    .selectFrom("llm_calls")
    .selectAll()
    .where(sql<SqlBool>`(at, job_id, attempt, number) < (${p.at}, ${p.job_id}, ${p.attempt}, ${p.number})`)
    .orderBy("at", "desc")
    .orderBy("job_id", "desc")
    .orderBy("attempt", "desc")
    .orderBy("number", "desc")
    .limit(p.limit),
);
const place = z.tuple([z.string(), z.string(), z.int(), z.int()]);

const selectDegraded = query<LLMTables, { job_id: string }>()((db, p) =>
  db
    .selectFrom("llm_calls")
    .select("number")
    .where("job_id", "=", p.job_id)
    .where("degraded", "=", 1)
    .limit(1),
);

const selectAnswer = query<LLMTables, { key: string }>()((db, p) =>
  db.selectFrom("llm_cache").select(["answer", "expires_at"]).where("key", "=", p.key),
);

/** What is readable as `repo.llm`. */
export function llmQueries(read: Read<LLMTables>) {
  return {
    /** Lists every call that a job has made, in order: who answered, what was tried, how long it took and what it cost. */
    async listCalls(job_id: string): Promise<readonly LLMCall[]> {
      return (await read.all(selectCalls, { job_id })).map(callOf);
    },
    /** Lists the calls of all jobs, the newest first. */
    async listRecentCalls(options: PageOptions = {}): Promise<Page<LLMCall>> {
      const limit = pageLimit(options);
      const last = readCursor(options.cursor, place);
      const rows =
        last === undefined
          ? await read.all(newestCalls, { limit: limit + 1 })
          : await read.all(callsBefore, {
              at: last[0],
              job_id: last[1],
              attempt: last[2],
              number: last[3],
              limit: limit + 1,
            });
      return toPage(rows, limit, {
        item: callOf,
        key: ({ at, job_id, attempt, number }) => [at, job_id, attempt, number],
      });
    },
    /** Tells whether the mock has answered this job in place of a model. */
    async hasDegraded(job_id: string): Promise<boolean> {
      return (await read.get(selectDegraded, { job_id })) !== undefined;
    },
    /** Finds the answer of the gateway's cache under a key, also one whose time is over. */
    async findCachedAnswer(
      key: string,
    ): Promise<{ readonly answer: string; readonly expires_at: string } | undefined> {
      return read.get(selectAnswer, { key });
    },
  };
}

function callOf({ degraded, cached, tries, skipped, ...row }: LLMTables["llm_calls"]): LLMCall {
  const known = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
  // The row was made of a call: what is not in it was not in the call.
  return {
    ...known,
    degraded: degraded === 1,
    ...(cached === 1 ? { cached: true } : {}),
    tries: JSON.parse(tries),
    skipped: JSON.parse(skipped),
  } as LLMCall;
}
