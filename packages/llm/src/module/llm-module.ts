import { type CommandOf, defineModule, tables } from "@atlas/core";
import { cachePut, removeExpired } from "./cache-commands.ts";
import { callRecord } from "./call-commands.ts";
import { calls } from "./migrations/001_calls.ts";
import { correlation } from "./migrations/002_correlation.ts";
import { tokenDetails } from "./migrations/003_token_details.ts";
import { cache } from "./migrations/004_cache.ts";
import { callsByTime } from "./migrations/005_calls_by_time.ts";
import { llmQueries } from "./queries.ts";
import type { LLMTables } from "./tables.ts";

/**
 * Stores the evidence of every call to a language model with the job that made it, and the answers of the gateway's cache. A
 * gateway installs it; its commands are for the gateway and emit no domain event.
 */
export const llmModule = defineModule({
  name: "llm",
  version: 1,
  tables: tables<LLMTables>(),
  migrations: {
    "001_calls": calls,
    "002_correlation": correlation,
    "003_token_details": tokenDetails,
    "004_cache": cache,
    "005_calls_by_time": callsByTime,
  },
  commands: { "llm.call.record": callRecord, "llm.cache.put": cachePut },
  queries: llmQueries,
  prune: { cache_before: [removeExpired] },
});

/** The type of {@link llmModule}. */
export type LLMModule = typeof llmModule;

/** The commands that store a call, or an answer for calls like it. */
export type LLMCommand = CommandOf<LLMModule>;
