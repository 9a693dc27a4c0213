import { execFileSync } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { applyDiff } from "../../src/index.ts";
import type { Workspace } from "../../src/workspaces/workspace.ts";
import { createFolder, createRepository, fingerprint, type TestFolder } from "./support/repository.ts";
import { createState } from "./support/state.ts";

const files = {
  ".gitignore": "ignored\n",
  "text.txt": "1\n2\n3\n4\n5\n6\n7\n8\n9\n",
  "other.txt": "other\n",
  "script.sh": "#!/bin/sh\n",
  "data.bin": Buffer.from([0, 1, 2, 3, 255]),
  "folder/inner.txt": "inner\n",
};

let state: ReturnType<typeof createState>;
let repository: TestFolder;
let workspace: Workspace;
let cwd: string;

beforeAll(async () => {
  state = createState({ limits: { maxDiffBytes: 2_000, maxFileBytes: 10_000, maxFiles: 50 } });
  repository = createRepository(files);
  workspace = await state.open(repository);
  cwd = workspace.cwd;
});
afterAll(async () => {
  await workspace.close();
  repository[Symbol.dispose]();
  state[Symbol.dispose]();
});
// One copy serves all tests: what one of them did is undone.
beforeEach(() => {
  execFileSync("git", ["reset", "-q", "--hard"], { cwd });
  execFileSync("git", ["clean", "-q", "-ffdx"], { cwd });
});

const write = (path: string, content: string | Buffer): void => writeFileSync(join(cwd, path), content);

/** Applies the difference to fresh files, which must become those of the agent. */
async function expectRoundTrip(diff: string): Promise<void> {
  using fresh = createFolder();
  for (const [path, content] of Object.entries(files)) fresh.write(path, content);
  await applyDiff(diff, fresh.path);
  expect(fingerprint(fresh.path)).toEqual(fingerprint(cwd, [".git", "ignored"]));
}

it("says nothing where nothing has changed", async () => {
  write("text.txt", files["text.txt"]);
  utimesSync(join(cwd, "other.txt"), 1, 1);
  write("ignored", "x");
  expect(await workspace.changes()).toEqual({ diff: "", files: [], truncated: false });
});

it("tells of new, changed, deleted, renamed and binary files, modes and links, by any name", async () => {
  write("text.txt", "1\n2\n3\n4\n5\n6\n7\n8\nnine");
  renameSync(join(cwd, "other.txt"), join(cwd, "renamed file.txt"));
  rmSync(join(cwd, "folder"), { recursive: true });
  chmodSync(join(cwd, "script.sh"), 0o755);
  symlinkSync("/etc", join(cwd, "link"));
  write("data.bin", Buffer.from([0, 1, 2, 4, 255]));
  write('quote"tab\tline\nä \\.txt', "x\n");
  write("empty", "");
  write(" ", "blank\n");
  const { diff, files: changed, truncated } = await workspace.changes();
  expect(changed).toEqual([
    { path: " ", change: "added" },
    { path: "data.bin", change: "modified" },
    { path: "empty", change: "added" },
    { path: "folder/inner.txt", change: "deleted" },
    { path: "link", change: "added" },
    { path: 'quote"tab\tline\nä \\.txt', change: "added" },
    { path: "renamed file.txt", change: "renamed", from: "other.txt" },
    { path: "script.sh", change: "modified" },
    { path: "text.txt", change: "modified" },
  ]);
  expect(truncated).toBe(false);
  await expectRoundTrip(diff);
});

it("keeps texts and names that are not UTF-8", async () => {
  write("latin.txt", Buffer.from([0xe4, 0x0a]));
  write("utf8.txt", "ä\n");
  writeFileSync(Buffer.concat([Buffer.from(`${cwd}/`), Buffer.from([0xff, 0x2a])]), "x\n");
  const { diff } = await workspace.changes();
  expect(diff).toContain("+ä");
  expect(diff).toContain("GIT binary patch");
  expect(diff).not.toContain("\ufffd");
  using fresh = createFolder();
  for (const [path, content] of Object.entries(files)) fresh.write(path, content);
  await applyDiff(diff, fresh.path);
  const contents = (root: string) =>
    readdirSync(root, { encoding: "buffer" })
      .map((name) => Buffer.concat([Buffer.from(`${root}/`), name]))
      .filter((path) => lstatSync(path).isFile())
      .map((path) => [path.toString("latin1").slice(root.length), readFileSync(path, "latin1")]);
  expect(contents(fresh.path)).toEqual(contents(cwd));
});

it.each<readonly [string, () => void]>([
  [
    "a file becomes a link",
    () => {
      rmSync(join(cwd, "text.txt"));
      symlinkSync("other.txt", join(cwd, "text.txt"));
    },
  ],
  [
    "a folder becomes a file",
    () => {
      rmSync(join(cwd, "folder"), { recursive: true });
      write("folder", "file\n");
    },
  ],
  [
    "a file becomes a folder",
    () => {
      rmSync(join(cwd, "other.txt"));
      mkdirSync(join(cwd, "other.txt"));
      write("other.txt/inner", "x\n");
    },
  ],
  [
    "a folder becomes a link to a folder with the same files",
    () => {
      renameSync(join(cwd, "folder"), join(cwd, "moved"));
      symlinkSync("moved", join(cwd, "folder"));
    },
  ],
])("understands that %s", async (_, act) => {
  act();
  const { diff } = await workspace.changes();
  await expectRoundTrip(diff);
});

it.each<readonly [string, () => void]>([
  ["deletes its repository", () => rmSync(join(cwd, ".git"), { recursive: true })],
  [
    "replaces its repository by a file",
    () => {
      rmSync(join(cwd, ".git"), { recursive: true });
      write(".git", "gitdir: /etc\n");
    },
  ],
  [
    "commits",
    () => execFileSync("git", ["-c", "user.name=x", "-c", "user.email=x", "commit", "-qam", "x"], { cwd }),
  ],
  ["stages", () => execFileSync("git", ["add", "-A"], { cwd })],
  [
    "tells git not to look",
    () => execFileSync("git", ["update-index", "--assume-unchanged", "text.txt"], { cwd }),
  ],
  [
    "sets attributes and filters",
    () => {
      write(".gitattributes", "* filter=evil diff=evil -text\n*.txt working-tree-encoding=UTF-16\n");
      execFileSync("git", ["config", "filter.evil.clean", "false"], { cwd });
    },
  ],
  [
    "turns the clock of the file back",
    () => {
      const { atime, mtime } = statSync(join(cwd, "other.txt"));
      write("text.txt", "1\n2\n3\n4\n5\n6\n7\n8\nx\n");
      utimesSync(join(cwd, "text.txt"), atime, mtime);
    },
  ],
])("finds the changes of an agent that %s", async (what, act) => {
  const own = await state.open(repository);
  const outer = cwd;
  cwd = own.cwd;
  try {
    write("text.txt", "1\n2\n3\n4\n5\n6\n7\n8\nx\n");
    act();
    const { files: changed } = await own.changes();
    expect(changed.at(-1)).toEqual({ path: "text.txt", change: "modified" });
    expect(changed).toHaveLength(what.startsWith("sets") ? 2 : 1);
  } finally {
    cwd = outer;
    await own.close();
  }
});

it("counts the files of a repository that the agent made within the folder", async () => {
  for (const path of ["app", "app/inner"]) {
    execFileSync("git", ["init", "-q", path], { cwd });
    write(`${path}/main.js`, "x\n");
  }
  const { files: changed } = await workspace.changes();
  expect(changed.map(({ path }) => path)).toEqual(["app/inner/main.js", "app/main.js"]);
});

it("leaves out pipes, and takes a file that became one for deleted", async () => {
  rmSync(join(cwd, "other.txt"));
  execFileSync("mkfifo", [join(cwd, "other.txt"), join(cwd, "pipe")]);
  const { files: changed } = await workspace.changes();
  expect(changed).toEqual([{ path: "other.txt", change: "deleted" }]);
});

it("cuts a long difference at the end of a file and says so", async () => {
  for (const name of ["a", "b", "c"]) write(name, `${name}\n`.repeat(400));
  const { diff, files: changed, truncated } = await workspace.changes();
  expect(truncated).toBe(true);
  expect(changed).toHaveLength(3);
  expect(diff.match(/^diff --git .*/gm)).toEqual(["diff --git a/a b/a"]);
  expect(diff.endsWith("+a\n")).toBe(true);
  expect(diff.split("\n")).toHaveLength(400 + 6 + 1);
});

it("names a huge file without reading it, and does not merge it", async () => {
  write("huge", "");
  truncateSync(join(cwd, "huge"), 10 * 1024 ** 3);
  truncateSync(join(cwd, "data.bin"), 10_001);
  write("small", "x\n");
  const { diff, files: changed, truncated } = await workspace.changes();
  expect(truncated).toBe(true);
  expect(changed).toEqual([
    { path: "small", change: "added" },
    { path: "huge", change: "added" },
    { path: "data.bin", change: "modified" },
  ]);
  expect(diff).toContain("a/small");
  expect(diff).not.toContain("huge");
  await expect(workspace.mergeBack()).rejects.toMatchObject({ code: "ATLAS_HARNESS_WORKSPACE_FAILED" });
});

it("refuses more changed files than the limit", async () => {
  for (let index = 0; index < 51; index += 1) write(`f${index}`, "");
  await expect(workspace.changes()).rejects.toMatchObject({ code: "ATLAS_HARNESS_WORKSPACE_FAILED" });
});
