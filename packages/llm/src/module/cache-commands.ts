import { defineCommand, excluded, timeText } from "@atlas/core";
import { lazySchema, lazyStatement } from "@atlas/core/internal";
import { z } from "zod";
import type { LLMTables } from "./tables.ts";

const MOST_BYTES = 1024 * 1024;
/** How many answers one new answer may push out. More than one, so that a cache that was made smaller shrinks. */
const REMOVED_AT_ONCE = 10;

const upsertAnswer = lazyStatement<LLMTables, LLMTables["llm_cache"]>((db, p) =>
  db
    .insertInto("llm_cache")
    .values(p.columns(["key", "answer", "expires_at"]))
    .onConflict((conflict) =>
      conflict.column("key").doUpdateSet((row) => excluded(row, ["answer", "expires_at"])),
    ),
);

/** Deletes answers whose time is over. */
export const removeExpired = lazyStatement<LLMTables, { before: string; limit: number }>((db, p) =>
  db
    .deleteFrom("llm_cache")
    .where("key", "in", (query) =>
      query
        .selectFrom("llm_cache as old")
        .select("old.key")
        .where("old.expires_at", "<", p.before)
        .orderBy("old.expires_at")
        .orderBy("old.key")
        .limit(p.limit),
    ),
);

/** Deletes the answers that expire soonest where there are more than so many. */
const removeOldest = lazyStatement<LLMTables, { max_entries: number; limit: number }>((db, p) =>
  db
    .deleteFrom("llm_cache")
    .where("key", "in", (query) =>
      query
        .selectFrom("llm_cache as old")
        .select("old.key")
        .orderBy("old.expires_at", "desc")
        .orderBy("old.key", "desc")
        .limit(p.limit)
        .offset(p.max_entries),
    ),
);

/** Keeps an answer for calls like the one that it answered, and lets go of some that are over or too many. It emits no event. */
export const cachePut = defineCommand<LLMTables>()({
  schema: lazySchema(() =>
    z.object({
      key: z.string().min(1).max(200),
      answer: z.string().max(MOST_BYTES),
      expires_at: timeText,
      max_entries: z.int().min(1),
      now: timeText.optional(),
    }),
  ),
  prepare: ({ now: given, ...put }, { now }) => ({ ...put, now: given ?? now }),
  apply: ({ key, answer, expires_at, max_entries, now }, change) => {
    change.run(upsertAnswer, { key, answer, expires_at });
    change.run(removeExpired, { before: now, limit: REMOVED_AT_ONCE });
    change.run(removeOldest, { max_entries, limit: REMOVED_AT_ONCE });
  },
});
