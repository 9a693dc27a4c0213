import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LEDGER } from "./edits.ts";
import type { SoakFolder } from "./tasks.ts";

/** Makes the folders of the callers: repositories with uncommitted changes, a folder of one, and one without git. */
export function makeCallers(root: string, count: number): readonly SoakFolder[] {
  return callers.slice(0, count).map(({ name, place, applies, git }) => {
    const folder = join(root, name);
    mkdirSync(join(folder, place), { recursive: true });
    if (git) makeRepository(folder, place);
    else writeFiles(folder);
    return { root: folder, place, applies };
  });
}

const callers = [
  { name: "project", place: "", applies: true, git: true },
  { name: "plain", place: "", applies: true, git: false },
  { name: "read-only", place: "", applies: false, git: true },
  { name: "packages", place: "packages/a", applies: true, git: true },
  { name: "other", place: "", applies: true, git: true },
  { name: "looked at", place: "", applies: false, git: false },
] as const;

function makeRepository(folder: string, place: string): void {
  const inside = join(folder, place);
  const git = (...args: string[]): void =>
    void execFileSync("git", ["-c", "user.name=Ann", "-c", "user.email=ann@example.com", ...args], {
      cwd: folder,
      env: { PATH: process.env["PATH"], HOME: "/nonexistent", GIT_CONFIG_NOSYSTEM: "1" },
      stdio: "pipe",
    });
  git("init", "-q", "-b", "main", "--template=");
  writeFiles(inside);
  writeFileSync(join(folder, ".gitignore"), "ignored/\n");
  writeFileSync(join(folder, "gone.txt"), "deleted, but not in the index\n");
  git("add", "-A");
  git("commit", "-q", "-m", "first");
  writeFileSync(join(inside, "kept.txt"), "stashed\n");
  git("stash", "-q");
  // Changes that are staged, not staged, not tracked, and ignored.
  writeFileSync(join(inside, "staged.txt"), "staged\n");
  git("add", "-A");
  appendFileSync(join(inside, LEDGER), "not staged\n");
  writeFileSync(join(inside, "untracked.txt"), "untracked\n");
  rmSync(join(folder, "gone.txt"));
  mkdirSync(join(inside, "ignored"));
  writeFileSync(join(inside, "ignored/own.log"), "the caller's own\n");
}

function writeFiles(folder: string): void {
  mkdirSync(join(folder, "slots"));
  for (let slot = 0; slot < 6; slot += 1)
    writeFileSync(join(folder, `slots/first-${slot}`), `${slot}\n`.repeat(20));
  for (const name of [LEDGER, "kept.txt", "turn", "data.bin", "tool.sh"])
    writeFileSync(join(folder, name), `${name}\n`);
  symlinkSync("kept.txt", join(folder, "latest"));
}
