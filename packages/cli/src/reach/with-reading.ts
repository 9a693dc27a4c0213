import type { ReadOnlyStore } from "@atlas/core";
import type { Client } from "@atlas/gateway/client";
import type { gatewayModules } from "@atlas/gateway/modules";
import { CommandError } from "../command/command-error.ts";
import { EXIT } from "../command/exit-code.ts";
import type { Host } from "../command/host.ts";
import type { Output } from "../output/output.ts";
import type { FoundDatabase } from "./find-database.ts";
import { findGateway, type ReachArgs } from "./find-gateway.ts";

/** Reads the file of a gateway. */
export type FileRepo = ReadOnlyStore<(typeof gatewayModules)[number]>["repo"];

/** Reads: from the running gateway, or, where none runs, from its file, which is opened for reading only. */
export async function withReading<Result>(
  { args, host, output }: { readonly args: ReachArgs; readonly host: Host; readonly output: Output },
  ways: {
    readonly running: (client: Client) => Promise<Result>;
    readonly file: (repo: FileRepo) => Promise<Result>;
  },
): Promise<Result> {
  const reached = await findGateway(host, args);
  if (reached.kind === "gateway") return ways.running(reached.client);
  const { database, stale } = reached;
  output.note(
    `${stale === undefined ? "" : `${stale} `}No gateway is running; this is what ${database.path} holds.`,
  );
  return readFile(database, ways.file);
}

/** Opens a database for reading only, beside a gateway that may have it open. */
export async function readFile<Result>(
  { path, loaded }: FoundDatabase,
  read: (repo: FileRepo) => Promise<Result>,
): Promise<Result> {
  // Not the whole gateway, which takes twice as long to load.
  const [core, { gatewayModules: modules }] = await Promise.all([
    import("@atlas/core"),
    import("@atlas/gateway/modules"),
  ]);
  const { driver } = loaded?.config ?? {};
  let store: ReadOnlyStore<(typeof gatewayModules)[number]>;
  try {
    store = await core.openReadOnly(path, {
      modules,
      ...(driver === undefined ? {} : { driver }),
    });
  } catch (error) {
    throw core.isCoreError(error, "ATLAS_CORE_DATABASE_PATH") ? noDatabase(path, error) : error;
  }
  using reading = store;
  return await read(reading.repo);
}

/** The error for a place where nothing was ever written. */
export function noDatabase(path: string, cause: unknown): CommandError {
  const message = `There is no database at ${path} yet. Start the gateway with \`atlas start\`, or check --database.`;
  return new CommandError(EXIT.notFound, "ATLAS_CLI_NOT_FOUND", message, { cause });
}
