import { existsSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { CommandError } from "../command/command-error.ts";
import { EXIT } from "../command/exit-code.ts";
import type { Host } from "../command/host.ts";
import type { AtlasConfig } from "./atlas-config.ts";
import { checkConfig } from "./check-config.ts";

/** The names that are looked for in the working folder. */
const CONFIG_NAMES = ["atlas.config.ts", "atlas.config.mts", "atlas.config.js", "atlas.config.mjs"];

/** A configuration, and where it was read. */
export interface LoadedConfig {
  readonly file: string;
  readonly config: AtlasConfig;
}

/** The file that `--config`, `ATLAS_CONFIG` or the working folder names; nothing if there is none. */
function findConfig(host: Host, given: string | undefined): string | undefined {
  const named = given ?? host.env["ATLAS_CONFIG"];
  if (named !== undefined) return resolve(host.cwd, named);
  return CONFIG_NAMES.map((name) => resolve(host.cwd, name)).find((file) => existsSync(file));
}

/**
 * Loads a configuration, and makes its folder the working folder, so that its paths mean the same from wherever `atlas` is run. Node
 * itself strips the types. Throws an error that names the file, the place and what is allowed there.
 */
export async function loadConfig(host: Host, given: string | undefined): Promise<LoadedConfig> {
  const file = findConfig(host, given);
  if (file === undefined)
    throw wrong(
      `There is no atlas.config.ts in ${host.cwd}. Run \`atlas init\` to create a project, or name the file with --config.`,
    );
  if (!existsSync(file)) throw wrong(`There is no configuration at ${file}. Check --config or ATLAS_CONFIG.`);
  process.chdir(dirname(file));
  const loaded = await importConfig(file);
  const problem = checkConfig(loaded);
  if (problem !== undefined) throw wrong(`${file}: ${problem}`);
  // What `checkConfig` does not know, `createGateway` checks.
  return { file, config: (loaded as { readonly default: AtlasConfig }).default };
}

async function importConfig(file: string): Promise<object> {
  try {
    return (await import(pathToFileURL(file).href)) as object;
  } catch (cause) {
    const {
      code,
      message,
      stack = "",
    } = cause instanceof Error
      ? (cause as NodeJS.ErrnoException)
      : ({ message: String(cause) } as NodeJS.ErrnoException);
    // The first line of the stack of a syntax error is its place.
    const place = cause instanceof SyntaxError ? /^(file:\S+:\d+)/.exec(stack)?.[1] : undefined;
    const hint = code === "ERR_MODULE_NOT_FOUND" ? " Run `npm install`, or correct the import." : "";
    throw wrong(
      `${file} cannot be loaded: ${message.split("\n")[0]}${place === undefined ? "" : ` (${basename(place)})`}.${hint}`.replace(
        /\.\./g,
        ".",
      ),
      cause,
    );
  }
}

/** The error for a configuration that cannot be used. */
export function wrong(message: string, cause?: unknown): CommandError {
  return new CommandError(EXIT.usage, "ATLAS_CLI_CONFIG_INVALID", message, { cause });
}
