import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import { promisify } from "node:util";

/** One commit, as `git log` tells it. */
export interface Commit {
  readonly sha: string;
  readonly author: string;
  readonly email: string;
  readonly committed_at: string;
  readonly subject: string;
}

/** The history of one git repository, read through the `git` command. */
export interface Repository {
  readonly path: string;
  /** True when the repository was cloned without its older history. */
  readonly isShallow: boolean;
  head(): Promise<string>;
  has(sha: string): Promise<boolean>;
  count(range: string): Promise<number>;
  /** The commits of a range, oldest first. */
  commits(range: string): AsyncIterable<Commit>;
}

/** Says in one sentence why a folder has no history to read. */
export class RepositoryError extends Error {}

const run = promisify(execFile);

/** Opens the repository at `path`; throws a {@link RepositoryError} when there is nothing to read. */
export async function openRepository(path: string): Promise<Repository> {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new RepositoryError(`There is no folder "${path}".`);
  }
  const git = async (...args: string[]): Promise<string> =>
    (await run("git", ["-C", path, ...args])).stdout.trim();
  const has = (name: string): Promise<boolean> =>
    git("rev-parse", "--quiet", "--verify", `${name}^{commit}`).then(
      () => true,
      () => false,
    );

  const isShallow = await git("rev-parse", "--is-shallow-repository").catch(
    (error: Error & { stderr?: string }) => {
      if (error.stderr === undefined)
        throw new RepositoryError("The command git was not found; install git first.");
      if (error.stderr.includes("not a git repository"))
        throw new RepositoryError(`"${path}" is not a git repository.`);
      throw new RepositoryError(`The repository "${path}" cannot be read: ${error.stderr.trim()}`);
    },
  );
  if (!(await has("HEAD"))) throw new RepositoryError(`The repository "${path}" has no commits yet.`);

  return {
    path,
    isShallow: isShallow === "true",
    head: () => git("rev-parse", "HEAD"),
    has,
    count: async (range) => Number(await git("rev-list", "--count", range)),
    async *commits(range) {
      const format = "--format=%H%x00%an%x00%ae%x00%cI%x00%s";
      const log = spawn("git", ["-C", path, "log", "-z", "--reverse", format, range], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const closed = once(log, "close");
      try {
        let fields: string[] = [];
        for await (const field of splitAtNul(log.stdout.setEncoding("utf8"))) {
          fields.push(field);
          if (fields.length < 5) continue;
          const [sha = "", author = "", email = "", committed_at = "", subject = ""] = fields;
          yield { sha, author, email, committed_at, subject };
          fields = [];
        }
        const [code] = await closed;
        if (code !== 0) throw new RepositoryError(`git log ended with code ${code}.`);
      } finally {
        log.kill();
        await closed;
      }
    },
  };
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
