import { type CommandOf, defineModule, tables } from "@atlas/core";
import { callRecord } from "./call-commands.ts";
import { calls } from "./migrations/001_calls.ts";
import { correlation } from "./migrations/002_correlation.ts";
import { tokenDetails } from "./migrations/003_token_details.ts";
import { llmQueries } from "./queries.ts";
import type { LLMTables } from "./tables.ts";

/**
 * Stores the evidence of every call to a language model with the job that made it. A gateway installs it; its command is
 * for the gateway and emits no domain event.
 */
export const llmModule = defineModule({
  name: "llm",
  version: 1,
  tables: tables<LLMTables>(),
  migrations: { "001_calls": calls, "002_correlation": correlation, "003_token_details": tokenDetails },
  commands: { "llm.call.record": callRecord },
  queries: llmQueries,
});

/** The type of {@link llmModule}. */
export type LLMModule = typeof llmModule;

/** The command that stores a call. */
export type LLMCommand = CommandOf<LLMModule>;
