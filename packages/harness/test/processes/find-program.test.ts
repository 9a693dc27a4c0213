import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { findProgram } from "../../src/processes/find-program.ts";

/** A folder with two folders of programs: `a` has one that cannot be executed, `b` one that can. */
function createFolders(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "find-")));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const name of ["a", "b", "project", "b/folder"]) mkdirSync(join(folder, name));
  for (const name of ["a/agent", "b/agent", "project/agent", "a/plain"])
    writeFileSync(join(folder, name), "#!/bin/sh\n");
  for (const name of ["b/agent", "project/agent"]) chmodSync(join(folder, name), 0o755);
  return folder;
}

const find = (command: string, path: string | undefined, notBelow?: readonly string[]): Promise<string> =>
  findProgram(command, { harness: "my-agent", env: { PATH: path }, notBelow });

it("finds the first program of that name in PATH that can be executed", async () => {
  const folder = createFolders();
  const path = `/nowhere:${folder}/a:${folder}/b:${folder}/project`;
  expect(await find("agent", path)).toBe(join(folder, "b/agent"));
});

it("takes an absolute path as it is, also of a link", async () => {
  const folder = createFolders();
  symlinkSync("b/agent", join(folder, "link"));
  expect(await find(join(folder, "link"), undefined)).toBe(join(folder, "link"));
});

it("takes no program from a relative folder of PATH, nor from the empty one", async () => {
  const folder = createFolders();
  process.chdir(join(folder, "b"));
  onTestFinished(() => process.chdir(tmpdir()));
  for (const path of ["", ".", ":", "../b", undefined]) {
    await expect(find("agent", path)).rejects.toThrow("PATH names no absolute folder");
  }
});

it("takes no program from the folder that an agent works in, also not through a link", async () => {
  const folder = createFolders();
  const notBelow = [join(folder, "project")];
  symlinkSync("../project/agent", join(folder, "a/linked"));
  symlinkSync(join(folder, "b/agent"), join(folder, "project/leading-out"));
  expect(await find("agent", `${folder}/project:${folder}/b`, notBelow)).toBe(join(folder, "b/agent"));
  await expect(find("linked", `${folder}/a`, notBelow)).rejects.toThrow(
    "lies in the folder that the agent works in",
  );
  await expect(find(join(folder, "project/agent"), "", notBelow)).rejects.toThrow("lies in the folder");
  await expect(find("leading-out", `${folder}/project`, notBelow)).rejects.toThrow("lies in the folder");
  // A sibling whose name begins alike.
  expect(await find("agent", `${folder}/project`, [join(folder, "proj")])).toBe(
    join(folder, "project/agent"),
  );
});

it.each([
  ["missing", "/nowhere", '"missing" was not found: it is in no folder of PATH (/nowhere)'],
  ["plain", "FOLDER/a", '"FOLDER/a/plain" is not executable'],
  ["folder", "FOLDER/b", '"folder" was not found'],
  ["FOLDER/b/folder", "", '"FOLDER/b/folder" is not a file'],
  ["FOLDER/missing", "", '"FOLDER/missing" does not exist'],
  ["FOLDER/a/plain", "", '"FOLDER/a/plain" is not executable (chmod +x)'],
  ["./agent", "FOLDER/b", '"./agent" is a relative path'],
  ["b/agent", "FOLDER", '"b/agent" is a relative path'],
  ["..", "FOLDER/b", '".." was not found'],
  ["", "FOLDER/b", '"" cannot be the name of a program'],
  ["agent\0", "FOLDER/b", '"agent\\u0000" cannot be the name of a program'],
])("says why it cannot use %j with PATH %j, and what to do", async (command, path, message) => {
  const folder = createFolders();
  const here = (text: string): string => text.replaceAll("FOLDER", folder);
  const finding = find(here(command), here(path));
  await expect(finding).rejects.toMatchObject({
    code: "ATLAS_HARNESS_UNAVAILABLE",
    details: { harness: "my-agent", command: here(command) },
  });
  await expect(finding).rejects.toThrow(here(message));
  await expect(finding).rejects.toThrow('Install it, or set "command" to its absolute path.');
});
