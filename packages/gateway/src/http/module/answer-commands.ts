import { defineCommand, excluded, idText, isoTime, timeText } from "@atlas/core";
import { lazySchema, lazyStatement } from "@atlas/core/internal";
import { z } from "zod";
import type { HttpTables } from "./tables.ts";

/** How long an answer is given again. */
export const KEEP_ANSWERS_MS = 24 * 60 * 60 * 1_000;
/** The longest body that is kept, as UTF-8 bytes. Answers to changes are far smaller. */
export const MAX_ANSWER_BYTES = 256 * 1024;
/** How many old answers one new answer may push out: more than one, so that their number falls after a busy day. */
const REMOVED_AT_ONCE = 10;

const upsertAnswer = lazyStatement<HttpTables, HttpTables["http_answers"]>((db, p) =>
  db
    .insertInto("http_answers")
    .values(p.columns(["id", "request_hash", "status", "body", "created_at"]))
    .onConflict((conflict) =>
      conflict
        .column("id")
        .doUpdateSet((row) => excluded(row, ["request_hash", "status", "body", "created_at"])),
    ),
);

/** Deletes the answers from before a time. */
export const removeAnswers = lazyStatement<HttpTables, { before: string; limit: number }>((db, p) =>
  db
    .deleteFrom("http_answers")
    .where("id", "in", (query) =>
      query
        .selectFrom("http_answers as old")
        .select("old.id")
        .where("old.created_at", "<", p.before)
        .orderBy("old.created_at")
        .orderBy("old.id")
        .limit(p.limit),
    ),
);

/**
 * Keeps the answer to a request with an `Idempotency-Key`, and lets go of some that are over. Whoever sends it has looked for an answer
 * before, so one that is there is over. It emits no event.
 */
export const answerRecord = defineCommand<HttpTables>()({
  schema: lazySchema(() =>
    z.object({
      token_id: idText,
      key: idText,
      request_hash: z.string().regex(/^[0-9a-f]{64}$/),
      status: z.int().min(200).max(499),
      body: z.string().max(MAX_ANSWER_BYTES),
      created_at: timeText.optional(),
    }),
  ),
  prepare: (answer, { now }) => ({ ...answer, created_at: answer.created_at ?? now }),
  apply: ({ token_id, key, ...answer }, change) => {
    change.run(upsertAnswer, { ...answer, id: answerId(token_id, key) });
    const before = isoTime(Date.parse(answer.created_at) - KEEP_ANSWERS_MS);
    change.run(removeAnswers, { before, limit: REMOVED_AT_ONCE });
  },
});

/** The id of an answer. */
export function answerId(token_id: string, key: string): string {
  return `${token_id} ${key}`;
}
