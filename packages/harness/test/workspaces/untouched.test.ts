import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRepository, fingerprint, type TestFolder } from "./support/repository.ts";
import { createState } from "./support/state.ts";

/** What an agent may do in its folder, with git too. */
function rampage(cwd: string): void {
  const git = (...args: string[]): void => {
    execFileSync("git", ["-c", "user.name=x", "-c", "user.email=x", ...args], { cwd, stdio: "ignore" });
  };
  writeFileSync(join(cwd, "tracked.txt"), "agent\n");
  git("stash");
  writeFileSync(join(cwd, "committed.txt"), "agent\n");
  git("add", "-A");
  git("commit", "-q", "-m", "agent");
  git("branch", "agent");
  git("tag", "v9");
  git("config", "user.name", "agent");
  git("gc", "-q", "--prune=now");
  git("reset", "-q", "--hard", "HEAD~1");
  rmSync(join(cwd, "folder"), { recursive: true });
  renameSync(join(cwd, "staged.txt"), join(cwd, "moved.txt"));
}

describe.each(["propose", "plan"] as const)("%s", (mode) => {
  let repository: TestFolder;
  let state: ReturnType<typeof createState>;

  beforeAll(() => {
    state = createState();
    repository = createRepository({
      ".gitignore": "ignored/\n",
      "tracked.txt": "one\n",
      "folder/inner.txt": "two\n",
      "stashed.txt": "s\n",
    });
    repository.write("stashed.txt", "stashed\n");
    repository.git("stash");
    repository.git("config", "alias.st", "status");
    repository.git("branch", "other");
    repository.git("update-ref", "refs/remotes/origin/main", "HEAD");
    repository.write("ignored/file.txt", "ignored\n");
    repository.write("untracked.txt", "untracked\n");
    repository.write("staged.txt", "staged\n");
    repository.git("add", "staged.txt");
    repository.write("tracked.txt", "changed\n");
    symlinkSync("tracked.txt", join(repository.path, "link"));
  });
  afterAll(() => {
    repository[Symbol.dispose]();
    state[Symbol.dispose]();
  });

  it("leaves each byte of the caller's folder as it is, whatever the agent does", async () => {
    const before = fingerprint(repository.path);
    const workspace = await state.open(repository, { mode });
    rampage(workspace.cwd);
    const { files } = await workspace.changes();
    await workspace.close();
    expect(files.map(({ path }) => path)).toEqual(["folder/inner.txt", "moved.txt"]);
    expect(fingerprint(repository.path)).toEqual(before);
  });

  it("leaves nothing in the state folder", async () => {
    const workspace = await state.open(repository, { mode });
    await workspace.close();
    await workspace.close();
    const left = Object.entries(fingerprint(state.stateDir)).filter(([, kind]) => !kind.startsWith("folder"));
    expect(left).toEqual([]);
  });
});

it("copies 1,000 files, and leaves them as they are", async () => {
  using state = createState();
  const files = Array.from({ length: 1_000 }, (_, index) => [`f${index % 10}/${index}.txt`, `${index}\n`]);
  using repository = createRepository(Object.fromEntries(files));
  const before = fingerprint(repository.path);
  const workspace = await state.open(repository);
  expect(fingerprint(workspace.cwd, [".git"])).toEqual(fingerprint(repository.path, [".git"]));
  expect((await workspace.changes()).files).toEqual([]);
  await workspace.close();
  expect(fingerprint(repository.path)).toEqual(before);
});

it("runs nothing that the repository configures", async () => {
  using state = createState();
  using repository = createRepository({ ".gitattributes": "*.txt filter=evil diff=evil\n", "a.txt": "a\n" });
  const trace = join(repository.path, ".git/trace");
  const run = `sh -c 'echo run >> ${trace}; cat'`;
  for (const name of [
    "filter.evil.clean",
    "filter.evil.smudge",
    "filter.evil.process",
    "core.fsmonitor",
    "diff.evil.textconv",
    "diff.evil.command",
    "diff.external",
    "core.pager",
    "core.sshCommand",
  ]) {
    repository.git("config", name, run);
  }
  repository.git("config", "filter.evil.required", "true");
  mkdirSync(join(repository.path, ".git/hooks"), { recursive: true });
  for (const hook of ["post-checkout", "post-index-change", "pre-commit", "reference-transaction"]) {
    repository.write(`.git/hooks/${hook}`, `#!/bin/sh\necho ${hook} >> ${trace}\n`);
    execFileSync("chmod", ["+x", join(repository.path, ".git/hooks", hook)]);
  }
  repository.write("a.txt", "changed\n");
  const before = fingerprint(repository.path);
  const workspace = await state.open(repository, { mode: "apply" });
  execFileSync("git", ["config", "core.fsmonitor", run], { cwd: workspace.cwd });
  execFileSync("git", ["config", "filter.evil.clean", run], { cwd: workspace.cwd });
  writeFileSync(join(workspace.cwd, "a.txt"), "agent\n");
  const { files } = await workspace.changes();
  await workspace.mergeBack();
  await workspace.close();
  expect(files).toEqual([{ path: "a.txt", change: "modified" }]);
  expect(repository.read("a.txt")).toBe("agent\n");
  const { "a.txt": _, ...rest } = before;
  const { "a.txt": __, ...after } = fingerprint(repository.path);
  expect(after).toEqual(rest);
});
