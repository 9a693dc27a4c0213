import { CoreError } from "../contract/errors.ts";
import type { DriverName } from "./driver.ts";

// Of the process, as the locks are. It is empty until a store opens.
const claims = new Map<string, { readonly driver: DriverName; readonly holders: Set<symbol> }>();

/**
 * Claims a file for one driver in this process, until the returned function is called. The kernel keeps file locks by process:
 * two SQLite libraries in one do not see each other's, and the one that closes the file frees those of both. Throws
 * `ATLAS_CORE_DATABASE_IN_USE` if the file is open with the other driver.
 */
export function claimFile(path: string, driver: DriverName): () => void {
  const claim = claims.get(path) ?? { driver, holders: new Set() };
  if (claim.driver !== driver) throw otherDriver(path, claim.driver);
  claims.set(path, claim);
  const holder = Symbol(driver);
  claim.holders.add(holder);
  return () => {
    claim.holders.delete(holder);
    if (claim.holders.size === 0) claims.delete(path);
  };
}

function otherDriver(path: string, driver: DriverName): CoreError {
  const message = `The database "${path}" is open in this process with the driver "${driver}". Two SQLite libraries in one process do not respect each other's locks. Use the same driver, or stop the other store first.`;
  return new CoreError("ATLAS_CORE_DATABASE_IN_USE", { path, pid: process.pid }, message);
}
