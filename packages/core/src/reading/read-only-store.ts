import { systemClock } from "../contract/clock.ts";
import { checkOptions } from "../contract/known-options.ts";
import type { StoreModule } from "../contract/module.ts";
import { claimFile } from "../file/claim-file.ts";
import { type Connection, createConnection } from "../file/connection.ts";
import { badPath, findDatabaseFile } from "../file/database-file.ts";
import type { DriverName } from "../file/driver.ts";
import { chosenDriver, loadSqlite } from "../file/load-sqlite.ts";
import { foreign, inspectFile, openReading } from "../file/sqlite.ts";
import { installedModules } from "../model/installed-modules.ts";
import { createAdHocReads, READ_TIMEOUT_MS } from "./ad-hoc-reads.ts";
import { createReadOnlyRepo, type ReadOnlyRepo } from "./read-only-repo.ts";

/** A database that is open for reading only. A gateway may have it open at the same time. */
export interface ReadOnlyStore<Module extends StoreModule = never> extends Disposable {
  readonly repo: ReadOnlyRepo<Module>;
  close(): void;
}

/**
 * Opens a database for reading only, also while a gateway has it open. Rejects with `ATLAS_CORE_DATABASE_PATH` if there is
 * no database at the path.
 */
export async function openReadOnly<const Modules extends readonly StoreModule[] = readonly []>(
  database: string,
  options: {
    readonly modules?: Modules;
    /** The SQLite library to use. Default: better-sqlite3. A gateway in the same process must use the same. */
    readonly driver?: DriverName;
    /** How long a stream or a transaction of `repo.select` may stay open, in milliseconds. Default: 60,000. */
    readonly readTimeoutMs?: number;
  } = {},
): Promise<ReadOnlyStore<Modules[number]>> {
  checkOptions("openReadOnly", options, ["modules", "driver", "readTimeoutMs"]);
  const modules = installedModules(options.modules ?? []);
  const open = await loadSqlite(chosenDriver("openReadOnly", options.driver));
  const file = findDatabaseFile(database);
  if (file.isNew) {
    file.remove();
    throw badPath(database, "does not exist or is empty");
  }
  const unclaim = claimFile(file.path, open.driver);
  let connection: Connection;
  try {
    if (inspectFile(open, file.path) !== "atlas") throw foreign(file.path);
    connection = createConnection(openReading(open, file.path));
  } catch (error) {
    unclaim();
    throw error;
  }
  const reads = createAdHocReads({
    open: () => openReading(open, file.path),
    clock: systemClock,
    timeoutMs: options.readTimeoutMs ?? READ_TIMEOUT_MS,
  });
  const close = (): void => {
    reads.close();
    connection.database.close();
    unclaim();
  };
  return {
    repo: createReadOnlyRepo(connection, modules, reads.dialect),
    close,
    [Symbol.dispose]: close,
  };
}
