import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { root } from "../../../test/support/checkout.ts";
import { atlas, commandEnvironment, startAtlas } from "./support/atlas.ts";
import { emptyFolder } from "./support/project.ts";

const FILES = [
  ".gitignore",
  "README.md",
  "atlas.config.ts",
  "notes",
  "package.json",
  "src",
  "test",
  "tsconfig.json",
];

/** A new project in which the packages of this repository are found. */
async function newProject(): Promise<string> {
  const folder = emptyFolder();
  await atlas(["init", "--yes"], { cwd: folder });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return folder;
}

it("writes a project into an empty folder, and names what it wrote", async () => {
  const folder = emptyFolder();
  const { code, stdout, stderr } = await atlas(["init", "--name=tea-house"], { cwd: folder });
  expect(readdirSync(folder).sort()).toEqual(FILES);
  expect(stdout).toContain("Created tea-house");
  expect(stdout).toContain("npm start");
  expect([code, stderr]).toEqual([0, ""]);
  expect(JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))).toMatchObject({
    name: "tea-house",
    type: "module",
    dependencies: { "@atlas/cli": expect.stringMatching(/^\^\d/), kysely: expect.any(String) },
  });
});

it("makes the folder, and a name of it that npm allows", async () => {
  const cwd = emptyFolder();
  const { stdout } = await atlas(["init", "a/Über Tea!", "--json"], { cwd });
  expect(JSON.parse(stdout)).toMatchObject({ folder: join(cwd, "a/Über Tea!"), name: "ber-tea" });
  expect(existsSync(join(cwd, "a/Über Tea!/atlas.config.ts"))).toBe(true);
});

it("writes nothing into a folder that holds something, and names it", async () => {
  const folder = emptyFolder();
  mkdirSync(join(folder, ".git"));
  writeFileSync(join(folder, "mine.txt"), "");
  const { code, stdout, stderr } = await atlas(["init"], { cwd: folder });
  expect(stderr).toContain("is not empty: it has mine.txt. Choose a new folder");
  expect([code, stdout, readdirSync(folder)]).toEqual([5, "", [".git", "mine.txt"]]);
});

it("takes a folder with nothing but a new repository", async () => {
  const folder = emptyFolder();
  mkdirSync(join(folder, ".git"));
  expect((await atlas(["init"], { cwd: folder })).code).toBe(0);
});

it("refuses a file in place of the folder, and a name that npm does not allow", async () => {
  const cwd = emptyFolder();
  writeFileSync(join(cwd, "file"), "");
  expect((await atlas(["init", "file"], { cwd })).stderr).toContain(
    "is not a folder that can be read (ENOTDIR)",
  );
  const { code, stderr } = await atlas(["init", "x", "--name=../x"], { cwd });
  expect(stderr).toContain('"../x" is not a name for a package.');
  expect([code, existsSync(join(cwd, "x"))]).toEqual([2, false]);
});

it("does the same as npm create atlas", async () => {
  const cwd = emptyFolder();
  const program = join(root, "packages/create-atlas/src/main.ts");
  const { code, stdout } = await atlas(["tea", "--json"], { cwd, program });
  expect(JSON.parse(stdout)).toMatchObject({ name: "tea" });
  expect([code, readdirSync(join(cwd, "tea")).sort()]).toEqual([0, FILES]);
});

it("writes a test that passes without a key or a network", async () => {
  const cwd = await newProject();
  const env = commandEnvironment();
  const { stdout } = await promisify(execFile)(process.execPath, ["--test"], { cwd, env });
  expect(stdout).toMatch(/pass 1\b[\s\S]*fail 0\b/);
});

it("writes a project that starts, runs a job from another terminal, shows it, and stops", async () => {
  const cwd = await newProject();
  const running = startAtlas(["start", "--port=0"], { cwd });
  await running.printed(
    /The gateway runs on .*atlas\.db[\s\S]*workflows +summarize\.v1[\s\S]*mock \(no real model/,
  );
  const sync = await atlas(["sync", "notes", "--json"], { cwd });
  expect(JSON.parse(sync.stdout)).toMatchObject({ sources: [{ id: "notes" }] });
  const created = await atlas(["jobs", "create", "summarize.v1", '--input={"style":"a haiku"}'], { cwd });
  const id = created.stdout.trim();
  expect((await atlas(["jobs", "watch", id], { cwd })).code).toBe(0);
  const shown = await atlas(["jobs", "show", id], { cwd });
  expect(shown.stdout).toMatch(
    /succeeded[\s\S]*result +\{"notes":1\}[\s\S]*Model calls[\s\S]*mock \(stand-in\)/,
  );
  running.child.kill("SIGTERM");
  const { code, stdout } = await running.ended;
  expect(stdout).toContain("Stopped.");
  expect([code, existsSync(join(cwd, "data/atlas.db.serve.json"))]).toEqual([0, false]);
  expect(readdirSync(join(cwd, "out"))).toHaveLength(1);
});
