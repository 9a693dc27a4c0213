// Runs once around every vitest run, however it is started: fails the run when the tests left files in the checkout.
import { execFileSync } from "node:child_process";
import { root } from "./checkout.ts";

/** Remembers what is untracked before the tests; the returned function compares. */
export function setup(): () => void {
  const before = untrackedFiles(root);
  return () => {
    const strays = straysSince(before, untrackedFiles(root));
    if (strays.length > 0) {
      throw new Error(
        `The tests left files in the checkout: ${strays.map((file) => `"${file}"`).join(", ")}. ` +
          "A test writes to its temporary folder, which is its working directory.",
      );
    }
  };
}

/** Files of a checkout that git neither tracks nor ignores. Outside a checkout there are none. */
export function untrackedFiles(folder: string): readonly string[] {
  try {
    const args = ["ls-files", "--others", "--exclude-standard", "-z"];
    return execFileSync("git", args, { cwd: folder, encoding: "utf8", stdio: "pipe" })
      .split("\0")
      .filter(Boolean);
  } catch {
    return [];
  }
}

/** New files that a program left. Sources and documents are not counted: someone may be writing them during the run. */
export function straysSince(before: readonly string[], now: readonly string[]): readonly string[] {
  return now.filter((file) => !before.includes(file) && !/\.(ts|tsx|md)$/.test(file));
}
