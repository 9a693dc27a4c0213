import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CoreError } from "../contract/errors.ts";

/** Threads that Atlas starts, by the names of their files. */
export type WorkerName = "checkpoint-worker" | "database-worker";

/**
 * Finds the file of a thread. It lies beside the module that starts it, in the sources as in the build. Throws
 * `ATLAS_CORE_BUNDLED` if it does not: a bundler took that module along and left the file behind.
 */
export function findWorkerFile(name: WorkerName, moduleUrl: string | undefined): URL {
  const file = moduleUrl?.endsWith(".ts") === true ? `${name}.ts` : `${name}.js`;
  // A bundle has no module URL if its format is CommonJS, and one of its own if it is not a file.
  if (moduleUrl === undefined || !moduleUrl.startsWith("file:")) throw bundled(file);
  const url = new URL(`./${file}`, moduleUrl);
  if (!existsSync(url)) throw bundled(fileURLToPath(url));
  return url;
}

function bundled(path: string): CoreError {
  const message = `"${path}" is missing, so Atlas cannot start that thread. Atlas was bundled: mark @atlas/* as external in your bundler, so that Node loads it from node_modules.`;
  return new CoreError("ATLAS_CORE_BUNDLED", { path }, message);
}
