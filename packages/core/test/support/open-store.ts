import { onTestFinished } from "vitest";
import { testDriver } from "../../../../test/support/test-driver.ts";
import type { Connection } from "../../src/file/connection.ts";
import { type FileStore, type StoreModule, type StoreOptions, silentLogger } from "../../src/index.ts";
import { createStoreOn } from "../../src/store.ts";
import type { Executor } from "../../src/writing/executor.ts";
import { usualExecutor } from "./later-executor.ts";
import { databasePath } from "./temporary-folder.ts";

/** A store on a new file, unless `database` names one; it is stopped after the test. */
export async function openStore<const Modules extends readonly StoreModule[] = readonly []>(
  options: Partial<StoreOptions<Modules>> = {},
  executorOf: (connection: Connection) => Executor = usualExecutor,
): Promise<FileStore<Modules[number]>> {
  const store = await createStoreOn<Modules>(executorOf, {
    database: databasePath(),
    driver: testDriver,
    log: silentLogger,
    ...options,
  });
  onTestFinished(() => store.stop());
  return store;
}
