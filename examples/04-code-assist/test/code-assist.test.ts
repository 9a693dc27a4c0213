import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";

const program = join(import.meta.dirname, "..", "code-assist.ts");

function projectWithGit() {
  const cwd = mkdtempSync(join(tmpdir(), "code-assist-"));
  onTestFinished(() => rmSync(cwd, { recursive: true }));
  const folder = join(cwd, "project");
  mkdirSync(folder);
  execFileSync("git", ["init", "--quiet", folder]);
  writeFileSync(join(folder, "a.txt"), "as it was\n");
  return { cwd, folder };
}

/** Runs the program with this input, and returns what it printed. */
async function run(cwd: string, input: string, args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [program, "--folder", "project", "--agent", "scripted", ...args], {
    cwd,
  });
  let printed = "";
  child.stdout.on("data", (data: Buffer) => {
    printed += data.toString();
  });
  child.stderr.pipe(process.stderr);
  child.stdin.end(input);
  const code = await new Promise((settle) => child.once("close", settle));
  expect(code).toBe(0);
  return printed;
}

it("asks again after a restart, and applies what was proposed once somebody has said yes", {
  timeout: 60_000,
}, async () => {
  const { cwd, folder } = projectWithGit();
  const first = await run(cwd, "", ["--goal", "Add a note"]);
  expect(first).toContain("scripted: I add a note.");
  expect(first).toContain("+A scripted agent was here.");
  expect(first).toContain("No answer.");
  expect(existsSync(join(folder, "NOTES.md"))).toBe(false);

  const second = await run(cwd, "yes\n", []);
  expect(second).not.toContain("I add a note.");
  expect(second).toContain('{"files":["NOTES.md"],"outcome":"applied"}');
  expect(readFileSync(join(folder, "NOTES.md"), "utf8")).toBe("A scripted agent was here.\n");
  expect(readFileSync(join(folder, "a.txt"), "utf8")).toBe("as it was\n");
});

it("leaves the files alone where the answer is no", { timeout: 60_000 }, async () => {
  const { cwd, folder } = projectWithGit();
  expect(await run(cwd, "no\n", ["--goal", "Add a note"])).toContain('"outcome":"declined"');
  expect(existsSync(join(folder, "NOTES.md"))).toBe(false);
});
