import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import { fileURLToPath } from "node:url";

const OWN_MANIFEST = "@atlas/llm/package.json";

/** Why an optional package cannot be used, as far as that is known without loading it. */
export function reasonNotInstalled(packageName: string): string | undefined {
  return resolvedPath(packageName) === "not found" ? missingReason(packageName) : undefined;
}

/**
 * Loads an optional package. The specifier is a variable, so that a bundler leaves the import alone instead of failing for
 * those who have not installed the package. Throws {@link PackageMissing} if the package itself is not there.
 */
export async function loadOptional(packageName: string): Promise<unknown> {
  try {
    return await import(/* @vite-ignore */ /* webpackIgnore: true */ packageName);
  } catch (error) {
    if (!saysNotFound(error, packageName)) throw error;
    throw new PackageMissing(missingReason(packageName));
  }
}

/** The package itself is not there, and the message says what to do. */
export class PackageMissing extends Error {
  override readonly name = "PackageMissing";
}

/** True where an import failed for this package itself, and not for one that the package needs. */
export function saysNotFound(error: unknown, packageName: string): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  if (error.code !== "ERR_MODULE_NOT_FOUND" && error.code !== "MODULE_NOT_FOUND") return false;
  return /Cannot find (?:package|module) '([^']+)'/.exec(error.message)?.[1] === packageName;
}

function missingReason(packageName: string): string {
  return isBundled()
    ? `its package ${packageName} was not found (bundled: mark @ai-sdk/* and @atlas/* as external, and install them where the bundle runs)`
    : `its package is not installed: npm install ${packageName}`;
}

/** True where this code no longer lies in its own package. */
function isBundled(): boolean {
  const manifest = resolvedPath(OWN_MANIFEST);
  if (manifest === "not found" || manifest === "unknown") return true;
  return !fileURLToPath(import.meta.url).startsWith(`${dirname(manifest)}${sep}`);
}

/** Where a specifier leads. `unknown`: this place cannot tell, as in a CommonJS bundle, which has no `import.meta.url`. */
function resolvedPath(specifier: string): string {
  try {
    return createRequire(import.meta.url).resolve(specifier);
  } catch (error) {
    return saysNotFound(error, specifier) ? "not found" : "unknown";
  }
}
