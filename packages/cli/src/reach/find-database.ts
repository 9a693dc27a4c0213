import { existsSync, realpathSync } from "node:fs";
import { resolve } from "node:path";
import type { Host } from "../command/host.ts";
import { type LoadedConfig, loadConfig } from "../config/load-config.ts";

/** The database that a command is about. */
export interface FoundDatabase {
  /** Absolute, with links resolved where the file exists. */
  readonly path: string;
  /** Absent where the command line or the environment named the file. */
  readonly loaded?: LoadedConfig;
}

/** Finds the database by `--database`, `ATLAS_DATABASE`, or the configuration. */
export async function findDatabase(
  host: Host,
  args: { readonly config?: string | undefined; readonly database?: string | undefined },
): Promise<FoundDatabase> {
  const named = args.database ?? (args.config === undefined ? host.env["ATLAS_DATABASE"] : undefined);
  if (named !== undefined) return { path: realDatabase(resolve(host.cwd, named)) };
  const loaded = await loadConfig(host, args.config);
  // Relative to the folder of the configuration, which is the working folder now.
  return { path: realDatabase(loaded.config.database), loaded };
}

/** The path with links resolved where the file exists. */
export function realDatabase(given: string): string {
  const path = resolve(given);
  return existsSync(path) ? realpathSync(path) : path;
}
