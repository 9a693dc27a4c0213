import { access } from "node:fs/promises";
import { join } from "node:path";
import { HarnessError } from "../../contract/errors.ts";
import { allDone } from "../files/all-done.ts";
import type { Git, GitCall } from "./git.ts";

/** What is known of the repository of a folder. */
export interface Repository {
  /** The folder of its files. */
  readonly root: string;
  /** What belongs to this checkout: index and HEAD. */
  readonly gitDir: string;
  /** What all checkouts share: objects and configuration. */
  readonly commonDir: string;
  readonly objectFormat: "sha1" | "sha256";
  /** The commit that is checked out. Absent where there is none yet. */
  readonly head?: string;
  /** The settings that a copy or its baseline needs, by name in lower case. */
  readonly settings: ReadonlyMap<string, string>;
}

const SETTINGS =
  "^(core\\.(filemode|symlinks|ignorecase|precomposeunicode|autocrlf|excludesfile|attributesfile)|user\\.(name|email))$";

const PATHS = [["--show-toplevel"], ["--absolute-git-dir"], ["--path-format=absolute", "--git-common-dir"]];

const underWay: Readonly<Record<string, string>> = {
  MERGE_HEAD: "a merge",
  "rebase-merge": "a rebase",
  "rebase-apply": "a rebase",
  CHERRY_PICK_HEAD: "a cherry-pick",
  REVERT_HEAD: "a revert",
  BISECT_LOG: "a bisect",
};

/** Finds the repository of a real folder. `undefined` where there is none; rejects if it cannot be copied. */
export async function findRepository(
  git: Git,
  cwd: string,
  signal: AbortSignal | undefined,
): Promise<Repository | undefined> {
  const call = (args: readonly string[], exitCodes = [0]): GitCall => ({ args, cwd, signal, exitCodes });
  const [flags, head, settings] = await allDone([
    git(
      call(
        [
          "rev-parse",
          "--is-bare-repository",
          "--is-inside-git-dir",
          "--is-inside-work-tree",
          "--show-object-format",
          ...PATHS.flat(),
        ],
        [0, 128],
      ),
    ),
    git(call(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], [0, 1, 128])),
    git(call(["config", "--null", "--get-regexp", SETTINGS], [0, 1, 128])),
  ]);
  const [bare, insideGitDir, insideWorkTree, format, ...lines] = flags.stdout.toString().split("\n");
  if (insideGitDir === "true")
    throw unfit(cwd, "the folder lies inside the folder of git", "Name a folder with files");
  if (bare === "true") throw unfit(cwd, "it is bare and has no files", "Clone it, and name the clone");
  if (flags.exitCode !== 0) {
    if (flags.stderr.includes("not a git repository (or any")) return undefined;
    throw unfit(cwd, `git cannot read it: ${flags.stderr}`, "Repair the repository");
  }
  if (insideWorkTree !== "true") throw unfit(cwd, "its files lie elsewhere", "Name the folder of its files");

  // A path may hold a line break. Then each has to be asked for.
  const paths =
    lines.length === PATHS.length + 1
      ? lines
      : await Promise.all(PATHS.map(async (args) => line((await git(call(["rev-parse", ...args]))).stdout)));
  const [root = "", gitDir = "", commonDir = ""] = paths;
  const repository: Repository = {
    root,
    gitDir,
    commonDir,
    objectFormat: format === "sha256" ? "sha256" : "sha1",
    ...(head.exitCode === 0 ? { head: line(head.stdout) } : {}),
    settings: parseSettings(settings.stdout.toString()),
  };
  for (const [file, what] of Object.entries(underWay)) {
    if (await exists(join(repository.gitDir, file)))
      throw unfit(repository.root, `${what} is under way`, "Finish or abort it first");
  }
  return repository;
}

/** The error for a repository that cannot be copied. */
export function unfit(root: string, reason: string, advice: string): HarnessError {
  return new HarnessError(
    "ATLAS_HARNESS_REPOSITORY_UNFIT",
    { root, reason },
    `The repository of "${root}" cannot be given to an agent: ${reason}. ${advice}.`,
  );
}

function parseSettings(output: string): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  // The last one counts. One without a value means true.
  for (const entry of output.split("\0").filter((entry) => entry !== "")) {
    const end = entry.indexOf("\n");
    if (end === -1) settings.set(entry, "true");
    else settings.set(entry.slice(0, end), entry.slice(end + 1));
  }
  return settings;
}

function line(output: Buffer): string {
  return output.toString().replace(/\n$/, "");
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
