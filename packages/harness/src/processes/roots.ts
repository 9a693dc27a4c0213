import { realpath, stat } from "node:fs/promises";
import { dirname, isAbsolute, resolve, sep } from "node:path";
import { HarnessError } from "../contract/errors.ts";

/** The folders below which agents may work. */
export interface Roots {
  /**
   * Checks the folder of a task, and resolves with its real path: use that one from here on. A relative path starts at the process's folder.
   * Rejects with `ATLAS_HARNESS_CWD_REFUSED` if it lies outside of the roots, does not exist or is not a folder. What lies outside is
   * refused before anything is said about whether it exists.
   */
  check(cwd: string): Promise<string>;
}

/**
 * Makes the check of the folders that agents work in. It compares real paths, so neither `..` nor a link leads out. Without `roots`, an
 * agent may work in every folder. Throws a `TypeError` for an empty list and for a root that is not absolute.
 *
 * @example
 * ```ts
 * const roots = createRoots([process.cwd()]);
 * await roots.check(process.cwd());
 * await assert.rejects(roots.check("/"), { code: "ATLAS_HARNESS_CWD_REFUSED" });
 * ```
 */
export function createRoots(roots?: readonly string[]): Roots {
  if (roots?.length === 0) {
    throw new TypeError(
      '"roots" is empty, so no agent could work anywhere. List a folder, or leave "roots" out.',
    );
  }
  const relative = roots?.find((root) => !isAbsolute(root) || root.includes("\0"));
  if (relative !== undefined) {
    throw new TypeError(`"roots" holds ${JSON.stringify(relative)}. A root must be an absolute path.`);
  }

  return {
    async check(cwd) {
      const refuse = (problem: string): HarnessError =>
        new HarnessError(
          "ATLAS_HARNESS_CWD_REFUSED",
          { cwd, ...(roots !== undefined && { roots }) },
          `No agent can work in ${JSON.stringify(cwd)}: ${problem}.`,
        );
      if (typeof cwd !== "string" || cwd === "" || cwd.includes("\0")) throw refuse("this is not a path");
      const { real, rest } = await resolveExisting(resolve(cwd), refuse);
      if (roots !== undefined && !(await isInsideOne(real, roots))) {
        throw refuse(`its real path is outside of the allowed roots (${roots.join(", ")})`);
      }
      if (rest) throw refuse("it does not exist");
      const found = await stat(real).catch(() => undefined);
      if (found?.isDirectory() !== true) throw refuse("it is not a folder");
      return real;
    },
  };
}

/** Tells whether a path is a folder or lies below it. Both are absolute and real; nothing is resolved. */
export function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);
}

async function isInsideOne(path: string, roots: readonly string[]): Promise<boolean> {
  for (const root of roots) {
    // A root that does not exist holds nothing.
    const real = await realpath(root).catch(() => undefined);
    if (real !== undefined && isInside(path, real)) return true;
  }
  return false;
}

/** The real path of the nearest parent that exists, and whether something is missing below it. */
async function resolveExisting(
  path: string,
  refuse: (problem: string) => HarnessError,
): Promise<{ readonly real: string; readonly rest: boolean }> {
  for (let nearest = path; ; nearest = dirname(nearest)) {
    try {
      return { real: await realpath(nearest), rest: nearest !== path };
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
      const isMissing = code === "ENOENT" || code === "ENOTDIR";
      if (!isMissing || nearest === dirname(nearest)) throw refuse(`it cannot be read (${code})`);
    }
  }
}
