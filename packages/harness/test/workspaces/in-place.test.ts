import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createFolder, createRepository, fingerprint } from "./support/repository.ts";
import { createState } from "./support/state.ts";

const task = { mode: "apply", inPlace: true } as const;

function work(cwd: string): void {
  writeFileSync(join(cwd, "a.txt"), "agent\n");
  rmSync(join(cwd, "b"), { recursive: true });
  mkdirSync(join(cwd, "new"));
  writeFileSync(join(cwd, "new/x.txt"), "agent\n");
  writeFileSync(join(cwd, "ignored"), "agent\n");
  symlinkSync("a.txt", join(cwd, "link"));
}

const files = { ".gitignore": "ignored\n", "a.txt": "1\n", "b/c.txt": "1\n" };

it("lets the agent work in the caller's folder, and keeps what it did if it succeeded", async () => {
  using state = createState();
  using repository = createRepository(files);
  repository.write("a.txt", "changed\n");
  const workspace = await state.open(join(repository.path, "b"), task);
  expect(workspace.cwd).toBe(join(repository.path, "b"));
  work(repository.path);
  const { files: changed } = await workspace.changes();
  expect(changed.map(({ path, change }) => `${change} ${path}`)).toEqual([
    "modified a.txt",
    "deleted b/c.txt",
    "added link",
    "added new/x.txt",
  ]);
  const after = fingerprint(repository.path);
  await workspace.mergeBack();
  await workspace.close();
  expect(fingerprint(repository.path)).toEqual(after);
});

it.each(["repository", "folder"])(
  "brings the files of a %s back if it did not, except ignored ones",
  async (kind) => {
    using state = createState();
    using folder = kind === "repository" ? createRepository(files) : createFolder();
    if (kind === "folder") for (const [path, content] of Object.entries(files)) folder.write(path, content);
    folder.write("a.txt", "changed\n");
    folder.write("untracked.txt", "mine\n");
    const before = fingerprint(folder.path);
    const workspace = await state.open(folder, task);
    work(folder.path);
    rmSync(join(folder.path, "untracked.txt"));
    await workspace.close();
    const { ignored, ...after } = fingerprint(folder.path);
    expect(after).toEqual(before);
    expect(ignored).toBeDefined();
  },
);

it("leaves a repository alone that the agent made, and says what it cannot bring back", async () => {
  const said: string[] = [];
  const log = { debug() {}, info() {}, warn() {}, error: (_: object, message: string) => said.push(message) };
  using state = createState({ log, limits: { maxFileBytes: 10 } });
  using repository = createRepository(files);
  const workspace = await state.open(repository, task);
  execFileSync("git", ["init", "-q", join(repository.path, "nested")]);
  repository.write("large.txt", "more than ten bytes");
  expect((await workspace.changes()).files).toEqual([{ path: "large.txt", change: "added" }]);
  await workspace.close();
  expect(said).toEqual(["The files could not be brought back to what they were before the task."]);
  expect(repository.git("-C", "nested", "rev-parse", "--git-dir").trim()).toBe(".git");
});
