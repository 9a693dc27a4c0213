import { readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@atlas/routing";
import { describe, expect, it } from "vitest";
import { applyDiff, isHarnessError } from "../../src/index.ts";
import { createCheckoutLocks } from "../../src/workspaces/checkout-lock.ts";
import { createFolder, createRepository, fingerprint } from "./support/repository.ts";

const numbers = (from: number, to: number, changed: Readonly<Record<number, string>> = {}): string =>
  Array.from({ length: to - from + 1 }, (_, index) => `${changed[from + index] ?? from + index}\n`).join("");

const twoHunks = `diff --git a/a.txt b/a.txt
--- a/a.txt
+++ b/a.txt
@@ -2,7 +2,7 @@
 2
 3
 4
-5
+five
 6
 7
 8
@@ -22,7 +22,7 @@
 22
 23
 24
-25
+twenty-five
 26
 27
 28
`;

async function failureOf(promise: Promise<unknown>) {
  const error: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!isHarnessError(error)) throw new Error("It did not fail as expected.", { cause: error });
  return { code: error.code, details: error.details };
}

describe("a difference is applied", () => {
  it("from any folder of the repository, without a word to git", async () => {
    using repository = createRepository({ "a.txt": numbers(1, 30), "b/c.txt": "" });
    const before = fingerprint(join(repository.path, ".git"));
    expect(await applyDiff(twoHunks, join(repository.path, "b"))).toEqual({
      root: repository.path,
      files: [{ path: "a.txt", change: "modified" }],
    });
    expect(repository.read("a.txt")).toBe(numbers(1, 30, { 5: "five", 25: "twenty-five" }));
    expect(fingerprint(join(repository.path, ".git"))).toEqual(before);
  });

  it("where lines have moved, each hunk as far as the one before it", async () => {
    using folder = createFolder();
    folder.write("a.txt", `new\n${numbers(1, 15)}more\nmore\n${numbers(16, 30)}`);
    await applyDiff(twoHunks, folder.path);
    expect(folder.read("a.txt")).toBe(
      `new\n${numbers(1, 15, { 5: "five" })}more\nmore\n${numbers(16, 30, { 25: "twenty-five" })}`,
    );
  });

  it("only on trial, if that is asked for", async () => {
    using folder = createFolder();
    folder.write("a.txt", numbers(1, 30));
    const { files } = await applyDiff(twoHunks, folder.path, { dryRun: true });
    expect(files).toHaveLength(1);
    expect(folder.read("a.txt")).toBe(numbers(1, 30));
  });

  it("once, however often it is asked for", async () => {
    using folder = createFolder();
    const diff = `diff --git a/a b/a
index 5626abf0f72e58d7a153368ba57db4c673c0e171..f719efd430d52bcfc8566a43b2eb655688d38871 100644
--- a/a
+++ b/a
@@ -1 +1 @@
-one
+two
diff --git a/gone b/gone
deleted file mode 100644
index 5626abf0f72e58d7a153368ba57db4c673c0e171..0000000000000000000000000000000000000000
--- a/gone
+++ /dev/null
@@ -1 +0,0 @@
-one
diff --git a/old b/moved
similarity index 50%
rename from old
rename to moved
index 5626abf0f72e58d7a153368ba57db4c673c0e171..f719efd430d52bcfc8566a43b2eb655688d38871 100644
--- a/old
+++ b/moved
@@ -1 +1 @@
-one
+two
diff --git a/new b/new
new file mode 100755
index 0000000000000000000000000000000000000000..f719efd430d52bcfc8566a43b2eb655688d38871
--- /dev/null
+++ b/new
@@ -0,0 +1 @@
+two
`;
    for (const name of ["a", "gone", "old"]) folder.write(name, "one\n");
    expect((await applyDiff(diff, folder.path)).files).toEqual([
      { path: "a", change: "modified" },
      { path: "gone", change: "deleted" },
      { path: "moved", change: "renamed", from: "old" },
      { path: "new", change: "added" },
    ]);
    const after = fingerprint(folder.path);
    expect((await applyDiff(diff, folder.path)).files).toEqual([]);
    expect(fingerprint(folder.path)).toEqual(after);
    expect(after["new"]).toMatch(/^file 755/);
  });

  it("when no task changes the same checkout", async () => {
    using folder = createFolder();
    using state = createFolder();
    folder.write("a.txt", numbers(1, 30));
    const lock = await createCheckoutLocks({ stateDir: state.path, clock: systemClock }).take(folder.path, {
      whenBusy: "wait",
      signal: undefined,
    });
    const options = { stateDir: state.path, whenBusy: "refuse" } as const;
    expect((await failureOf(applyDiff(twoHunks, folder.path, options))).code).toBe("ATLAS_HARNESS_BUSY");
    await lock.release();
    await applyDiff(twoHunks, folder.path, options);
    expect(readdirSync(join(state.path, "locks"))).toEqual([]);
  });

  it("if it is empty: then nothing happens", async () => {
    using folder = createFolder();
    expect((await applyDiff("", folder.path)).files).toEqual([]);
  });
});

describe("a difference that does not fit changes nothing", () => {
  it.each<readonly [string, Readonly<Record<string, string>>, string, object]>([
    [
      "a hunk whose lines are gone",
      { "a.txt": numbers(1, 30, { 24: "x" }) },
      twoHunks,
      { path: "a.txt", hunk: "@@ -22,7 +22,7 @@", reason: "Its lines are not in the file any more." },
    ],
    [
      "a hunk whose lines are twice at another place",
      { "a.txt": `x\n${numbers(1, 30)}${numbers(1, 30)}` },
      twoHunks.slice(0, twoHunks.indexOf("@@ -22")),
      { path: "a.txt", hunk: "@@ -2,7 +2,7 @@", reason: "Its lines are at several places of the file." },
    ],
    ["a file that is gone", {}, twoHunks, { path: "a.txt", reason: "The file does not exist any more." }],
    ["a folder instead of a file", { "a.txt/x": "" }, twoHunks, { path: "a.txt", reason: "It is a folder." }],
    [
      "a new file that exists",
      { n: "x\n" },
      "diff --git a/n b/n\nnew file mode 100644\n--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+y\n",
      { path: "n", reason: "There is another file already." },
    ],
    [
      "a renamed file whose new place is taken",
      { o: "x\n", n: "y\n" },
      "diff --git a/o b/n\nsimilarity index 100%\nrename from o\nrename to n\n",
      { path: "n", reason: "There is another file already." },
    ],
    [
      "a deleted file that has more lines now",
      { d: "x\ny\n" },
      "diff --git a/d b/d\ndeleted file mode 100644\n--- a/d\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n",
      { path: "d", hunk: "@@ -1 +0,0 @@", reason: "Its lines are not in the file any more." },
    ],
    [
      "an empty file that is deleted and is not empty any more",
      { d: "x\n" },
      "diff --git a/d b/d\ndeleted file mode 100644\n",
      { path: "d", reason: "The file has changed." },
    ],
    [
      "a binary file that has changed",
      { b: "\0x" },
      "diff --git a/b b/b\nindex f76dd238ade08917e6712764a16a22005a50573d..9e8ef4f4aacd49a8c4ef0b0ef5b14e41b7ba47a4 100644\nGIT binary patch\nliteral 1\nIcmZPo000310RR91\n\n",
      { path: "b", reason: "The binary file has changed." },
    ],
    [
      "a file where a folder should be",
      { a: "" },
      "diff --git a/a/b b/a/b\nnew file mode 100644\n",
      { path: "a/b", reason: "A file is where its folder should be." },
    ],
  ])("%s", async (_, files, diff, conflict) => {
    using folder = createFolder();
    for (const [path, content] of Object.entries(files)) folder.write(path, content);
    folder.write("other", "1\n");
    const whole = `diff --git a/other b/other\n--- a/other\n+++ b/other\n@@ -1 +1 @@\n-1\n+2\n${diff}`;
    const before = fingerprint(folder.path);
    expect(await failureOf(applyDiff(whole, folder.path))).toEqual({
      code: "ATLAS_HARNESS_CONFLICT",
      details: { root: folder.path, conflicts: [conflict] },
    });
    expect(fingerprint(folder.path)).toEqual(before);
  });

  it("a path through a link", async () => {
    using folder = createFolder();
    using outside = createFolder();
    outside.write("a", "1\n");
    symlinkSync(outside.path, join(folder.path, "link"));
    symlinkSync(join(outside.path, "a"), join(folder.path, "file"));
    for (const path of ["link/a", "link/new", "file"]) {
      const isNew = path === "link/new";
      const diff = `diff --git a/${path} b/${path}\n${isNew ? "new file mode 100644\n" : ""}--- ${isNew ? "/dev/null" : `a/${path}`}\n+++ b/${path}\n@@ -${isNew ? "0,0" : "1"} +1 @@\n${isNew ? "" : "-1\n"}+2\n`;
      expect((await failureOf(applyDiff(diff, folder.path))).code).toBe("ATLAS_HARNESS_CONFLICT");
    }
    expect(fingerprint(outside.path)).toEqual({ a: expect.stringMatching(/^file/) });
    expect(outside.read("a")).toBe("1\n");
  });
});

describe("what is no difference is refused", () => {
  const added = (path: string): string => `diff --git a/${path} b/${path}\nnew file mode 100644\n`;
  const quoted = (path: string): string => `diff --git "a/${path}" "b/${path}"\nnew file mode 100644\n`;

  it.each([
    ["a path to the parent", added("../x")],
    ["a path through the parent", added("a/../../x")],
    ["a path with a dot", added("./x")],
    ["an absolute path", added("/etc/x")],
    ["an empty path", added("")],
    ["a folder", added("a/")],
    ["a quoted path to the parent", quoted("\\056\\056/x")],
    ["a NUL", quoted("a\\000b")],
    ["the folder of git", added(".git/hooks/post-checkout")],
    ["the folder of a submodule's git", added("sub/.git/config")],
    ["the folder of git in other letters", added(".GIT/config")],
    ["the folder of git as Windows writes it", added("git~1/config")],
    ["the folder of git with a character that macOS ignores", added(".g\u200cit/config")],
    ["a file of git's own", added(".git")],
    ["a renaming out of the folder", "diff --git a/a b/b\nrename from ../a\nrename to b\n"],
    ["a renaming into git", "diff --git a/a b/b\nrename from a\nrename to .git/config\n"],
    ["two names that differ", "diff --git a/a b/b\nnew file mode 100644\n"],
    ["another name in the second line", "diff --git a/a b/a\n--- a/a\n+++ b/../b\n@@ -1 +1 @@\n-1\n+2\n"],
    [
      "a link and a file below it",
      `diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc\n\\ No newline at end of file\n${added("l/passwd")}`,
    ],
    ["the same file twice", added("a") + added("a")],
    ["a submodule", "diff --git a/s b/s\nnew file mode 160000\n"],
    ["a device", "diff --git a/s b/s\nnew file mode 060000\n"],
    ["words", "Here is the change:\n"],
    ["a difference that git did not make", "--- a/a\n+++ b/a\n@@ -1 +1 @@\n-1\n+2\n"],
    ["words after a part", `${added("a")}That is all.\n`],
    ["a hunk that is too short", "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n-1\n+2\n"],
    ["a hunk with other lines", "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n?1\n"],
    ["a hunk that changes nothing", "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n 1\n"],
    ["a binary file without its content", "diff --git a/a b/a\nBinary files a/a and b/a differ\n"],
    ["a binary patch with a wrong letter", `${added("a")}GIT binary patch\nliteral 1\nIcmZP"000310RR91\n\n`],
    [
      "a binary patch that unpacks to more than it says",
      `${added("a")}GIT binary patch\nliteral 1\nLcmZQzWMTmT01p5N\n\n`,
    ],
    ["a huge binary patch", `${added("a")}GIT binary patch\nliteral 99999999999\nLcmZQzWMTmT01p5N\n\n`],
    [
      "a content that is not the one it names",
      "diff --git a/n b/n\nnew file mode 100644\nindex 0000000000000000000000000000000000000000..f719efd430d52bcfc8566a43b2eb655688d38871\n--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+other\n",
    ],
    [
      "a changed content that is not the one it names",
      "diff --git a/a b/a\nindex d00491fd7e5bb6fa28c517a0bb32b8b506539d4d..f719efd430d52bcfc8566a43b2eb655688d38871 100644\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-1\n+2\n",
    ],
    ["half of a character pair", added("a\ud800")],
  ])("%s", async (_, diff) => {
    using folder = createFolder();
    writeFileSync(join(folder.path, "a"), "1\n");
    const before = fingerprint(folder.path);
    expect((await failureOf(applyDiff(diff, folder.path))).code).toBe("ATLAS_HARNESS_DIFF_INVALID");
    expect(fingerprint(folder.path)).toEqual(before);
  });

  it("what is no text, and unknown options", async () => {
    // @ts-expect-error A text is required.
    await expect(applyDiff(undefined, ".")).rejects.toThrow(TypeError);
    // @ts-expect-error There is no such option.
    await expect(applyDiff("", ".", { dryrun: true })).rejects.toThrow("dryRun");
    expect((await failureOf(applyDiff("", "missing"))).code).toBe("ATLAS_HARNESS_CWD_REFUSED");
  });
});
