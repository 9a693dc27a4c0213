/** A package.json of this repository, as far as publishing changes it. */
export interface WorkspaceManifest {
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly [field: string]: unknown;
}

const SOURCE_CONDITION = "@atlas/source";
// Without `files`, npm packs all of the staged folder, which holds exactly what is published.
const WORKSPACE_FIELDS: readonly string[] = ["scripts", "devDependencies", "files"];

/** The package.json that users get: without the condition that leads to our sources, and without what only builds need. */
export function publishedManifest(manifest: WorkspaceManifest): WorkspaceManifest {
  const exports = Object.entries(manifest.exports).map(([subpath, target]) => [
    subpath,
    typeof target === "string" ? target : without(target, [SOURCE_CONDITION]),
  ]);
  const publishConfig = without(manifest["publishConfig"] ?? {}, ["directory"]);
  return { ...without(manifest, WORKSPACE_FIELDS), exports: Object.fromEntries(exports), publishConfig };
}

function without(record: object, keys: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !keys.includes(key)));
}
