import { execFileSync } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { isHarnessError } from "../../src/index.ts";
import { createRepository, fingerprint, type TestFolder } from "./support/repository.ts";
import { createState } from "./support/state.ts";

const lines = (...changed: readonly string[]) =>
  Array.from(
    { length: 30 },
    (_, index) => `${changed.find((text) => text.startsWith(`${index} `)) ?? index}\n`,
  ).join("");

async function conflictsOf(promise: Promise<void>) {
  const error: unknown = await promise.catch((error: unknown) => error);
  if (!isHarnessError(error, "ATLAS_HARNESS_CONFLICT")) throw new Error("No conflict.", { cause: error });
  return error.details.conflicts;
}

/** Opens a copy, lets the agent and then the caller change files, and merges. */
async function merged(
  repository: TestFolder,
  agent: (cwd: string) => void,
  caller: (cwd: string) => void = () => undefined,
): Promise<{ readonly failure: unknown; readonly before: Record<string, string> }> {
  using state = createState();
  const workspace = await state.open(repository, { mode: "apply" });
  agent(workspace.cwd);
  caller(repository.path);
  const before = fingerprint(repository.path);
  const failure: unknown = await workspace.mergeBack().then(
    () => undefined,
    (error: unknown) => error,
  );
  await workspace.close();
  return { failure, before };
}

it("changes the caller's files, and nothing that belongs to git", async () => {
  using repository = createRepository({
    "a.txt": "1\n",
    "b/c.txt": "2\n",
    "d.txt": "3\n",
    "e.bin": Buffer.from([0, 1]),
  });
  repository.write("a.txt", "staged\n");
  repository.git("add", "a.txt");
  repository.write("a.txt", "changed\n");
  repository.write("untracked.txt", "u\n");
  chmodSync(join(repository.path, "d.txt"), 0o600);
  let expected = {};
  const { failure, before } = await merged(repository, (cwd) => {
    writeFileSync(join(cwd, "a.txt"), "agent\n");
    rmSync(join(cwd, "b"), { recursive: true });
    writeFileSync(join(cwd, "d.txt"), "agent\n");
    writeFileSync(join(cwd, "e.bin"), Buffer.from([0, 2]));
    mkdirSync(join(cwd, "new/deep"), { recursive: true });
    writeFileSync(join(cwd, "new/deep/run.sh"), "x");
    chmodSync(join(cwd, "new/deep/run.sh"), 0o755);
    symlinkSync("a.txt", join(cwd, "link"));
    renameSync(join(cwd, "untracked.txt"), join(cwd, "ünïcode\n.txt"));
    expected = fingerprint(cwd, [".git"]);
  });
  expect(failure).toBeUndefined();
  const after = fingerprint(repository.path, [".git"]);
  // The permissions that git does not know of stay as they were.
  expect(after["d.txt"]).toMatch(/^file 600/);
  expect({ ...after, "d.txt": undefined }).toEqual({ ...expected, "d.txt": undefined });
  expect(fingerprint(join(repository.path, ".git"))).toEqual(
    Object.fromEntries(
      Object.entries(before)
        .filter(([path]) => path.startsWith(".git/"))
        .map(([path, value]) => [path.slice(5), value]),
    ),
  );
});

it("keeps the owner of a file", async ({ skip }) => {
  if (process.getuid?.() !== 0) return skip("Only root gives files away.");
  using repository = createRepository({ "a.txt": "1\n" });
  execFileSync("chown", ["12345:12346", join(repository.path, "a.txt")]);
  await merged(repository, (cwd) => writeFileSync(join(cwd, "a.txt"), "2\n"));
  const { uid, gid } = statSync(join(repository.path, "a.txt"));
  expect([uid, gid]).toEqual([12345, 12346]);
});

it("lets the caller go on with other files, and takes a change that both have made", async () => {
  using repository = createRepository({ "a.txt": "1\n", "b.txt": "1\n", "c.txt": "1\n" });
  const { failure } = await merged(
    repository,
    (cwd) => {
      writeFileSync(join(cwd, "a.txt"), "2\n");
      writeFileSync(join(cwd, "b.txt"), "2\n");
    },
    (cwd) => {
      writeFileSync(join(cwd, "b.txt"), "2\n");
      writeFileSync(join(cwd, "c.txt"), "3\n");
      repository.git("commit", "-qam", "meanwhile");
    },
  );
  expect(failure).toBeUndefined();
  expect(["a.txt", "b.txt", "c.txt"].map((path) => repository.read(path))).toEqual(["2\n", "2\n", "3\n"]);
});

it("lists each hunk and file that the caller has changed meanwhile, and changes nothing", async () => {
  using repository = createRepository({
    "a.txt": lines(),
    "moved.txt": lines(),
    "gone.txt": "1\n",
    "ok.txt": "1\n",
    "type.txt": "1\n",
  });
  const { failure, before } = await merged(
    repository,
    (cwd) => {
      writeFileSync(join(cwd, "a.txt"), lines("3 agent", "25 agent"));
      writeFileSync(join(cwd, "moved.txt"), lines("3 agent"));
      writeFileSync(join(cwd, "gone.txt"), "2\n");
      writeFileSync(join(cwd, "ok.txt"), "2\n");
      writeFileSync(join(cwd, "type.txt"), "2\n");
      writeFileSync(join(cwd, "new.txt"), "agent\n");
      mkdirSync(join(cwd, "folder"));
      writeFileSync(join(cwd, "folder/x"), "agent\n");
      writeFileSync(join(cwd, "way"), "agent\n");
    },
    (cwd) => {
      writeFileSync(join(cwd, "a.txt"), lines("25 caller"));
      writeFileSync(join(cwd, "moved.txt"), lines("25 caller"));
      rmSync(join(cwd, "gone.txt"));
      rmSync(join(cwd, "type.txt"));
      symlinkSync("ok.txt", join(cwd, "type.txt"));
      writeFileSync(join(cwd, "new.txt"), "caller\n");
      writeFileSync(join(cwd, "folder"), "caller\n");
      mkdirSync(join(cwd, "way"));
    },
  );
  expect(await conflictsOf(Promise.reject(failure))).toEqual([
    { path: "a.txt", hunk: "@@ -23,7 +23,7 @@", reason: "Its lines are not in the file any more." },
    { path: "gone.txt", reason: "The file was deleted meanwhile." },
    { path: "moved.txt", reason: "The file was changed meanwhile." },
    { path: "new.txt", reason: "There is another file already." },
    { path: "type.txt", hunk: "@@ -1 +1 @@", reason: "Its lines are not in the file any more." },
    { path: "folder/x", reason: "A file is where its folder should be." },
    { path: "way", reason: "A folder is in the way." },
  ]);
  expect(fingerprint(repository.path)).toEqual(before);
});

it("does not write through a link that the caller has put in the way", async () => {
  using repository = createRepository({ "a/b.txt": "1\n" });
  using outside = createRepository();
  outside.write("b.txt", "1\n");
  const { failure, before } = await merged(
    repository,
    (cwd) => writeFileSync(join(cwd, "a/b.txt"), "2\n"),
    (cwd) => {
      rmSync(join(cwd, "a"), { recursive: true });
      symlinkSync(outside.path, join(cwd, "a"));
    },
  );
  expect(await conflictsOf(Promise.reject(failure))).toHaveLength(1);
  expect(outside.read("b.txt")).toBe("1\n");
  expect(fingerprint(repository.path)).toEqual(before);
});

it("puts everything back when a file cannot be written half-way", async () => {
  using repository = createRepository({
    ".gitignore": "ignored\n",
    "a.txt": "1\n",
    "b/c.txt": "1\n",
    "d/e.txt": "1\n",
    "z/file.txt": "1\n",
  });
  const { failure, before } = await merged(
    repository,
    (cwd) => {
      writeFileSync(join(cwd, "a.txt"), "2\n");
      rmSync(join(cwd, "b"), { recursive: true });
      mkdirSync(join(cwd, "new"));
      writeFileSync(join(cwd, "new/x.txt"), "2\n");
      // It cannot become a file: the folder keeps a file that git ignores.
      rmSync(join(cwd, "z"), { recursive: true });
      writeFileSync(join(cwd, "z"), "file\n");
    },
    (cwd) => {
      writeFileSync(join(cwd, "z/ignored"), "x");
      chmodSync(join(cwd, "b"), 0o750);
    },
  );
  expect(await conflictsOf(Promise.reject(failure))).toEqual([
    { path: "z", reason: "Something is in the way." },
  ]);
  expect(fingerprint(repository.path)).toEqual(before);
});

it("puts everything back when the disk is full", async ({ skip }) => {
  if (process.getuid?.() !== 0) return skip("Only root mounts a small disk.");
  using repository = createRepository();
  const disk = join(repository.path, "disk");
  mkdirSync(disk);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], { stdio: "ignore" });
  } catch {
    return skip("A small disk cannot be mounted here.");
  }
  try {
    using state = createState();
    writeFileSync(join(disk, "a.txt"), "1\n");
    const workspace = await state.open(disk, { mode: "apply" });
    writeFileSync(join(workspace.cwd, "a.txt"), "2\n");
    writeFileSync(join(workspace.cwd, "large.txt"), Buffer.alloc(300_000));
    const before = fingerprint(disk);
    await expect(workspace.mergeBack()).rejects.toMatchObject({
      code: "ATLAS_HARNESS_WORKSPACE_FAILED",
      message: expect.stringContaining("the disk is full"),
    });
    expect(fingerprint(disk)).toEqual(before);
    await workspace.close();
    // And the other way round: the copy does not fit.
    using small = createState({ stateDir: join(disk, "state") });
    repository.write(
      "large.txt",
      Buffer.from(Array.from({ length: 600_000 }, (_, index) => (index * 7919) % 251)),
    );
    await expect(small.open(repository, { mode: "apply" })).rejects.toMatchObject({
      code: "ATLAS_HARNESS_WORKSPACE_FAILED",
      message: expect.stringContaining("Free some space"),
    });
    expect(Object.keys(fingerprint(join(disk, "state"))).filter((path) => path.includes("/"))).toEqual([]);
  } finally {
    execFileSync("umount", ["-l", disk]);
  }
});

it("leaves nothing of its own in the folder", async () => {
  using repository = createRepository({ "a.txt": "1\n" });
  await merged(repository, (cwd) => writeFileSync(join(cwd, "a.txt"), "2\n"));
  expect(repository.git("status", "--porcelain")).toBe(" M a.txt\n");
  expect(lstatSync(join(repository.path, "a.txt")).nlink).toBe(1);
});
