import { execFileSync } from "node:child_process";
import { mkdirSync, realpathSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { createFakeClock } from "@atlas/testing/clock";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createWorkspaceFiles, readBeginning } from "../../src/parsers/workspace-files.ts";

const limits = { files: 100, bytesPerFile: 1_048_576, entries: 1_000, timeMs: 5_000 };

describe("the files of a workspace", () => {
  const folders = ["work", "outside"];
  afterEach(() => {
    for (const folder of folders) rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    for (const folder of folders) {
      mkdirSync(folder);
      writeFileSync(`${folder}/secret.txt`, folder);
    }
  });

  it("are found by a pattern, sorted, with their paths from the folder", async () => {
    mkdirSync("work/b/c", { recursive: true });
    writeFileSync("work/b/c/d.txt", "d");
    writeFileSync("work/b/e.md", "e");
    const found = await createWorkspaceFiles("work").match("**/*.txt");
    expect(found).toEqual({
      files: [
        { path: "b/c/d.txt", content: "d", truncated: false },
        { path: "secret.txt", content: "work", truncated: false },
      ],
      truncated: false,
    });
  });

  it.each(["../*", "/etc/*", "a/../../*", "..", "C:\\x", "\\x", "a\0b"])(
    "refuses the pattern %j, which leads out of the folder",
    async (pattern) => {
      await expect(createWorkspaceFiles("work").match(pattern)).rejects.toThrow(TypeError);
    },
  );

  it("follows no link, neither to a file nor to a folder", async () => {
    symlinkSync("../outside", "work/folder");
    symlinkSync("../outside/secret.txt", "work/link.txt");
    symlinkSync("/etc/passwd", "work/passwd.txt");
    const paths = async (pattern: string) =>
      (await createWorkspaceFiles("work").match(pattern)).files.map(({ path }) => path);
    expect(await paths("**")).toEqual(["secret.txt"]);
    expect(await paths("folder/*")).toEqual([]);
    expect(await paths("folder/secret.txt")).toEqual([]);
  });

  it("reads a folder that is itself reached by a link", async () => {
    symlinkSync("work", "linked");
    expect((await createWorkspaceFiles("linked").match("*")).files).toHaveLength(1);
    rmSync("linked");
  });

  it("opens neither pipes nor devices, and skips what git keeps", async () => {
    execFileSync("mkfifo", ["work/pipe.txt"]);
    mkdirSync("work/.git");
    writeFileSync("work/.git/config.txt", "x");
    const { files } = await createWorkspaceFiles("work").match("**/*.txt");
    expect(files.map(({ path }) => path)).toEqual(["secret.txt"]);
  });

  it("are not read where a part of their path has become a link or a pipe since they were found", async () => {
    const root = realpathSync("work");
    symlinkSync("../outside", "work/folder");
    execFileSync("mkfifo", ["work/pipe.txt"]);
    expect(await readBeginning(root, "folder/secret.txt", 10)).toBeUndefined();
    expect(await readBeginning(root, "pipe.txt", 10)).toBeUndefined();
    expect(await readBeginning(root, "gone.txt", 10)).toBeUndefined();
    expect(await readBeginning(root, "secret.txt", 3)).toEqual({ content: "wor", truncated: true });
  });

  it("reads the beginning of a huge file only", async () => {
    writeFileSync("work/huge.txt", "");
    truncateSync("work/huge.txt", 10 * 1_024 ** 3);
    const { files } = await createWorkspaceFiles("work").match("huge.txt");
    expect([files[0]?.content.length, files[0]?.truncated]).toEqual([1_048_576, true]);
  });

  it("stops at a number of files, at a number of entries and when the time is over, and says so", async () => {
    for (let index = 0; index < 12; index += 1) writeFileSync(`work/${index}.md`, "x");
    const match = (own: Partial<typeof limits>, clock = createFakeClock()) =>
      createWorkspaceFiles("work", { clock, limits: { ...limits, ...own } }).match("*.md");
    expect(await match({ files: 12 })).toMatchObject({ truncated: false });
    const few = await match({ files: 11 });
    expect([few.files.length, few.truncated]).toEqual([11, true]);
    expect(await match({ entries: 12 })).toMatchObject({ truncated: true });
    expect(await match({ timeMs: 0 })).toEqual({ files: [], truncated: true });
  });

  it("returns text that is not UTF-8 with replacements", async () => {
    writeFileSync("work/odd.bin", Buffer.from([0x61, 0xff, 0x62]));
    const { files } = await createWorkspaceFiles("work").match("odd.bin");
    expect(files[0]?.content).toBe("a\uFFFDb");
  });
});
