import fs, { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { currentOwner } from "../../src/owner.ts";
import { type FileState, readState } from "../../src/workspaces/files/file-state.ts";
import { writeFiles } from "../../src/workspaces/files/write-files.ts";
import { createFolder, fingerprint } from "./support/repository.ts";
import { createState } from "./support/state.ts";

const changing = [
  "link",
  "mkdir",
  "rename",
  "rm",
  "rmdir",
  "symlink",
  "unlink",
  "writeFile",
  "chmod",
] as const;
const real = { ...fs.promises };

/** From the given call on, nothing is changed any more, as if the process had been killed. */
function freezeAt(call: number): void {
  let calls = 0;
  for (const name of changing) {
    Object.assign(fs.promises, {
      [name]: async (...args: readonly never[]) => {
        calls += 1;
        if (calls >= call) throw Object.assign(new Error("Frozen."), { code: "EIO" });
        return await Reflect.apply(real[name], undefined, args);
      },
    });
  }
  syncBuiltinESMExports();
}

function thaw(): void {
  Object.assign(fs.promises, real);
  syncBuiltinESMExports();
}
afterEach(thaw);

const file = (content: string): FileState => ({ mode: "100644", content: Buffer.from(content) });
const changes: Readonly<Record<string, FileState | "absent">> = {
  "a.txt": file("2\n"),
  "b/c/d.txt": "absent",
  "e.txt": "absent",
  "e.txt/deep/x": file("2\n"),
  "f/g.txt": "absent",
  f: file("2\n"),
  "z.txt": { mode: "120000", content: Buffer.from("a.txt") },
};

it("undoes a change of files in whose middle the process was killed, wherever that was", async () => {
  const owner = { ...(await currentOwner()), startTime: "1" };
  const outcomes: string[] = [];
  for (let call = 1; outcomes.at(-1) !== "done"; call += 1) {
    using state = createState();
    using folder = createFolder();
    for (const path of ["a.txt", "b/c/d.txt", "e.txt", "f/g.txt", "z.txt"]) folder.write(path, "1\n");
    chmodSync(join(folder.path, "b"), 0o750);
    const before = fingerprint(folder.path);
    const run = join(state.stateDir, "workspaces/run");
    mkdirSync(run, { recursive: true });
    writeFileSync(`${run}.owner.json`, JSON.stringify({ owner }));
    const files = [];
    for (const [path, after] of Object.entries(changes)) {
      files.push({ path, before: await readState(folder.path, path), after });
    }

    freezeAt(call);
    const failure: unknown = await writeFiles(folder.path, files, join(run, "journal.json")).catch(
      (error: unknown) => error,
    );
    thaw();
    expect(await state.workspaces.removeLeftOvers()).toBe(1);

    outcomes.push(failure === undefined ? "done" : "undone");
    if (failure !== undefined) expect(fingerprint(folder.path)).toEqual(before);
    else
      expect(Object.keys(fingerprint(folder.path))).toEqual([
        "a.txt",
        "e.txt",
        "e.txt/deep",
        "e.txt/deep/x",
        "f",
        "z.txt",
      ]);
  }
  // Each of the steps was the last one once.
  expect(outcomes.length).toBeGreaterThan(20);
});

it("changes nothing if a file was changed after the plan was made", async () => {
  using folder = createFolder();
  for (const path of ["a.txt", "b.txt"]) folder.write(path, "1\n");
  const before = await readState(folder.path, "a.txt");
  folder.write("b.txt", "caller\n");
  const unchanged = fingerprint(folder.path);
  const files = ["a.txt", "b.txt"].map((path) => ({ path, before, after: file("2\n") }));
  await expect(writeFiles(folder.path, files)).rejects.toMatchObject({
    code: "ATLAS_HARNESS_CONFLICT",
    details: { conflicts: [{ path: "b.txt", reason: "The file has just been changed." }] },
  });
  expect(fingerprint(folder.path)).toEqual(unchanged);
});

it("leaves the files alone if what was there before cannot be found any more", async () => {
  using state = createState();
  using folder = createFolder();
  folder.write("a.txt", "1\n");
  const run = join(state.stateDir, "workspaces/run");
  mkdirSync(run, { recursive: true });
  const plan = {
    root: folder.path,
    staging: ".atlas-x",
    files: [{ path: "a.txt", isWritten: true }],
    folders: [],
  };
  writeFileSync(join(run, "journal.json"), JSON.stringify(plan));
  expect(await state.workspaces.removeLeftOvers()).toBe(1);
  expect(folder.read("a.txt")).toBe("1\n");
});
