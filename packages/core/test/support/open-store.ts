import { onTestFinished } from "vitest";
import type { Connection } from "../../src/file/connection.ts";
import { type FileStore, type StoreModule, type StoreOptions, silentLogger } from "../../src/index.ts";
import type { Executor } from "../../src/writing/executor.ts";
import { createStoreOn } from "./driver.ts";
import { usualExecutor } from "./later-executor.ts";
import { databasePath } from "./temporary-folder.ts";

/** A store on a new file, unless `database` names one; it is stopped after the test. */
export async function openStore<const Modules extends readonly StoreModule[] = readonly []>(
  options: Partial<StoreOptions<Modules>> = {},
  executorOf: (connection: Connection) => Executor = usualExecutor,
): Promise<FileStore<Modules[number]>> {
  const store = await createStoreOn<Modules>(executorOf, {
    database: databasePath(),
    log: silentLogger,
    ...options,
  });
  onTestFinished(() => store.stop());
  return store;
}
