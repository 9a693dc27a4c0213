import { type CommandOf, defineModule, tables } from "@atlas/core";
import { runs } from "./migrations/001_runs.ts";
import { harnessQueries } from "./queries.ts";
import { runRecord } from "./run-commands.ts";
import type { HarnessTables } from "./tables.ts";

/**
 * Stores the evidence of every task for coding agents with the job that gave it. A gateway installs it; its command is for the
 * gateway and emits no domain event.
 */
export const harnessModule = defineModule({
  name: "harness",
  version: 1,
  tables: tables<HarnessTables>(),
  migrations: { "001_runs": runs },
  commands: { "harness.run.record": runRecord },
  queries: harnessQueries,
});

/** The type of {@link harnessModule}. */
export type HarnessModule = typeof harnessModule;

/** The command that stores a run. */
export type HarnessModuleCommand = CommandOf<HarnessModule>;
