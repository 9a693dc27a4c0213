import { execFileSync } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";

/** A folder of a test, in the temporary folder. It goes with the test. */
export interface TestFolder extends Disposable {
  readonly path: string;
  git(...args: string[]): string;
  write(path: string, content: string | Buffer): void;
  read(path: string): string;
}

const env = {
  PATH: process.env["PATH"],
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "Ann",
  GIT_AUTHOR_EMAIL: "ann@example.com",
  GIT_COMMITTER_NAME: "Ann",
  GIT_COMMITTER_EMAIL: "ann@example.com",
};

export function createFolder(name: string = randomUUID()): TestFolder {
  const path = join(realpathSync(tmpdir()), name);
  mkdirSync(path);
  return {
    path,
    git: (...args) =>
      execFileSync("git", args, { cwd: path, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }),
    write(file, content) {
      mkdirSync(dirname(join(path, file)), { recursive: true });
      writeFileSync(join(path, file), content);
    },
    read: (file) => readFileSync(join(path, file), "utf8"),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

const templates = new Map<string, readonly (readonly [string, Buffer])[]>();

function fileContents(folder: string): readonly (readonly [string, Buffer])[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [relative(folder, path), readFileSync(path)] as const);
}

/** A repository whose `files` are committed. */
export function createRepository(
  files: Readonly<Record<string, string | Buffer>> = {},
  ...init: string[]
): TestFolder {
  const folder = createFolder();
  // Starting git takes longer than copying a few files.
  const template = templates.get(init.join(" "));
  if (template === undefined) {
    folder.git("init", "-q", "-b", "main", "--template=", ...init);
    templates.set(init.join(" "), fileContents(join(folder.path, ".git")));
  } else for (const [path, content] of template) folder.write(`.git/${path}`, content);
  for (const path of ["objects/info", "objects/pack", "refs/heads", "refs/tags", "info"]) {
    mkdirSync(join(folder.path, ".git", path), { recursive: true });
  }
  for (const [path, content] of Object.entries(files)) folder.write(path, content);
  if (Object.keys(files).length > 0) {
    folder.git("add", "-A");
    folder.git("commit", "-q", "-m", "first");
  }
  return folder;
}

/** All that is below a folder: kind, mode, content, `.git` included. */
export function fingerprint(root: string, without: readonly string[] = []): Record<string, string> {
  const found: Record<string, string> = {};
  const visit = (folder: string): void => {
    for (const name of readdirSync(join(root, folder))) {
      const path = folder === "" ? name : `${folder}/${name}`;
      if (without.includes(path)) continue;
      const stats = lstatSync(join(root, path));
      const mode = (stats.mode & 0o7777).toString(8);
      if (stats.isDirectory()) {
        found[path] = `folder ${mode}`;
        visit(path);
      } else if (stats.isSymbolicLink()) found[path] = `link ${readlinkSync(join(root, path))}`;
      else if (stats.isFile()) {
        const digest = createHash("sha1")
          .update(readFileSync(join(root, path)))
          .digest("hex");
        found[path] = `file ${mode} ${digest}`;
      } else found[path] = "special";
    }
  };
  visit("");
  return found;
}
