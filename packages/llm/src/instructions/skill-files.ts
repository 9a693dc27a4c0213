import { posix } from "node:path";
import type { InstalledSkill } from "./skill-folders.ts";
import type { TextFiles } from "./text-files.ts";

/** A file that the body of a skill refers to. */
export interface SkillFile {
  /** Relative to the skill's folder, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

const MOST = 20;

/**
 * Reads the files that the body of a skill refers to: by a Markdown link to a relative path, or as inline code that names a
 * file in `references/`, `assets/` or `scripts/`. References inside those files are not followed. A file outside the skill's
 * folder, even behind a symbolic link, is left out with a warning.
 */
export async function readSkillFiles(
  skill: InstalledSkill,
  { files, warn }: { readonly files: TextFiles; readonly warn: (path: string, problem: string) => void },
): Promise<readonly SkillFile[]> {
  const paths = referencesIn(skill.body);
  if (paths.length > MOST)
    warn(skill.path, `refers to more than ${MOST} files; only the first ${MOST} are used`);
  const found = await Promise.all(paths.slice(0, MOST).map(readOne));
  return found.filter((file) => file !== undefined);

  async function readOne(path: string): Promise<SkillFile | undefined> {
    const file = await files.read(skill.folder, path);
    if (file === undefined) {
      warn(skill.path, `refers to "${path}", which does not exist`);
      return undefined;
    }
    if ("problem" in file) {
      warn(skill.path, `refers to "${path}", which ${file.problem}`);
      return undefined;
    }
    return { path, text: file.text.trim() };
  }
}

/** Lists relative paths in the order of their first mention. */
function referencesIn(body: string): readonly string[] {
  const links = /\]\(<?([^()\s<>]+)>?(?:\s+["'][^"']*["'])?\)/g;
  const code = /`((?:references|assets|scripts)\/[^`\s]+)`/g;
  const found = [links, code].flatMap((pattern) =>
    [...body.matchAll(pattern)].map(({ index, 1: target = "" }) => ({ index, path: pathOf(target) })),
  );
  const paths = found
    .sort((left, right) => left.index - right.index)
    .flatMap(({ path }) => (path === undefined ? [] : [path]));
  return [...new Set(paths)];
}

/** Returns the path of a reference, or `undefined` for a URL, an absolute path or an anchor in the same text. */
function pathOf(target: string): string | undefined {
  const [path = ""] = target.split(/[#?]/);
  if (path === "" || /^[a-z][a-z0-9+.-]*:/i.test(path) || /^[/\\]/.test(path)) return undefined;
  const plain = posix.normalize(decoded(path));
  return plain === "." || plain.endsWith("/") ? undefined : plain;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
