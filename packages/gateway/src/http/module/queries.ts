import { query, type Read } from "@atlas/core";
import { answerId } from "./answer-commands.ts";
import type { HttpTables } from "./tables.ts";

const selectTokens = query<HttpTables, Record<never, never>>()((db) =>
  db.selectFrom("http_tokens").selectAll().orderBy("created_at").orderBy("id"),
);

const selectAnswer = query<HttpTables, { id: string }>()((db, p) =>
  db
    .selectFrom("http_answers")
    .select(["request_hash", "status", "body", "created_at"])
    .where("id", "=", p.id),
);

/** What is readable as `repo.http`. */
export function httpQueries(read: Read<HttpTables>) {
  return {
    /** Lists every token that was created, with its hash, also those that were revoked. */
    async listTokens(): Promise<readonly HttpTables["http_tokens"][]> {
      return read.all(selectTokens, {});
    },
    /** Finds the answer to a request by its idempotency key, also one whose time is over. */
    async findAnswer(
      token_id: string,
      key: string,
    ): Promise<Omit<HttpTables["http_answers"], "id"> | undefined> {
      return read.get(selectAnswer, { id: answerId(token_id, key) });
    },
  };
}
