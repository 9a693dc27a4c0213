import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createFilesSource, type FilesSourceOptions } from "../../src/builtin/files/index.ts";
import { openContext } from "./support/open-context.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

async function reading(files: Readonly<Record<string, string>>, options: Partial<FilesSourceOptions> = {}) {
  const opened = await openContext();
  const folder = join(temporaryFolder(), "notes");
  mkdirSync(folder);
  const write = (path: string, text: string | Uint8Array): void => {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  for (const [path, text] of Object.entries(files)) write(path, text);
  const source = createFilesSource({
    folder,
    afterwards: () => [{ type: "job.create", job: { workflow_id: "digest.v1" } }],
    ...options,
  });
  const jobs = async () => (await opened.repo.listJobs()).items.length;
  const ids = async () => (await opened.repo.listEntities()).items.map(({ id }) => id);
  return { ...opened, folder, write, source, jobs, ids, read: () => opened.sync(source) };
}

describe("the files source", () => {
  it("knows each text by its path, with its first heading as title", async () => {
    const { read, repo, ids } = await reading({
      "sea.md": "Some words\n\n## The sea ##\n\n# Later\n",
      "deep/er/plain.txt": "No heading here.",
      "picture.png": "not a text",
      ".hidden.md": "# Hidden",
      ".git/notes.md": "# Hidden too",
    });
    await read();
    expect(await ids()).toEqual(["files:deep/er/plain.txt", "files:sea.md"]);
    expect(await repo.getEntity("files:sea.md")).toMatchObject({
      type: "file",
      source: "files",
      title: "The sea",
      data: { path: "sea.md", text: "Some words\n\n## The sea ##\n\n# Later\n", size_bytes: 35 },
    });
    expect(await repo.getEntity("files:deep/er/plain.txt")).toMatchObject({ title: "deep/er/plain.txt" });
  });

  it("tells a change by content and not by time", async () => {
    const { read, write, folder, jobs } = await reading({ "a.md": "one", "b.md": "two" });
    await read();
    utimesSync(join(folder, "a.md"), 0, 0);
    expect(await read()).toEqual([]);
    expect(await jobs()).toBe(1);
    write("b.md", "two and a half");
    expect(await read()).toEqual(["entity.upserted files:b.md", expect.stringMatching(/^job.created/)]);
  });

  it("leaves a tombstone where a file is gone, and takes it away when it is back", async () => {
    const { read, write, folder, repo, ids } = await reading({ "a.md": "# A", "b.md": "# B" });
    await read();
    renameSync(join(folder, "b.md"), join(folder, "c.md"));
    expect((await read()).slice(0, 2)).toEqual(["entity.upserted files:c.md", "entity.deleted files:b.md"]);
    expect(await ids()).toEqual(["files:a.md", "files:c.md"]);
    expect(await repo.getEntity("files:b.md")).toMatchObject({ title: "B", deleted_at: expect.any(String) });
    expect(await read()).toEqual([]);
    write("b.md", "# B");
    await read();
    expect(await ids()).toEqual(["files:a.md", "files:b.md", "files:c.md"]);
  });

  it("writes nothing more when it has to begin again", async () => {
    const { read, forget } = await reading({ "a.md": "# A" }, { afterwards: () => [] });
    await read();
    forget();
    expect(await read()).toEqual([]);
  });

  it("follows no link, be it to a file or to a folder", async () => {
    const outside = temporaryFolder();
    writeFileSync(join(outside, "secret.md"), "# Secret");
    const { read, folder, ids } = await reading({ "a.md": "# A" });
    symlinkSync(join(outside, "secret.md"), join(folder, "link.md"));
    symlinkSync(outside, join(folder, "folder"));
    symlinkSync(folder, join(folder, "loop"));
    await read();
    expect(await ids()).toEqual(["files:a.md"]);
  });

  it("can be given a link as its folder", async () => {
    const { sync, folder, ids } = await reading({ "a.md": "# A" });
    symlinkSync(folder, join(folder, "..", "link"));
    await sync(createFilesSource({ folder: join(folder, "..", "link") }));
    expect(await ids()).toEqual(["files:a.md"]);
  });

  it("is not held up by a pipe that has the name of a text", async () => {
    const { read, folder, ids } = await reading({ "a.md": "# A" });
    execFileSync("mkfifo", [join(folder, "pipe.md")]);
    await read();
    expect(await ids()).toEqual(["files:a.md"]);
  });

  it("knows a large file without its text", async () => {
    const { read, write, repo } = await reading({ "a.md": "x".repeat(11) }, { maxFileBytes: 10 });
    await read();
    const { data } = (await repo.getEntity("files:a.md")) ?? {};
    expect(data).toMatchObject({ size_bytes: 11 });
    expect(data).not.toHaveProperty("text");
    write("a.md", "small");
    await read();
    expect(await repo.getEntity("files:a.md")).toMatchObject({ data: { text: "small" } });
  });

  it("keeps what is no UTF-8, with marks in its place, and an empty file", async () => {
    const { read, write, repo } = await reading({ "empty.md": "" });
    write("bytes.md", Uint8Array.from([0xef, 0xbb, 0xbf, 0x23, 0x20, 0xff, 0x00, 0x41]));
    await read();
    expect(await repo.getEntity("files:bytes.md")).toMatchObject({
      title: "\ufffd A",
      data: { text: "# \ufffd\u0000A" },
    });
    expect(await repo.getEntity("files:empty.md")).toMatchObject({ title: "empty.md", data: { text: "" } });
  });

  it("gives a file with a very long path an id all the same", async () => {
    const path = `${"long/".repeat(40)}a.md`;
    const { read, ids, repo } = await reading({ [path]: "# A" });
    await read();
    const [id = ""] = await ids();
    expect(id).toMatch(/^files:sha256:[0-9a-f]{64}$/);
    expect(await repo.getEntity(id)).toMatchObject({ data: { path } });
    expect(await read()).toEqual([]);
  });

  it("takes nothing for deleted when the folder cannot be read", async () => {
    const { read, check, source, folder, ids } = await reading({ "a.md": "# A", "sub/b.md": "# B" });
    await read();
    renameSync(folder, `${folder}-elsewhere`);
    const failure = { code: "ATLAS_PLUGINS_FOLDER_UNREADABLE", retryable: true };
    await expect(read()).rejects.toMatchObject(failure);
    await expect(check(source)).rejects.toMatchObject(failure);
    expect(await ids()).toHaveLength(2);
    renameSync(`${folder}-elsewhere`, folder);
    await expect(check(source)).resolves.toBeUndefined();
  });

  it("reads a thousand files in several units", async () => {
    const files = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, index) => [`n${index}.md`, `# ${index}`]),
    );
    const { read, repo, folder } = await reading(files);
    await read();
    expect((await repo.listEntities({ limit: 1_000 })).items).toHaveLength(1_000);
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    await read();
    expect((await repo.listEntities()).items).toEqual([]);
  });

  it("ends when it is told to", async () => {
    const { source } = await reading({ "a.md": "# A" });
    const { sync, repo } = await openContext({ signal: AbortSignal.abort(new Error("stopping")) });
    await expect(sync(source)).rejects.toThrow("stopping");
    expect((await repo.listEntities()).items).toEqual([]);
  });

  it("checks its options at the door", () => {
    expect(() => createFilesSource({ folder: "" })).toThrow(
      'the option "folder" must be the path of a folder.',
    );
    expect(() => createFilesSource({ folder: "x", maxFileBytes: 0 })).toThrow(
      'the option "maxFileBytes" must be a whole number from 1 to 2097152.',
    );
    expect(() => createFilesSource({ folder: "x", extensions: ["md"] })).toThrow(
      "must be a list of extensions",
    );
  });
});
