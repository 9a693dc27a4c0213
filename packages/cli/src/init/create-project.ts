import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CommandError, usage } from "../command/command-error.ts";
import { EXIT } from "../command/exit-code.ts";
import { ownManifest } from "../own-manifest.ts";
import { documentFiles } from "./files/documents.ts";
import { pluginFiles } from "./files/plugins.ts";
import { settingFiles } from "./files/settings.ts";

// What a new repository has, and nobody minds.
const HARMLESS = [".git", ".DS_Store"];
const MOST_NAMED = 5;

/** Writes a project into a folder that is empty or absent, and returns the paths of its files. */
export function createProject(folder: string, name: string): readonly string[] {
  checkName(name);
  requireEmpty(folder);
  const { version, engines, peerDependencies } = ownManifest();
  const { kysely = "*", zod = "*" } = peerDependencies;
  const versions = { atlas: `^${version}`, node: engines.node, kysely, zod };
  const files = [...settingFiles(name, versions), ...pluginFiles, ...documentFiles(name)];
  for (const { path, text } of files) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    // Exclusive: what somebody else has written meanwhile stays.
    writeFileSync(file, text, { flag: "wx" });
  }
  return files.map(({ path }) => path);
}

/** The name of a project in a folder of this name, in the letters that npm allows. */
export function projectName(folderName: string): string {
  const name = folderName
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._-]+|-+$/g, "")
    .slice(0, 214);
  return name === "" ? "atlas-project" : name;
}

function checkName(name: string): void {
  if (!/^(@[a-z0-9-~][a-z0-9-._~]*\/)?[a-z0-9-~][a-z0-9-._~]*$/.test(name) || name.length > 214)
    throw usage(
      `"${name}" is not a name for a package. Use small letters, digits and hyphens, such as --name=my-gateway.`,
    );
}

function requireEmpty(folder: string): void {
  let found: readonly string[];
  try {
    found = readdirSync(folder).filter((name) => !HARMLESS.includes(name));
  } catch (error) {
    if (statSync(folder, { throwIfNoEntry: false }) === undefined) return;
    throw refused(`${folder} is not a folder that can be read (${(error as NodeJS.ErrnoException).code}).`);
  }
  if (found.length === 0) return;
  const more = found.length - MOST_NAMED;
  const named = found.toSorted().slice(0, MOST_NAMED).join(", ");
  throw refused(
    `${folder} is not empty: it has ${named}${more > 0 ? ` and ${more} more` : ""}. Choose a new folder, such as \`atlas init my-gateway\`.`,
  );
}

function refused(message: string): CommandError {
  return new CommandError(EXIT.refused, "ATLAS_CLI_FOLDER_NOT_EMPTY", message);
}
