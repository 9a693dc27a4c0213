import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isHarnessError } from "../../src/index.ts";
import { createWorkspaces } from "../../src/workspaces/workspaces.ts";
import { createFolder, createRepository, fingerprint, type TestFolder } from "./support/repository.ts";
import { createState } from "./support/state.ts";

const filesOf = (folder: TestFolder | string) =>
  fingerprint(typeof folder === "string" ? folder : folder.path, [".git"]);

async function failureOf(promise: Promise<unknown>) {
  const error: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!isHarnessError(error)) throw new Error("It did not fail as expected.", { cause: error });
  return { code: error.code, message: error.message, details: error.details };
}

describe("a copy has the files as they are", () => {
  it("in the same sub-folder, also where it holds only ignored files", async () => {
    using state = createState();
    using repository = createRepository({ ".gitignore": "out\n", "a/b/c.txt": "1\n" });
    repository.write("out/x.txt", "x");
    const inner = await state.open(join(repository.path, "a/b"));
    expect(filesOf(inner.cwd)).toEqual({ "c.txt": expect.stringMatching(/^file/) });
    const ignored = await state.open(join(repository.path, "out"));
    expect(filesOf(ignored.cwd)).toEqual({});
    await inner.close();
    await ignored.close();
  });

  it("with a history to look at", async () => {
    using state = createState();
    using repository = createRepository({ "a.txt": "1\n" });
    repository.git("checkout", "-q", "--detach");
    repository.write("b.txt", "2\n");
    const workspace = await state.open(repository);
    const git = (...args: string[]) => execFileSync("git", args, { cwd: workspace.cwd, encoding: "utf8" });
    expect(git("log", "--format=%s").trim().split("\n")).toEqual([
      "The files as they were when the task began",
      "first",
    ]);
    expect(git("status", "--porcelain")).toBe("");
    expect(git("show", "--name-only", "--format=").trim()).toBe("b.txt");
    await workspace.close();
  });

  it("before the first commit", async () => {
    using state = createState();
    using repository = createRepository();
    repository.write("a.txt", "1\n");
    repository.git("add", "-A");
    repository.write("b.txt", "2\n");
    const workspace = await state.open(repository);
    expect(filesOf(workspace.cwd)).toEqual(filesOf(repository));
    await workspace.close();
  });

  it("in a repository that names contents by SHA-256", async () => {
    using state = createState();
    using repository = createRepository({ "a.txt": "1\n" }, "--object-format=sha256");
    repository.write("a.txt", "2\n");
    const workspace = await state.open(repository, { mode: "apply" });
    writeFileSync(join(workspace.cwd, "a.txt"), "3\n");
    await workspace.mergeBack();
    await workspace.close();
    expect(repository.read("a.txt")).toBe("3\n");
  });

  it("whatever repository the environment of the gateway names", async () => {
    using other = createRepository({ "other.txt": "1\n" });
    using repository = createRepository({ "a.txt": "1\n" });
    const env = {
      PATH: process.env["PATH"],
      GIT_DIR: join(other.path, ".git"),
      GIT_INDEX_FILE: join(other.path, ".git/index"),
    };
    using state = createState({ env });
    const before = fingerprint(other.path);
    const workspace = await state.open(repository);
    expect(filesOf(workspace.cwd)).toEqual(filesOf(repository));
    const parent = execFileSync("git", ["rev-parse", "HEAD~1"], { cwd: workspace.cwd, encoding: "utf8" });
    expect(parent).toBe(repository.git("rev-parse", "HEAD"));
    await workspace.close();
    expect(fingerprint(other.path)).toEqual(before);
  });

  it("in a folder whose name holds a line break", async () => {
    using state = createState();
    using folder = createFolder("line\nbreak");
    folder.git("init", "-q", 'inner "x"');
    folder.write('inner "x"/a.txt', "1\n");
    const path = join(folder.path, 'inner "x"');
    const workspace = await state.open(path);
    expect(filesOf(workspace.cwd)).toEqual(filesOf(path));
    await workspace.close();
  });

  it("in a linked worktree of the caller's", async () => {
    using state = createState();
    using repository = createRepository({ "a.txt": "1\n" });
    repository.git("worktree", "add", "-q", "tree");
    repository.write("tree/a.txt", "2\n");
    const before = fingerprint(repository.path);
    const workspace = await state.open(join(repository.path, "tree"));
    expect(filesOf(workspace.cwd)).toEqual(filesOf(join(repository.path, "tree")));
    await workspace.close();
    expect(fingerprint(repository.path)).toEqual(before);
  });

  it("in a shallow clone that borrows its objects from another one", async () => {
    using state = createState();
    using repository = createRepository({ "a.txt": "1\n" });
    repository.write("a.txt", "2\n");
    repository.git("commit", "-qam", "second");
    using folder = createFolder();
    folder.git("clone", "-q", "--shared", repository.path, "middle");
    folder.git("clone", "-q", "--shared", "middle", "shared");
    folder.git("clone", "-q", "--depth=1", `file://${repository.path}`, "shallow");
    for (const name of ["shared", "shallow"]) {
      const workspace = await state.open(join(folder.path, name));
      expect(filesOf(workspace.cwd)).toEqual(filesOf(repository));
      execFileSync("git", ["log"], { cwd: workspace.cwd, stdio: "ignore" });
      await workspace.close();
    }
  });

  it("with the line endings that they have, whatever the repository stores", async () => {
    using state = createState();
    using repository = createRepository({
      ".gitattributes": "*.txt text\n*.id ident\n*.u16 text working-tree-encoding=UTF-16LE\n",
    });
    repository.git("config", "core.autocrlf", "true");
    repository.write("a.txt", "one\r\ntwo\r\n");
    repository.write("plain.md", "one\r\ntwo\r\n");
    repository.write("a.id", "$Id$\n");
    repository.write("a.u16", Buffer.from("hi\n", "utf16le"));
    repository.git("add", "-A");
    repository.git("commit", "-qm", "second");
    const workspace = await state.open(repository, { mode: "apply" });
    expect(filesOf(workspace.cwd)).toEqual(filesOf(repository));
    expect((await workspace.changes()).files).toEqual([]);
    writeFileSync(join(workspace.cwd, "a.txt"), "one\r\nthree\n");
    await workspace.mergeBack();
    await workspace.close();
    expect(repository.read("a.txt")).toBe("one\r\nthree\n");
  });

  it("without those that the caller ignores, here or everywhere", async () => {
    using state = createState();
    using repository = createRepository({ "a.txt": "1\n" });
    using home = createFolder();
    home.write("ignore", "*.everywhere\n");
    repository.git("config", "core.excludesFile", join(home.path, "ignore"));
    repository.write(".git/info/exclude", "*.here\n");
    repository.write("x.here", "1");
    repository.write("x.everywhere", "1");
    const workspace = await state.open(repository);
    expect(Object.keys(filesOf(workspace.cwd))).toEqual(["a.txt"]);
    writeFileSync(join(workspace.cwd, "y.here"), "1");
    expect((await workspace.changes()).files).toEqual([]);
    await workspace.close();
  });

  it("even if git was told not to look at one", async () => {
    using state = createState();
    using repository = createRepository({ "a.txt": "1\n", "b.txt": "1\n" });
    repository.git("update-index", "--assume-unchanged", "a.txt");
    repository.git("update-index", "--skip-worktree", "b.txt");
    repository.write("a.txt", "2\n");
    repository.write("b.txt", "2\n");
    const workspace = await state.open(repository);
    expect(filesOf(workspace.cwd)).toEqual(filesOf(repository));
    await workspace.close();
  });

  it("even if a file was changed within the second in which it was staged", async () => {
    using state = createState();
    using repository = createRepository({ "a.txt": "1\n" });
    const second = Math.floor(Date.now() / 1000) - 100;
    repository.write("a.txt", "2\n");
    utimesSync(join(repository.path, "a.txt"), second, second);
    repository.git("add", "-A");
    utimesSync(join(repository.path, ".git/index"), second, second);
    repository.write("a.txt", "3\n");
    utimesSync(join(repository.path, "a.txt"), second, second);
    const workspace = await state.open(repository);
    expect(filesOf(workspace.cwd)).toEqual(filesOf(repository));
    await workspace.close();
  });

  it("without those that a sparse checkout leaves out", async () => {
    using state = createState();
    using repository = createRepository({ "in/a.txt": "1\n", "out/b.txt": "1\n" });
    for (const kind of ["--no-sparse-index", "--sparse-index"]) {
      repository.git("sparse-checkout", "set", "--cone", kind, "in");
      const workspace = await state.open(repository, { mode: "apply" });
      expect(filesOf(workspace.cwd)).toEqual(filesOf(repository));
      expect((await workspace.changes()).files).toEqual([]);
      mkdirSync(join(workspace.cwd, "out"));
      writeFileSync(join(workspace.cwd, "out/b.txt"), "2\n");
      expect((await workspace.changes()).files).toEqual([{ path: "out/b.txt", change: "modified" }]);
      await workspace.mergeBack();
      await workspace.close();
      expect(repository.read("out/b.txt")).toBe("2\n");
      repository.git("checkout", "-q", "--", ".");
      repository.git("sparse-checkout", "disable");
      repository.git("checkout", "-q", "-f", "main");
    }
  });

  it("from an index that is split in two", async () => {
    using state = createState();
    using repository = createRepository({ "a.txt": "1\n" });
    repository.git("update-index", "--split-index");
    repository.write("b.txt", "1\n");
    repository.git("add", "-A");
    const workspace = await state.open(repository);
    expect(filesOf(workspace.cwd)).toEqual(filesOf(repository));
    await workspace.close();
  });

  it("with an empty folder for a submodule, and says so if the agent writes into it", async () => {
    using state = createState();
    using inner = createRepository({ "i.txt": "1\n" });
    using repository = createRepository({ "a.txt": "1\n" });
    repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.path, "sub");
    repository.git("commit", "-qm", "submodule");
    repository.write("sub/i.txt", "changed\n");
    const before = fingerprint(repository.path);
    const workspace = await state.open(repository);
    expect(filesOf(join(workspace.cwd, "sub"))).toEqual({});
    expect((await workspace.changes()).files).toEqual([]);
    writeFileSync(join(workspace.cwd, "sub/new.txt"), "1\n");
    expect(await failureOf(workspace.changes())).toMatchObject({
      code: "ATLAS_HARNESS_WORKSPACE_FAILED",
      details: { path: "sub" },
    });
    await workspace.close();
    const own = await state.open(join(repository.path, "sub"));
    expect(filesOf(own.cwd)).toMatchObject({ "i.txt": filesOf(join(repository.path, "sub"))["i.txt"] });
    await own.close();
    expect(fingerprint(repository.path)).toEqual(before);
  });

  it("without nested repositories, sockets and pipes", async () => {
    using state = createState();
    using repository = createRepository({ "a.txt": "1\n" });
    execFileSync("git", ["init", "-q", join(repository.path, "nested")]);
    execFileSync("mkfifo", [join(repository.path, "pipe")]);
    symlinkSync("/etc/passwd", join(repository.path, "link"));
    const workspace = await state.open(repository);
    expect(Object.keys(filesOf(workspace.cwd))).toEqual(["a.txt", "link"]);
    expect(lstatSync(join(workspace.cwd, "link")).isSymbolicLink()).toBe(true);
    await workspace.close();
  });

  it("of a folder that is no repository, as a repository of its own", async () => {
    using state = createState();
    using folder = createFolder();
    folder.write("a.txt", "1\n");
    folder.write("b/c.sh", "2\n");
    execFileSync("chmod", ["+x", join(folder.path, "b/c.sh")]);
    symlinkSync("../a.txt", join(folder.path, "b/link"));
    const workspace = await state.open(folder, { mode: "apply" });
    expect(filesOf(workspace.cwd)).toEqual(filesOf(folder));
    expect(existsSync(join(workspace.cwd, ".git"))).toBe(true);
    writeFileSync(join(workspace.cwd, "a.txt"), "2\n");
    await workspace.mergeBack();
    await workspace.close();
    expect(folder.read("a.txt")).toBe("2\n");
    expect(existsSync(join(folder.path, ".git"))).toBe(false);
  });

  it("without the state folder, if that lies among them", async () => {
    using repository = createRepository({ "a.txt": "1\n" });
    const stateDir = join(repository.path, "data/[state]");
    using state = createState({ stateDir });
    const first = await state.open(repository);
    const second = await state.open(repository);
    expect(Object.keys(filesOf(second.cwd))).toEqual(["a.txt"]);
    await first.close();
    await second.close();
  });
});

describe("what cannot be copied is refused", () => {
  it.each([
    ["a merge", "MERGE_HEAD"],
    ["a rebase", "rebase-merge"],
    ["a rebase", "rebase-apply"],
    ["a cherry-pick", "CHERRY_PICK_HEAD"],
    ["a revert", "REVERT_HEAD"],
    ["a bisect", "BISECT_LOG"],
  ])("%s that is under way (%s)", async (what, file) => {
    using state = createState();
    using repository = createRepository();
    repository.write(`.git/${file}`, "");
    const failure = await failureOf(state.open(repository));
    expect(failure).toMatchObject({
      code: "ATLAS_HARNESS_REPOSITORY_UNFIT",
      details: { root: repository.path, reason: `${what} is under way` },
    });
    expect(existsSync(join(state.stateDir, "workspaces"))).toBe(false);
  });

  it("conflicts in the index", async () => {
    using state = createState();
    using repository = createRepository({ "a.txt": "1\n" });
    const id = repository.git("hash-object", "a.txt").trim();
    execFileSync("git", ["update-index", "--index-info"], {
      cwd: repository.path,
      input: [1, 2, 3].map((stage) => `100644 ${id} ${stage}\ta.txt\n`).join(""),
    });
    expect(await failureOf(state.open(repository))).toMatchObject({
      code: "ATLAS_HARNESS_REPOSITORY_UNFIT",
      details: { reason: '1 of its files have conflicts, such as "a.txt"' },
    });
  });

  it("a bare repository, and the folder of git", async () => {
    using state = createState();
    using repository = createRepository({ "a.txt": "1\n" });
    using bare = createFolder();
    bare.git("init", "-q", "--bare");
    expect(await failureOf(state.open(bare))).toMatchObject({
      code: "ATLAS_HARNESS_REPOSITORY_UNFIT",
      details: { reason: expect.stringMatching(/bare|folder of git/) },
    });
    expect(await failureOf(state.open(join(repository.path, ".git/objects")))).toMatchObject({
      code: "ATLAS_HARNESS_REPOSITORY_UNFIT",
      details: { reason: "the folder lies inside the folder of git" },
    });
  });

  it("a broken repository", async () => {
    using state = createState();
    using folder = createFolder();
    folder.write(".git", "gitdir: /nowhere\n");
    expect((await failureOf(state.open(folder))).code).toBe("ATLAS_HARNESS_REPOSITORY_UNFIT");
  });

  it("a folder that is missing or is a file", async () => {
    using state = createState();
    using folder = createFolder();
    folder.write("file", "");
    for (const name of ["missing", "file", "a\0b"]) {
      expect((await failureOf(state.open(join(folder.path, name)))).code).toBe("ATLAS_HARNESS_CWD_REFUSED");
    }
  });

  it("a repository whose folder lies outside of what is allowed", async () => {
    using repository = createRepository({ "in/a.txt": "1\n" });
    const allowed = join(repository.path, "in");
    using state = createState({
      checkFolder: async (path) => {
        if (path === allowed) return path;
        throw new RangeError(path);
      },
    });
    await expect(state.open(allowed)).rejects.toThrow(new RangeError(repository.path));
  });

  it("too many new files, or too many bytes of them", async () => {
    using repository = createRepository({ "a.txt": "1\n" });
    repository.write("b.txt", "1234");
    repository.write("c.txt", "1234");
    for (const limits of [{ maxFiles: 1 }, { maxBytes: 7 }]) {
      using state = createState({ limits });
      expect((await failureOf(state.open(repository))).message).toContain('"c.txt"');
    }
    using state = createState({ limits: { maxFiles: 2, maxBytes: 8 } });
    await (await state.open(repository)).close();
  });

  it("any folder where git is not installed", async () => {
    using state = createState({ env: { PATH: ".:/nonexistent" } });
    using folder = createFolder();
    expect(await failureOf(state.open(folder))).toMatchObject({
      code: "ATLAS_HARNESS_GIT_FAILED",
      message: expect.stringContaining("install git"),
    });
  });

  it("a task that was aborted, and leaves nothing behind", async () => {
    using state = createState();
    using repository = createRepository({ "a.txt": "1\n" });
    const controller = new AbortController();
    const opening = state.open(repository, { signal: controller.signal, mode: "apply" });
    controller.abort(new Error("enough"));
    await expect(opening).rejects.toThrow("enough");
    await (await state.open(repository, { mode: "apply", whenBusy: "refuse" })).close();
  });

  it("wrong use", async () => {
    using state = createState();
    await expect(state.open("/", { runId: "../x" })).rejects.toThrow(TypeError);
    await expect(state.open("/", { inPlace: true })).rejects.toThrow('inPlace needs the mode "apply"');
    const limits: object = { maxFile: 1 };
    expect(() => createWorkspaces({ stateDir: "state", limits })).toThrow("maxFiles");
  });
});
