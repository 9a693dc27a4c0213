import { spawn } from "node:child_process";
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import type { Clock } from "@atlas/routing";
import { HarnessError } from "../../contract/errors.ts";

/** Runs git. Nothing of a repository is run by it: no hook, filter, monitor or external program. */
export type Git = (call: GitCall) => Promise<GitOutput>;

export interface GitCall {
  /** The command comes first. */
  readonly args: readonly string[];
  /** The folder in which git starts: the work tree, where there is a `gitDir`. */
  readonly cwd: string;
  /** Absent: git looks for the repository, and reads the configuration of the user and of the repository. */
  readonly gitDir?: string;
  readonly indexFile?: string;
  readonly input?: Uint8Array;
  readonly signal?: AbortSignal | undefined;
  /** Other exit codes are failures. Default: only 0. */
  readonly exitCodes?: readonly number[];
  /** Ends git after so many bytes of output. Default: no limit. */
  readonly maxBytes?: number;
}

interface GitOutput {
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly exitCode: number;
  /** `maxBytes` ended it. */
  readonly cut: boolean;
}

export interface GitOptions {
  /** Where `PATH` and `HOME` are looked up. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Time for one command, in milliseconds. */
  readonly timeoutMs: number;
}

const MAX_STDERR = 2_000;

// What a repository could have set to run a program.
const runNothing = ["core.fsmonitor=false", "core.hooksPath=/dev/null", "core.pager=cat"];

// What would make files look other than they are, and what git would do of its own accord.
const asTheyAre = [
  "core.untrackedCache=false",
  "core.splitIndex=false",
  "core.autocrlf=false",
  "core.safecrlf=false",
  "core.attributesFile=/dev/null",
  "core.quotePath=false",
  "submodule.recurse=false",
  "gc.auto=0",
  "protocol.allow=never",
];

/** Makes the function that runs git. It looks for the program once, in the absolute folders of `PATH`. */
export function createGit({ env, clock, timeoutMs }: GitOptions): Git {
  let found: Promise<string> | undefined;

  return async (call) => {
    call.signal?.throwIfAborted();
    found ??= findGit(env["PATH"] ?? "", call.cwd);
    let program: string;
    try {
      program = await found;
    } catch (error) {
      found = undefined; // It may be installed by the next time.
      throw error;
    }
    return await runGit(program, call, { env, clock, timeoutMs });
  };
}

async function findGit(path: string, root: string): Promise<string> {
  for (const folder of path.split(delimiter).filter((entry) => isAbsolute(entry))) {
    const file = join(folder, "git");
    try {
      await access(file, constants.X_OK);
      if ((await stat(file)).isFile()) return file;
    } catch {
      // It is not in this folder.
    }
  }
  throw new HarnessError(
    "ATLAS_HARNESS_GIT_FAILED",
    { command: "git", root },
    'No program "git" is in the PATH of this process. Agents work in copies that git makes: install git 2.31 or later.',
  );
}

function runGit(program: string, call: GitCall, { env, clock, timeoutMs }: GitOptions): Promise<GitOutput> {
  const { args, cwd, signal, exitCodes = [0], maxBytes = Number.POSITIVE_INFINITY } = call;
  return new Promise((resolve, reject) => {
    const settings = call.gitDir === undefined ? runNothing : [...runNothing, ...asTheyAre];
    const child = spawn(program, [...settings.flatMap((setting) => ["-c", setting]), ...args], {
      cwd,
      env: environment(call, env),
      stdio: ["pipe", "pipe", "pipe"],
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    let cut = false;
    let stderr = "";
    let timedOut = false;
    const kill = (): void => {
      child.kill("SIGKILL");
    };
    const stopTimer = clock.after(timeoutMs, () => {
      timedOut = true;
      kill();
    });
    signal?.addEventListener("abort", kill, { once: true });

    child.stdout.on("data", (chunk: Buffer) => {
      if (cut) return;
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes <= maxBytes) return;
      cut = true;
      kill();
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr = (stderr + text).slice(-MAX_STDERR);
    });
    // Git may end before it has read all of its input. Its exit code tells why.
    child.stdin.on("error", () => undefined).end(call.input);
    child.on("error", (error) => {
      release();
      reject(gitFailed(call, `could not be started: ${error.message}.`, undefined, error));
    });
    child.on("close", (exitCode) => {
      release();
      const output: GitOutput = {
        stdout: Buffer.concat(chunks),
        stderr: readable(stderr),
        exitCode: exitCode ?? -1,
        cut,
      };
      if (signal?.aborted) reject(signal.reason);
      else if (timedOut) reject(gitFailed(call, `took longer than ${timeoutMs} ms and was ended.`));
      else if (cut || (exitCode !== null && exitCodes.includes(exitCode))) resolve(output);
      else reject(failure(call, output));
    });

    function release(): void {
      stopTimer();
      signal?.removeEventListener("abort", kill);
    }
  });
}

/** An environment of its own: that of this process may name another repository, if a hook of git started it. */
function environment({ gitDir, indexFile, cwd }: GitCall, env: GitOptions["env"]): Record<string, string> {
  const own = {
    LC_ALL: "C",
    GIT_TERMINAL_PROMPT: "0",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_NO_LAZY_FETCH: "1",
    GIT_LITERAL_PATHSPECS: "1",
  };
  if (gitDir === undefined) return { ...own, ...picked(env, ["PATH", "HOME", "XDG_CONFIG_HOME"]) };
  return {
    ...own,
    ...picked(env, ["PATH"]),
    // No configuration but the one that stands in `gitDir`.
    HOME: gitDir,
    XDG_CONFIG_HOME: gitDir,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_DIR: gitDir,
    GIT_WORK_TREE: cwd,
    GIT_INDEX_FILE: indexFile ?? join(gitDir, "index"),
    GIT_AUTHOR_NAME: "Atlas",
    GIT_AUTHOR_EMAIL: "atlas@localhost",
    GIT_COMMITTER_NAME: "Atlas",
    GIT_COMMITTER_EMAIL: "atlas@localhost",
  };
}

function picked(env: GitOptions["env"], names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}

function failure(call: GitCall, { stderr, exitCode }: GitOutput): HarnessError {
  const path = call.gitDir ?? call.cwd;
  if (/No space left on device|Disk quota exceeded/.test(stderr)) {
    const message = `The disk is full: git could not write the copy of "${call.cwd}" below "${path}". Free some space, or choose another state folder.`;
    return new HarnessError("ATLAS_HARNESS_WORKSPACE_FAILED", { path }, message);
  }
  return gitFailed(call, `failed with exit code ${exitCode}: ${stderr || "it said nothing"}`, exitCode);
}

function gitFailed({ args, cwd }: GitCall, what: string, exitCode?: number, cause?: unknown): HarnessError {
  const command = `git ${args[0]}`;
  return new HarnessError(
    "ATLAS_HARNESS_GIT_FAILED",
    { command, root: cwd, ...(exitCode === undefined ? {} : { exitCode }) },
    `"${command}" in "${cwd}" ${what}`,
    cause === undefined ? {} : { cause },
  );
}

function readable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: names of files may bring them in, and messages end up in terminals.
  return text.replaceAll(/[\x00-\x1f\x7f]+/g, " ").trim();
}
