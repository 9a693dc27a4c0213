import { execFile, spawn } from "node:child_process";
import { statSync } from "node:fs";
import { promisify } from "node:util";
import { PluginError } from "../../contract/errors.ts";

/** One commit, as `git log` prints it. */
export interface Commit {
  readonly sha: string;
  readonly author: string;
  readonly email: string;
  readonly committed_at: string;
  readonly subject: string;
}

/** The history that leads to one ref of a git repository, read through the `git` command. */
export interface GitRepository {
  readonly path: string;
  /** True when the repository is a shallow clone. */
  readonly isShallow: boolean;
  /** The commit that the ref names now. */
  head(): Promise<string>;
  has(sha: string): Promise<boolean>;
  count(range: string): Promise<number>;
  /** The commits of a range, oldest first. */
  commits(range: string): AsyncIterable<Commit>;
}

const execute = promisify(execFile);

// Keeps a user's own configuration from adding output or running programs.
const OWN_SETTINGS = ["-c", "log.showSignature=false", "-c", "core.fsmonitor=false"];
const LAST_SECOND = 253_402_300_799;

/**
 * Opens the repository at `path`. `ref` (default `HEAD`) is a branch, a tag or another name of a commit. Throws
 * `ATLAS_PLUGINS_GIT_FAILED` when it cannot be read, and says why. Nothing stays open, so there is nothing to close.
 */
export async function openGitRepository(options: {
  readonly path: string;
  readonly ref?: string;
  readonly signal?: AbortSignal;
}): Promise<GitRepository> {
  const { path, ref = "HEAD", signal } = options;
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw gitFailed(path, `The folder "${path}" does not exist. Give the path of a git repository.`);
  }
  const process = { env: gitEnvironment(), ...(signal === undefined ? {} : { signal }) };
  const argumentsFor = (args: readonly string[]) => [...OWN_SETTINGS, "-C", path, ...args];

  const isShallow = await git("rev-parse", "--is-shallow-repository");
  if (!(await has(ref))) {
    throw gitFailed(
      path,
      ref === "HEAD"
        ? `The repository "${path}" has no commits yet.`
        : `The repository "${path}" has no commit named "${ref}".`,
    );
  }
  return {
    path,
    isShallow: isShallow === "true",
    head: () => git("rev-parse", "--verify", `${ref}^{commit}`),
    has,
    count: async (range) => Number(await git("rev-list", "--count", range, "--")),
    commits,
  };

  async function git(...args: readonly string[]): Promise<string> {
    try {
      return (await execute("git", argumentsFor(args), process)).stdout.trim();
    } catch (error) {
      signal?.throwIfAborted();
      throw gitFailed(path, reasonOf(path, error), error);
    }
  }

  async function has(name: string): Promise<boolean> {
    try {
      await execute("git", argumentsFor(["rev-parse", "--quiet", "--verify", `${name}^{commit}`]), process);
      return true;
    } catch {
      signal?.throwIfAborted();
      return false;
    }
  }

  async function* commits(range: string): AsyncIterable<Commit> {
    const format = "--format=%H%x00%an%x00%ae%x00%ct%x00%s";
    const args = argumentsFor(["log", "-z", "--reverse", "--encoding=UTF-8", format, range, "--"]);
    const log = spawn("git", args, { ...process, stdio: ["ignore", "pipe", "pipe"] });
    let complaint = "";
    log.stderr.setEncoding("utf8").on("data", (text: string) => {
      complaint = (complaint + text).slice(0, 1_000);
    });
    let startFailure: Error | undefined;
    log.on("error", (error) => {
      startFailure = error;
    });
    const closed = new Promise<number | null>((resolve) => log.once("close", resolve));
    try {
      let fields: string[] = [];
      for await (const field of splitAtNul(log.stdout.setEncoding("utf8"))) {
        fields.push(field);
        if (fields.length < 5) continue;
        const [sha = "", author = "", email = "", seconds = "", subject = ""] = fields;
        yield { sha, author, email, committed_at: timeOf(seconds), subject };
        fields = [];
      }
      const code = await closed;
      signal?.throwIfAborted();
      if (code !== 0) {
        const why = startFailure?.message ?? complaint.trim();
        throw gitFailed(path, `git log of "${path}" ended with code ${code}: ${why}`);
      }
    } finally {
      log.kill();
      await closed;
    }
  }
}

/** Without the variables that point git at another repository. A git hook sets them for every program it runs. */
function gitEnvironment(): NodeJS.ProcessEnv {
  const {
    GIT_DIR,
    GIT_WORK_TREE,
    GIT_INDEX_FILE,
    GIT_OBJECT_DIRECTORY,
    GIT_COMMON_DIR,
    GIT_NAMESPACE,
    ...rest
  } = globalThis.process.env;
  return { ...rest, LC_ALL: "C", GIT_TERMINAL_PROMPT: "0", GIT_OPTIONAL_LOCKS: "0" };
}

// A commit can claim any time. One that is not a date would be refused and block the source for ever.
function timeOf(seconds: string): string {
  const known = Number(seconds);
  const within = Number.isFinite(known) ? Math.min(Math.max(known, 0), LAST_SECOND) : 0;
  return new Date(within * 1_000).toISOString();
}

function reasonOf(path: string, error: unknown): string {
  const { code, stderr = "" } = error as { readonly code?: unknown; readonly stderr?: string };
  if (code === "ENOENT") return "The command git was not found; install git first.";
  if (stderr.includes("not a git repository")) return `"${path}" is not a git repository.`;
  return `The repository "${path}" cannot be read: ${stderr.trim().slice(0, 1_000)}`;
}

function gitFailed(path: string, message: string, cause?: unknown): PluginError {
  return new PluginError("ATLAS_PLUGINS_GIT_FAILED", { path }, message, { cause });
}

async function* splitAtNul(chunks: AsyncIterable<string>): AsyncIterable<string> {
  let rest = "";
  for await (const chunk of chunks) {
    const parts = (rest + chunk).split("\0");
    rest = parts.pop() ?? "";
    yield* parts;
  }
  if (rest !== "") yield rest;
}
