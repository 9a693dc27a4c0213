import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CoreError } from "../contract/errors.ts";

/**
 * Finds the file of the thread that reads and copies databases. It lies beside this module, in the sources as in the build.
 * Throws `ATLAS_CORE_BUNDLED` if it does not: a bundler took this module along and left that file behind.
 */
export function findWorkerFile(moduleUrl: string | undefined = import.meta.url): URL {
  const name = moduleUrl?.endsWith(".ts") === true ? "database-worker.ts" : "database-worker.js";
  // A bundle has no module URL if its format is CommonJS, and one of its own if it is not a file.
  if (moduleUrl === undefined || !moduleUrl.startsWith("file:")) throw bundled(name);
  const url = new URL(`./${name}`, moduleUrl);
  if (!existsSync(url)) throw bundled(fileURLToPath(url));
  return url;
}

function bundled(path: string): CoreError {
  const message = `"${path}" is missing, so Atlas cannot start the thread that copies and checks the database. Atlas was bundled: mark @atlas/* as external in your bundler, so that Node loads it from node_modules.`;
  return new CoreError("ATLAS_CORE_BUNDLED", { path }, message);
}
