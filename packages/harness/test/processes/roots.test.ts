import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { createRoots } from "../../src/processes/roots.ts";

/** `ws` is the root; `ws-evil` and `outside` lie beside it. */
function createTree(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "roots-")));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const name of ["ws/project/deep", "ws-evil/secret", "outside/dir"])
    mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, "ws/file"), "");
  writeFileSync(join(folder, "outside/file"), "");
  symlinkSync(join(folder, "outside"), join(folder, "ws/out"));
  symlinkSync("project", join(folder, "ws/in"));
  symlinkSync(join(folder, "outside/missing"), join(folder, "ws/dangling"));
  symlinkSync("loop", join(folder, "ws/loop"));
  symlinkSync(join(folder, "ws"), join(folder, "linked-root"));
  return folder;
}

it.each([
  ["the root itself", "ws", "ws"],
  ["a folder below it", "ws/project/deep", "ws/project/deep"],
  ["a way back in", "ws/../ws/project", "ws/project"],
  ["a link that stays inside", "ws/in/deep", "ws/project/deep"],
  ["a link to the root", "linked-root/project", "ws/project"],
])("takes %s, and tells its real path", async (_, cwd, real) => {
  const folder = createTree();
  const expected = join(folder, real);
  const unresolved = `${folder}/${cwd}`;
  expect(await createRoots([join(folder, "ws")]).check(unresolved)).toBe(expected);
  expect(await createRoots(["/nowhere", join(folder, "linked-root")]).check(unresolved)).toBe(expected);
  expect(await createRoots(["/"]).check(unresolved)).toBe(expected);
  expect(await createRoots().check(unresolved)).toBe(expected);
});

it("resolves a relative path from the folder of the process", async () => {
  const folder = createTree();
  expect(await createRoots([folder]).check(relative(process.cwd(), join(folder, "ws")))).toBe(
    join(folder, "ws"),
  );
});

// Row 48.
const outside = "outside of the allowed roots";
it.each([
  ["the folder above", "ws/..", outside],
  ["a sibling", "outside", outside],
  ["a sibling whose name begins alike", "ws-evil", outside],
  ["the way to it", "ws/../ws-evil/secret", outside],
  ["a link that leads out", "ws/out", outside],
  ["what is below such a link", "ws/out/dir", outside],
  ["a file below such a link", "ws/out/file", outside],
  ["what does not exist below such a link", "ws/out/new/deeper", outside],
  ["what does not exist outside", "nowhere", outside],
  ["what does not exist inside", "ws/new/deeper", "it does not exist"],
  ["dots that are written as in an address", "ws/%2e%2e/outside", "it does not exist"],
  ["a link that leads nowhere", "ws/dangling", "it does not exist"],
  ["a file", "ws/file", "it is not a folder"],
  ["what is below a file", "ws/file/x", "it does not exist"],
  ["a link to itself", "ws/loop", "it cannot be read (ELOOP)"],
  ["a NUL", "ws/project\0/../..", "this is not a path"],
])("refuses %s", async (_, cwd, problem) => {
  const folder = createTree();
  const root = join(folder, "ws");
  const path = `${folder}/${cwd}`;
  const checked = createRoots([root]).check(path);
  await expect(checked).rejects.toMatchObject({
    code: "ATLAS_HARNESS_CWD_REFUSED",
    details: { cwd: path, roots: [root] },
  });
  await expect(checked).rejects.toThrow(problem);
});

it("refuses what does not exist or is not a folder also without roots", async () => {
  const folder = createTree();
  await expect(createRoots().check(join(folder, "new"))).rejects.toThrow("it does not exist");
  await expect(createRoots().check(join(folder, "ws/file"))).rejects.toThrow("it is not a folder");
  await expect(createRoots().check("")).rejects.toThrow("this is not a path");
});

it.each([
  [[], '"roots" is empty'],
  [["relative"], '"roots" holds "relative". A root must be an absolute path'],
  [["/a\0"], "A root must be an absolute path"],
])("throws a TypeError for the roots %j", (roots, message) => {
  expect(() => createRoots(roots)).toThrow(TypeError);
  expect(() => createRoots(roots)).toThrow(message);
});
