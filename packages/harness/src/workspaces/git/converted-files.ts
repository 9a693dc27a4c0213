import { access } from "node:fs/promises";
import { join } from "node:path";
import { joinWithNul, type PathBytes, splitAtNul } from "../files/path-bytes.ts";
import type { Git } from "./git.ts";
import type { Repository } from "./repository.ts";

/**
 * Finds the files whose bytes may be other ones than those that the repository of the caller stores: line endings, filters such as Git
 * LFS, encodings. The index cannot tell whether such a file has changed byte by byte, so it is to be read again.
 */
export async function convertedFiles(
  git: Git,
  repository: Repository,
  options: {
    readonly files: readonly PathBytes[];
    readonly home: string | undefined;
    readonly signal: AbortSignal | undefined;
  },
): Promise<readonly PathBytes[]> {
  const { root, commonDir, settings } = repository;
  const { files, home, signal } = options;
  const endings = settings.get("core.autocrlf")?.toLowerCase() ?? "false";
  const convertsAll = !["false", "no", "off", "0", ""].includes(endings);
  const attributeFiles = [
    join(commonDir, "info/attributes"),
    settings.get("core.attributesfile")?.replace(/^~(?=\/)/, home ?? "~"),
    home === undefined ? undefined : join(home, ".config/git/attributes"),
    "/etc/gitattributes",
  ];
  const hasAttributes =
    files.some((path) => path === ".gitattributes" || path.endsWith("/.gitattributes")) ||
    (await exists(join(root, ".gitattributes"))) ||
    (await anyExists(attributeFiles));
  if (!hasAttributes) return convertsAll ? files : [];

  const names = ["text", "eol", "crlf", "filter", "ident", "working-tree-encoding"];
  const { stdout } = await git({
    args: ["check-attr", "-z", "--stdin", ...names],
    cwd: root,
    input: joinWithNul(files),
    signal,
  });
  const converted = new Set<PathBytes>();
  const exempt = new Set<PathBytes>();
  const fields = splitAtNul(stdout);
  for (let at = 0; at + 2 < fields.length; at += 3) {
    const [path = "", name, value] = fields.slice(at, at + 3);
    if (value === "unspecified") continue;
    if (value !== "unset") converted.add(path);
    else if (name === "text") exempt.add(path);
  }
  return files.filter((path) => converted.has(path) || (convertsAll && !exempt.has(path)));
}

async function anyExists(paths: readonly (string | undefined)[]): Promise<boolean> {
  for (const path of paths) if (path !== undefined && (await exists(path))) return true;
  return false;
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
