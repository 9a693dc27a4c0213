import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openReadOnly } from "@atlas/core";
import { describe, expect, it, onTestFinished } from "vitest";

const program = join(import.meta.dirname, "..", "quickstart.ts");

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "quickstart-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

function git(cwd: string, args: readonly string[], input = ""): void {
  const identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.invalid"];
  execFileSync("git", [...identity, ...args], { cwd, input, stdio: ["pipe", "ignore", "pipe"] });
}

function repositoryWith(commits: number): string {
  const folder = temporaryFolder();
  git(folder, ["init", "--quiet", "--initial-branch", "main"]);
  addCommits(folder, 0, commits);
  return folder;
}

function addCommits(folder: string, from: number, to: number): void {
  let stream = "";
  for (let index = from; index < to; index += 1) {
    const message = `Change number ${index}`;
    stream += `commit refs/heads/main\nmark :${index + 1}\n`;
    stream += `committer Person ${index % 7} <person${index % 7}@example.invalid> ${1_700_000_000 + index} +0000\n`;
    stream += `data ${message.length}\n${message}\n`;
    if (index > from) stream += `from :${index}\n`;
    else if (from > 0) stream += "from refs/heads/main^0\n";
  }
  if (stream !== "") git(folder, ["fast-import", "--quiet"], stream);
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

function start(
  cwd: string,
  repository: string,
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const child = spawn(process.execPath, [program, "--repo", repository], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, output }));
  return { child, ended };
}

function run(cwd: string, repository: string): Promise<Ended> {
  return start(cwd, repository).ended;
}

async function contents(cwd: string) {
  const [name] = readdirSync(join(cwd, "data")).filter((file) => file.endsWith(".db"));
  const { repo, close } = await openReadOnly(join(cwd, "data", String(name)));
  const count = async (table: "events" | "entities" | "jobs" | "artifacts") =>
    (
      await repo.select
        .selectFrom(table)
        .select(({ fn }) => fn.countAll<number>().as("rows"))
        .executeTakeFirstOrThrow()
    ).rows;
  const counts = {
    commits: await count("events"),
    entities: await count("entities"),
    jobs: await count("jobs"),
    artifacts: await count("artifacts"),
  };
  const statuses = (await repo.listJobs()).items.map(({ status }) => status);
  close();
  return { ...counts, statuses };
}

// Each test runs the program several times, on a machine that may be busy.
describe("the quickstart", { timeout: 60_000 }, () => {
  it("digests a history, and afterwards only what is new", async () => {
    const cwd = temporaryFolder();
    const repository = repositoryWith(30);
    const first = await run(cwd, repository);
    expect(first).toMatchObject({
      code: 0,
      output: expect.stringContaining("Found 30 commits by 7 authors."),
    });
    const file = /digest\/digest-[0-9a-f]{12}\.md/.exec(first.output)?.[0] ?? "";
    expect(readFileSync(join(cwd, file), "utf8")).toContain("- Change number 29");

    expect(await run(cwd, repository)).toMatchObject({
      code: 0,
      output: expect.stringContaining("Nothing is new"),
    });
    expect(await contents(cwd)).toMatchObject({ commits: 30, entities: 8, jobs: 1, artifacts: 1 });

    addCommits(repository, 30, 32);
    expect(await run(cwd, repository)).toMatchObject({
      code: 0,
      output: expect.stringContaining("Found 2 commits by 2 authors."),
    });
    expect(await contents(cwd)).toMatchObject({ commits: 32, entities: 9, jobs: 2, artifacts: 2 });
    expect(readdirSync(join(cwd, "digest"))).toHaveLength(2);
  });

  it("completes what a killed run began, with nothing doubled and nothing lost", {
    timeout: 120_000,
  }, async () => {
    const repository = repositoryWith(1_500);
    for (const commitsSeen of [1, 800, 1_500]) {
      const cwd = temporaryFolder();
      const { child, ended } = start(cwd, repository);
      await untilEvents(cwd, commitsSeen, ended);
      child.kill("SIGKILL");
      await ended;
      expect(await run(cwd, repository)).toMatchObject({ code: 0 });
      expect(await contents(cwd)).toEqual({
        commits: 1_500,
        entities: 8,
        jobs: 1,
        artifacts: 1,
        statuses: ["succeeded"],
      });
      expect(readdirSync(join(cwd, "digest"))).toHaveLength(1);
    }
  });

  it.each([
    ["a folder that is no repository", temporaryFolder, "is not a git repository."],
    ["a folder that is not there", () => "/nowhere/at/all", 'The folder "/nowhere/at/all" does not exist.'],
    ["a repository without commits", () => repositoryWith(0), "has no commits yet."],
  ])(
    "says in one sentence that %s has nothing to read, and makes no database",
    async (_, folder, sentence) => {
      const cwd = temporaryFolder();
      const { code, output } = await run(cwd, folder());
      expect(code).toBe(1);
      expect(output.trim().split("\n")).toHaveLength(1);
      expect(output).toContain(sentence);
      expect(existsSync(join(cwd, "data"))).toBe(false);
    },
  );

  it("reads what a shallow clone has, and says so", async () => {
    const cwd = temporaryFolder();
    git(cwd, ["clone", "--quiet", "--depth", "2", `file://${repositoryWith(5)}`, "shallow"]);
    const { code, output } = await run(cwd, join(cwd, "shallow"));
    expect(code).toBe(0);
    expect(output).toContain("It is a shallow clone");
    expect(output).toContain("Found 2 commits by 2 authors.");
  });

  it("names an option that it does not know", async () => {
    const cwd = temporaryFolder();
    const child = spawn(process.execPath, [program, "--rpeo", "x"], {
      cwd,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let message = "";
    child.stderr.on("data", (text) => {
      message += text;
    });
    expect(await once(child, "close")).toEqual([1, null]);
    expect(message).toContain("--rpeo");
  });
});

/** Looks into the database of a running quickstart until it has this many commits, or has ended. */
async function untilEvents(cwd: string, commits: number, ended: Promise<Ended>): Promise<void> {
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  for (;;) {
    const seen = await contents(cwd).then(
      (found) => found.commits,
      () => 0,
    );
    if (isOver || seen >= commits) return;
    await new Promise(setImmediate);
  }
}
