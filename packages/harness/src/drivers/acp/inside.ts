import { realpath } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";

/**
 * Where a path of an agent leads, if that is in a folder; `undefined` for any other path. Links are followed, also those of a parent
 * of what does not exist yet. What git keeps about the folder counts as outside.
 */
export async function pathInside(folder: string, path: string): Promise<string | undefined> {
  if (!isAbsolute(path) || path.includes("\0")) return undefined;
  const root = await realpath(folder);
  let known = resolve(path);
  const missing: string[] = [];
  for (;;) {
    try {
      known = await realpath(known);
      break;
    } catch (error) {
      const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
      if (code !== "ENOENT" || known === dirname(known)) return undefined;
      missing.unshift(basename(known));
      known = dirname(known);
    }
  }
  const target = join(known, ...missing);
  const inside = relative(root, target);
  const leaves = inside === ".." || inside.startsWith(`..${sep}`) || isAbsolute(inside);
  const isGit = inside.split(sep).some((name) => name.toLowerCase() === ".git");
  return leaves || isGit ? undefined : target;
}
