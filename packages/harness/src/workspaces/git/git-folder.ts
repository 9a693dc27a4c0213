import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface GitFolderOptions {
  readonly path: string;
  readonly objectFormat: "sha1" | "sha256";
  /** Folders whose objects are used and never written to. */
  readonly objectFolders: readonly string[];
  /** Settings of the caller that apply to any copy of the files, by name in lower case. */
  readonly settings: ReadonlyMap<string, string>;
  /** Patterns of files to ignore, in addition to those in the files `.gitignore`. */
  readonly excludes: string;
  /** The commit that is checked out. Default: a branch without a commit. */
  readonly head?: string | undefined;
  /** The file that says where a shallow history ends. */
  readonly shallowFile?: string | undefined;
}

// Files are kept byte by byte: no line ending, filter or encoding of the repository changes them.
const RAW = "* -text !eol -crlf -filter -ident !working-tree-encoding";

// No other setting of a repository is taken over: many of them run programs.
const CARRIED = ["filemode", "symlinks", "ignorecase", "precomposeunicode"].map((name) => `core.${name}`);

/** Writes the folder of a repository, as `git init` would, but without templates and with nothing of the caller's configuration. */
export async function writeGitFolder(options: GitFolderOptions): Promise<void> {
  const { path, head, shallowFile } = options;
  await mkdir(join(path, "objects/pack"), { recursive: true });
  await Promise.all(
    ["objects/info", "refs/heads", "refs/tags", "info"].map((name) =>
      mkdir(join(path, name), { recursive: true }),
    ),
  );
  await writeFile(join(path, "HEAD"), head === undefined ? "ref: refs/heads/main\n" : `${head}\n`);
  await writeGitSettings(options);
  if (shallowFile !== undefined) await copyFile(shallowFile, join(path, "shallow")).catch(ignoreMissing);
}

/** Writes the files that decide how git reads the others. They are written again before each use that must not trust them. */
export async function writeGitSettings(
  options: GitFolderOptions & { readonly attributes?: readonly string[] },
): Promise<void> {
  const { path, objectFolders, excludes, attributes = [] } = options;
  await writeFile(join(path, "config"), config(options));
  await writeFile(join(path, "info/exclude"), excludes);
  await writeFile(join(path, "info/attributes"), `${[RAW, ...attributes].join("\n")}\n`, "latin1");
  await writeFile(
    join(path, "objects/info/alternates"),
    objectFolders.map((folder) => `${quoted(folder)}\n`).join(""),
  );
}

function config({ objectFormat, settings }: GitFolderOptions): string {
  const sha256 = objectFormat === "sha256";
  const lines = ["[core]", `repositoryformatversion = ${sha256 ? 1 : 0}`, "bare = false", "autocrlf = false"];
  for (const name of CARRIED) {
    const value = settings.get(name);
    if (value !== undefined) lines.push(`${name.slice("core.".length)} = ${quoted(value)}`);
  }
  if (sha256) lines.push("[extensions]", "objectformat = sha256");
  const user = ["name", "email"].flatMap((name) => {
    const value = settings.get(`user.${name}`);
    return value === undefined ? [] : [`${name} = ${quoted(value)}`];
  });
  // So that an agent can commit in its copy.
  if (user.length > 0) lines.push("[user]", ...user);
  return `${lines.join("\n")}\n`;
}

function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}
