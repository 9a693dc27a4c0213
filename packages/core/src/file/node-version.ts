import { CoreError } from "../contract/errors.ts";

// better-sqlite3 ends the process of an older Node, some without a word, when it is loaded; node:sqlite is not in it.
const OLDEST_NODE = "22.18";

/** Throws `ATLAS_CORE_NODE_UNSUPPORTED` if this Node is too old. Called before anything that needs a newer one is loaded. */
export function requireNode(version: string): void {
  if (compareVersions(version, OLDEST_NODE) >= 0) return;
  throw new CoreError(
    "ATLAS_CORE_NODE_UNSUPPORTED",
    { found: version, needed: `>=${OLDEST_NODE}` },
    `Atlas needs Node ${OLDEST_NODE} or newer, but this is Node ${version}. Install a newer Node, reinstall your dependencies with it (npm ci) and start again.`,
  );
}

/** Negative, 0 or positive, as `left` is older than, equal to or newer than `right`. */
export function compareVersions(left: string, right: string): number {
  const [leftMajor = 0, leftMinor = 0, leftPatch = 0] = numbersOf(left);
  const [rightMajor = 0, rightMinor = 0, rightPatch = 0] = numbersOf(right);
  return leftMajor - rightMajor || leftMinor - rightMinor || leftPatch - rightPatch;
}

// Not by `localeCompare`: a process that compares nothing else by language would load a collator for it, at each start.
function numbersOf(version: string): readonly number[] {
  return version.split(".").map((part) => Number.parseInt(part, 10));
}
