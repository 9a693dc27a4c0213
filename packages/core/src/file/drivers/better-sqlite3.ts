import type { OpenConnection } from "../driver.ts";

/** Loads better-sqlite3, whose connections are what Atlas asks for. */
export async function loadBetterSqlite3(): Promise<OpenConnection> {
  const { default: Sqlite } = await import("better-sqlite3");
  return (path, { readonly = false, mustExist = readonly, timeoutMs }) =>
    new Sqlite(path, { readonly, fileMustExist: mustExist, timeout: timeoutMs });
}
