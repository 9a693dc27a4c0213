// A coding agent that edits files in its folder as its goal says, and behaves as badly as real ones.
import { spawn } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { createRandom } from "../../../../test/support/random.ts";
import { type EditedFiles, edit } from "./edits.ts";
import type { Goal } from "./tasks.ts";

const goal = JSON.parse(process.argv[2] ?? "") as Goal;
const { behaviour, child } = goal;
const FLOOD_BYTES = 3_000_000;

if (behaviour === "ends-well-on-signal") process.on("SIGINT", () => process.exit(0));
if (behaviour === "ignores-signals") for (const name of ["SIGINT", "SIGTERM"]) process.on(name, () => {});
if (child !== undefined) {
  const stdout = child === "holds-output" ? "inherit" : "ignore";
  // `detached` gives it a session of its own.
  spawn("sleep", ["600"], { detached: true, stdio: ["ignore", stdout, "ignore"] }).unref();
}

const files: EditedFiles = {
  list: (folder) =>
    readdirSync(folder)
      .map((name) => `${folder}/${name}`)
      .sort(),
  read: (path) => (isFile(path) ? readFileSync(path, "latin1") : undefined),
  write(path, content, options) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content, "latin1");
    if (options !== undefined) chmodSync(path, options.executable ? 0o755 : 0o644);
  },
  link: (path, target) => symlinkSync(target, path),
  move: renameSync,
  remove: (path) => rmSync(path, { recursive: true, force: true }),
};
const random = createRandom(goal.seed).fork("pauses");
for (const _ of edit(files, goal)) {
  writeSync(1, `A step of run ${goal.run}.\n`);
  // Half of the work is done.
  if (behaviour !== "works" && behaviour !== "floods" && random.chance(30)) break;
  if (goal.pauseMs > 0) await pause(random.below(goal.pauseMs));
}
if (behaviour === "fails") process.exit(1);
if (behaviour === "floods") process.stdout.write("x".repeat(FLOOD_BYTES));
if (behaviour !== "works" && behaviour !== "floods") setInterval(() => undefined, 60_000);

function isFile(path: string): boolean {
  return lstatSync(join(process.cwd(), path), { throwIfNoEntry: false })?.isFile() === true;
}
