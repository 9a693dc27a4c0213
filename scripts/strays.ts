import { execFileSync } from "node:child_process";
import { root } from "./run-steps.ts";

/** The files of the checkout that git neither tracks nor ignores; nothing outside a checkout. */
export function untrackedFiles(): ReadonlySet<string> {
  try {
    const args = ["ls-files", "--others", "--exclude-standard", "-z"];
    return new Set(
      execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: "pipe" }).split("\0").filter(Boolean),
    );
  } catch {
    return new Set();
  }
}

/**
 * What has appeared in the checkout since `before` and looks as if a program had left it. Sources and documents do not:
 * somebody may be writing them while the tests run.
 */
export function straysSince(before: ReadonlySet<string>): readonly string[] {
  return [...untrackedFiles()].filter((file) => !before.has(file) && !/\.(ts|tsx|md)$/.test(file));
}
