import { createFakeClock, type FakeClock } from "@atlas/testing/clock";
import { onTestFinished } from "vitest";
import { openTested } from "../../../../test/support/test-driver.ts";
import { createNewId } from "../../src/contract/id.ts";
import { type Connection, createConnection } from "../../src/file/connection.ts";
import { migrate } from "../../src/file/migrate.ts";
import { openWriting, stopWaitingForLocks } from "../../src/file/sqlite.ts";
import type { AnyCommand, Envelope, Failpoint, StoreModule } from "../../src/index.ts";
import { createIntake, type Intake } from "../../src/intake/intake.ts";
import { createUnit, type Unit } from "../../src/intake/unit.ts";
import { coreModule } from "../../src/model/core-module.ts";
import type { UnitOutcome } from "../../src/writing/apply-unit.ts";
import { readLogEnd } from "../../src/writing/counters.ts";
import type { Executor } from "../../src/writing/executor.ts";
import { createWriter, type Writer } from "../../src/writing/writer.ts";
import { usualExecutor } from "./later-executor.ts";
import { databasePath } from "./temporary-folder.ts";

/** A writer without a queue or a loop, for what must be in one batch. */
export interface WriterBench {
  readonly path: string;
  readonly connection: Connection;
  readonly writer: Writer;
  /** Another writer on the same file, as after a failure of the storage: what was not committed is gone. */
  readonly newWriter: () => Writer;
  readonly clock: FakeClock;
  readonly intake: Intake;
  /** A unit of these commands that nobody waits for. */
  unit(commands: readonly AnyCommand[], envelope?: Envelope): Unit;
  /** Applies one batch: a lone command is a unit, a list of commands is one too. */
  apply(...units: readonly (AnyCommand | readonly AnyCommand[])[]): Promise<readonly UnitOutcome[]>;
}

/** Opens a new file for writing, as a store does, but without waiting for the disk. */
export async function openWriterBench(
  options: {
    readonly modules?: readonly StoreModule[];
    readonly journal?: boolean;
    readonly failpoint?: Failpoint;
    /** Default: SQLite's own, which answers at once. */
    readonly executorOf?: (connection: Connection) => Executor;
  } = {},
): Promise<WriterBench> {
  const { journal = true, failpoint = () => undefined, executorOf = usualExecutor } = options;
  const modules = [coreModule, ...(options.modules ?? [])];
  const clock = createFakeClock("2026-11-21T09:00:00.000Z");
  const path = databasePath();
  const database = openWriting(openTested, path, "off");
  onTestFinished(() => void database.close());
  migrate(database, { path, modules, now: "2026-11-21T09:00:00.000Z", newStoreId: () => "lab00000" });
  stopWaitingForLocks(database);
  const connection = createConnection(database);
  const newWriter = (): Writer => {
    if (database.inTransaction) database.exec("rollback");
    const executor = executorOf(connection);
    return createWriter({ executor, logEnd: readLogEnd(database), journal, failpoint });
  };
  const writer = newWriter();
  const intake = createIntake({ modules, clock, newId: createNewId(clock), admit: [] });
  const unit: WriterBench["unit"] = (commands, envelope) =>
    createUnit(intake.accept(commands, envelope), (receipts) => receipts).unit;
  return {
    path,
    connection,
    writer,
    newWriter,
    clock,
    intake,
    unit,
    async apply(...units) {
      const batch = units.map((one) => unit(Array.isArray(one) ? one : [one]));
      const { outcomes } = await writer.applyBatch(batch, []);
      return outcomes;
    },
  };
}
