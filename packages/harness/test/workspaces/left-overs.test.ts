import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createFolder, createRepository } from "./support/repository.ts";
import { createState } from "./support/state.ts";

it("removes folders and locks of processes that are gone, and no others", async () => {
  using state = createState();
  using repository = createRepository({ "a.txt": "1\n" });
  using other = createRepository({ "a.txt": "1\n" });
  const gone = await state.open(repository, { runId: "gone", mode: "apply" });
  const alive = await state.open(other, { runId: "alive", mode: "apply" });
  const note = join(state.stateDir, "workspaces/gone.owner.json");
  const { owner }: { owner: object } = JSON.parse(readFileSync(note, "utf8"));
  const old = JSON.stringify({ owner: { ...owner, startTime: "1" } });
  writeFileSync(note, old);
  const locks = join(state.stateDir, "locks");
  const lock = createHash("sha256").update(repository.path).digest("hex").slice(0, 32);
  expect(readdirSync(locks)).toContain(`${lock}.json`);
  writeFileSync(join(locks, `${lock}.json`), old);
  mkdirSync(join(state.stateDir, "workspaces/without-note"));
  writeFileSync(join(state.stateDir, "workspaces/only-note.owner.json"), old);
  for (const folder of ["locks", "workspaces"]) {
    writeFileSync(join(state.stateDir, folder, ".old-draft"), old);
    writeFileSync(join(state.stateDir, folder, ".torn-draft"), "{");
    writeFileSync(join(state.stateDir, folder, ".new-draft"), "{");
    utimesSync(join(state.stateDir, folder, ".torn-draft"), 1, 1);
  }

  expect(await state.workspaces.removeLeftOvers()).toBe(2);
  expect(readdirSync(join(state.stateDir, "workspaces")).sort()).toEqual([
    ".new-draft",
    "alive",
    "alive.owner.json",
  ]);
  expect(readdirSync(locks)).toHaveLength(2);
  expect(await state.workspaces.removeLeftOvers()).toBe(0);
  await expect(state.open(other, { mode: "apply", whenBusy: "refuse" })).rejects.toMatchObject({
    code: "ATLAS_HARNESS_BUSY",
  });
  using next = createState({ stateDir: state.stateDir });
  await (await next.open(repository, { mode: "apply", whenBusy: "refuse" })).close();
  await gone.close();
  await alive.close();
});

it("removes a note that a process which is gone had begun to write", async () => {
  using state = createState();
  // No process has this number: it is above the largest that Linux gives.
  const names = [".4194305.torn", `.${process.pid}.new`];
  for (const folder of ["locks", "workspaces"]) {
    mkdirSync(join(state.stateDir, folder), { recursive: true });
    for (const name of names) writeFileSync(join(state.stateDir, folder, name), "");
  }
  expect(await state.workspaces.removeLeftOvers()).toBe(0);
  for (const folder of ["locks", "workspaces"]) {
    expect(readdirSync(join(state.stateDir, folder))).toEqual([`.${process.pid}.new`]);
  }
});

it("has nothing to do before the first task", async () => {
  using state = createState();
  expect(await state.workspaces.removeLeftOvers()).toBe(0);
});

it("removes a copy whose folders are too deep or are closed, and follows no link", async () => {
  using state = createState();
  using outside = createFolder();
  outside.write("kept.txt", "x");
  const workspace = await state.open(createTemporary());
  symlinkSync(outside.path, join(workspace.cwd, "link"));
  // Longer than a path may be.
  const digDeep =
    'const { mkdirSync } = require("node:fs"); for (let i = 0; i < 30; i++) { mkdirSync("d".repeat(200)); process.chdir("d".repeat(200)); }';
  execFileSync(process.execPath, ["-e", digDeep], { cwd: workspace.cwd });
  mkdirSync(join(workspace.cwd, "closed/inner"), { recursive: true });
  chmodSync(join(workspace.cwd, "closed"), 0o000);
  await workspace.close();
  expect(readdirSync(join(state.stateDir, "workspaces"))).toEqual([]);
  expect(existsSync(join(outside.path, "kept.txt"))).toBe(true);

  function createTemporary(): string {
    mkdirSync(join(outside.path, "empty"));
    return join(outside.path, "empty");
  }
});

it("does not give two tasks the same folder", async () => {
  using state = createState();
  using repository = createRepository({ "a.txt": "1\n" });
  const first = await state.open(repository, { runId: "same" });
  await expect(state.open(repository, { runId: "same" })).rejects.toMatchObject({
    code: "ATLAS_HARNESS_WORKSPACE_FAILED",
  });
  expect(existsSync(first.cwd)).toBe(true);
  await first.close();
});
