import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createGitSource, type GitRange } from "../../src/builtin/git/index.ts";
import { openContext } from "./support/open-context.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

function git(cwd: string, ...args: readonly string[]): string {
  const identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.invalid"];
  return execFileSync("git", [...identity, ...args], { cwd, encoding: "utf8", stdio: "pipe" }).trim();
}

function commit(cwd: string, subject: string, ...args: readonly string[]): void {
  git(cwd, "commit", "--quiet", "--allow-empty", "--message", subject, ...args);
}

function repositoryWith(...subjects: readonly string[]): string {
  const folder = temporaryFolder();
  git(folder, "init", "--quiet", "--initial-branch", "main");
  for (const subject of subjects) commit(folder, subject);
  return folder;
}

async function reading(path: string, options: { readonly ref?: string } = {}) {
  const opened = await openContext();
  const ranges: GitRange[] = [];
  const source = createGitSource({
    path,
    ...options,
    afterwards: (range) => {
      ranges.push(range);
      return [{ type: "job.create", job: { workflow_id: "digest.v1", idempotency_key: range.id } }];
    },
  });
  const subjects = async () =>
    (await opened.repo.listEvents({ type: "git.commit" })).items.map(({ data }) => data?.["subject"]).sort();
  return { ...opened, source, ranges, subjects, read: () => opened.sync(source) };
}

describe("the git source", () => {
  it("reads a history once, and afterwards only what is new", async () => {
    const path = repositoryWith("one", "two");
    const { read, subjects, repo, ranges } = await reading(path);
    await read();
    expect(await subjects()).toEqual(["one", "two"]);
    expect(await read()).toEqual([]);

    commit(path, "three");
    const head = git(path, "rev-parse", "HEAD");
    expect(await read()).toHaveLength(3);
    expect(ranges.map(({ commits }) => commits)).toEqual([2, 1]);
    expect(ranges[1]).toMatchObject({
      head,
      id: expect.stringMatching(/^git:range:[0-9a-f]{40}\.\.[0-9a-f]{40}$/),
    });
    const { items } = await repo.listEvents({ entity_id: ranges[1]?.id ?? "" });
    expect(items).toMatchObject([
      { external_id: head, data: { sha: head, subject: "three", author: "git:author:ann@example.invalid" } },
    ]);
    expect(await repo.getEntity("git:author:ann@example.invalid")).toMatchObject({
      type: "git.author",
      title: "Ann",
    });
    expect((await repo.listJobs()).items).toHaveLength(2);
  });

  it("survives a rewritten history, also when the commit it knew is gone for good", async () => {
    const path = repositoryWith("one", "two");
    const { read, subjects } = await reading(path);
    await read();
    commit(path, "two, said better", "--amend");
    await read();
    expect(await subjects()).toEqual(["one", "two", "two, said better"]);

    commit(path, "two, said best", "--amend");
    git(path, "reflog", "expire", "--expire=now", "--all");
    git(path, "gc", "--quiet", "--prune=now");
    await read();
    expect(await subjects()).toEqual(["one", "two", "two, said best", "two, said better"]);
    expect(await read()).toEqual([]);
  });

  it("has nothing to tell when commits were only taken back", async () => {
    const path = repositoryWith("one", "two");
    const { read, ranges } = await reading(path);
    await read();
    git(path, "reset", "--quiet", "--hard", "HEAD~1");
    expect(await read()).toEqual([]);
    expect(ranges).toHaveLength(1);
  });

  it("reads the ref that it is told", async () => {
    const path = repositoryWith("one");
    git(path, "checkout", "--quiet", "-b", "side");
    commit(path, "aside");
    git(path, "checkout", "--quiet", "main");
    const { read, subjects } = await reading(path, { ref: "side" });
    await read();
    expect(await subjects()).toEqual(["aside", "one"]);
  });

  it("takes what a commit says as text, whatever it is", async () => {
    const path = repositoryWith();
    commit(path, "$(touch owned) `touch owned` \u001b[31m red", "--author", "--all <--all>");
    commit(path, "born before the calendar", "--date", "@0 +0000");
    git(path, "commit", "--quiet", "--allow-empty", "--allow-empty-message", "--message", "");
    const { read, subjects } = await reading(path);
    await read();
    expect(await subjects()).toEqual([
      "",
      "$(touch owned) `touch owned` [31m red",
      "born before the calendar",
    ]);
  });

  it("keeps a commit whose time no calendar has", async () => {
    const path = repositoryWith();
    const tree = git(path, "write-tree");
    const text = `tree ${tree}\nauthor A <a> 99999999999999 +0000\ncommitter A <a> 99999999999999 +0000\n\nfar away\n`;
    const sha = execFileSync("git", ["hash-object", "-t", "commit", "-w", "--stdin", "--literally"], {
      cwd: path,
      input: text,
      encoding: "utf8",
    }).trim();
    git(path, "update-ref", "refs/heads/main", sha);
    const { read, repo } = await reading(path);
    await read();
    expect((await repo.listEvents()).items).toMatchObject([{ occurred_at: "9999-12-31T23:59:59.000Z" }]);
  });

  it("is not led to another repository by the environment", async () => {
    const path = repositoryWith("right");
    process.env["GIT_DIR"] = join(repositoryWith("wrong"), ".git");
    try {
      const { read, subjects } = await reading(path);
      await read();
      expect(await subjects()).toEqual(["right"]);
    } finally {
      delete process.env["GIT_DIR"];
    }
  });

  it("ends when it is told to, and leaves no git behind", async () => {
    const asked = new AbortController();
    const opened = await openContext({ signal: asked.signal });
    const source = createGitSource({
      path: repositoryWith("one"),
      onProgress: () => asked.abort(new Error("The gateway is stopping.")),
    });
    await expect(opened.sync(source)).rejects.toThrow("stopping");
  });

  it.each([
    [
      "no folder",
      () => "/nowhere/at/all",
      'The folder "/nowhere/at/all" does not exist. Give the path of a git repository.',
    ],
    ["no repository", () => temporaryFolder(), "is not a git repository"],
    ["no commits", () => repositoryWith(), "has no commits yet"],
  ])("says that there is %s, in a check and in a sync", async (_, path, sentence) => {
    const { check, sync } = await openContext();
    const source = createGitSource({ path: path() });
    const expected = {
      code: "ATLAS_PLUGINS_GIT_FAILED",
      retryable: true,
      message: expect.stringContaining(sentence),
    };
    await expect(check(source)).rejects.toMatchObject(expected);
    await expect(sync(source)).rejects.toMatchObject(expected);
  });

  it("says that a ref is not there, and that git is not", async () => {
    const { check } = await openContext();
    const path = repositoryWith("one");
    await expect(check(createGitSource({ path, ref: "gone" }))).rejects.toThrow('no commit named "gone"');
    await expect(check(createGitSource({ path }))).resolves.toBeUndefined();
    const known = process.env["PATH"];
    process.env["PATH"] = "/nowhere";
    try {
      await expect(check(createGitSource({ path }))).rejects.toThrow("install git first");
    } finally {
      process.env["PATH"] = known;
    }
  });

  it("says what git says about a damaged repository", async () => {
    const path = repositoryWith("one");
    const { read } = await reading(path);
    rmSync(join(path, ".git", "objects"), { recursive: true });
    await expect(read()).rejects.toMatchObject({ code: "ATLAS_PLUGINS_GIT_FAILED" });
  });

  it.each(["--upload-pack=x", "a..b", "a b", "^main", "-", "main:file"])(
    "takes the ref %j for no name",
    (ref) => {
      expect(() => createGitSource({ path: ".", ref })).toThrow(
        'createGitSource: the option "ref" must be the name of a branch, a tag or a commit.',
      );
    },
  );

  it("names an option that it does not know, and the one that was meant", () => {
    const wrong = { path: ".", reff: "main" };
    expect(() => createGitSource(wrong)).toThrow(
      'createGitSource has no option "reff". Did you mean "ref"? Its options are path, ref, id, afterwards, onProgress.',
    );
    // @ts-expect-error the path is missing
    expect(() => createGitSource({})).toThrow('the option "path" must be the path of a git repository.');
    // @ts-expect-error no options at all
    expect(() => createGitSource()).toThrow("createGitSource takes one object with options.");
  });
});
