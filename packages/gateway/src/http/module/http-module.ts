import { type CommandOf, defineModule, tables } from "@atlas/core";
import { answerRecord, removeAnswers } from "./answer-commands.ts";
import { tokens } from "./migrations/001_tokens.ts";
import { httpQueries } from "./queries.ts";
import type { HttpTables } from "./tables.ts";
import { tokenCreate, tokenRevoke } from "./token-commands.ts";

/**
 * Stores the tokens of callers over HTTP, and the answers to requests with an `Idempotency-Key`. A gateway installs it; its commands
 * are for the gateway and emit no domain event.
 */
export const httpModule = defineModule({
  name: "http",
  version: 1,
  tables: tables<HttpTables>(),
  migrations: { "001_tokens": tokens },
  commands: {
    "http.token.create": tokenCreate,
    "http.token.revoke": tokenRevoke,
    "http.answer.record": answerRecord,
  },
  queries: httpQueries,
  prune: { answers_before: [removeAnswers] },
});

/** The type of {@link httpModule}. */
export type HttpModule = typeof httpModule;

/** The commands that store tokens and answers. */
export type HttpCommand = CommandOf<HttpModule>;
