import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { cpus, loadavg, release, totalmem, type } from "node:os";
import Database from "better-sqlite3";

/** What the figures were measured on, in one line. */
export function describeMachine(): string {
  const processors = cpus();
  const memoryGb = Math.round(totalmem() / 1024 ** 3);
  const [load = 0] = loadavg();
  return [
    `${processors[0]?.model.trim()} x ${processors.length}, ${memoryGb} GB, ${type()} ${release()}, load ${load.toFixed(2)}`,
    `Node ${process.versions.node}, better-sqlite3 ${versionOf("better-sqlite3")} (SQLite ${sqliteVersion()}), kysely ${versionOf("kysely")}, zod ${versionOf("zod")}, ai ${versionOf("ai")}`,
  ].join("\n");
}

function sqliteVersion(): string {
  using database = Object.assign(new Database(":memory:"), { [Symbol.dispose]: () => database.close() });
  return String(database.prepare("select sqlite_version()").pluck().get());
}

function versionOf(dependency: string): string {
  const path = findPackageJSON(dependency, import.meta.url);
  return path === undefined ? "?" : JSON.parse(readFileSync(path, "utf8")).version;
}
