import { CoreError } from "../contract/errors.ts";
import type { DriverName, OpenConnection, OpenDatabase } from "./driver.ts";
import { loadBetterSqlite3 } from "./drivers/better-sqlite3.ts";
import { loadNodeSqlite } from "./drivers/node-sqlite.ts";
import { compareVersions, requireNode } from "./node-version.ts";

// Older ones can corrupt a WAL that is reset while it is read (SQLite's release notes of 3.51.3).
const OLDEST_SQLITE = "3.51.3";
const OLDEST_NODES = "Node 24.15 (or 22.23)";

const DRIVERS: Readonly<Record<DriverName, () => Promise<OpenConnection>>> = {
  "better-sqlite3": loadBetterSqlite3,
  "node:sqlite": loadNodeSqlite,
};

/** The driver that a caller of `what` has chosen. Throws a `TypeError` for an unknown name. */
export function chosenDriver(what: string, driver: DriverName = "better-sqlite3"): DriverName {
  if (Object.hasOwn(DRIVERS, driver)) return driver;
  const known = Object.keys(DRIVERS).map((name) => `"${name}"`);
  throw new TypeError(`${what}: driver must be ${known.join(" or ")}; got ${JSON.stringify(driver)}.`);
}

/**
 * Loads a driver and no other, after a check of the Node version. It is not imported at the top of a file, because the native
 * part of better-sqlite3 ends the process of an old Node before any check could run. Rejects with
 * `ATLAS_CORE_NODE_UNSUPPORTED` or `ATLAS_CORE_SQLITE_UNSUPPORTED`.
 */
export async function loadSqlite(
  driver: DriverName,
  options: {
    readonly nodeVersion?: string;
    /** For tests. */
    readonly load?: () => Promise<OpenConnection>;
  } = {},
): Promise<OpenDatabase> {
  const { nodeVersion = process.versions.node, load = DRIVERS[driver] } = options;
  requireNode(nodeVersion);
  const connect = await load();
  requireSqlite(connect, { driver, nodeVersion });
  const open: OpenConnection = (path, options) => {
    const database = connect(path, options);
    // The same on both, whatever they are compiled with. Neither reads the file, which may be foreign.
    database.pragma("trusted_schema = off");
    database.pragma("foreign_keys = on");
    return database;
  };
  return Object.assign(open, { driver });
}

function requireSqlite(
  connect: OpenConnection,
  { driver, nodeVersion }: { readonly driver: DriverName; readonly nodeVersion: string },
): void {
  const database = connect(":memory:", { timeoutMs: 0 });
  const found = String(database.prepare("select sqlite_version()").pluck().get());
  database.close();
  if (compareVersions(found, OLDEST_SQLITE) >= 0) return;
  const [where, advice] =
    driver === "node:sqlite"
      ? [`Node ${nodeVersion}`, `Use ${OLDEST_NODES} or newer, or the driver "better-sqlite3"`]
      : ["better-sqlite3", "Update better-sqlite3"];
  const details = { found, needed: `>=${OLDEST_SQLITE}` };
  const message = `Atlas needs SQLite ${OLDEST_SQLITE} or newer, but ${where} includes SQLite ${found}. ${advice}.`;
  throw new CoreError("ATLAS_CORE_SQLITE_UNSUPPORTED", details, message);
}
