import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Logger, systemClock } from "@atlas/routing";
import { makeAgentCopy } from "../packages/harness/src/workspaces/agent-copy.ts";
import { recordBaseline } from "../packages/harness/src/workspaces/baseline.ts";
import { createGit } from "../packages/harness/src/workspaces/git/git.ts";
import { findRepository } from "../packages/harness/src/workspaces/git/repository.ts";
import { createWorkspaces } from "../packages/harness/src/workspaces/workspaces.ts";
import { createBenchFolder } from "./folder.ts";
import { createLine, type Report } from "./line.ts";
import { measure, percentile } from "./measure.ts";

const ROUNDS = 5;
const SIZES = [1_000, 20_000];
const CHANGED = 10;

/** What the copy for an agent costs, against a worktree that git makes, and which of its steps take the time. */
export async function benchWorkspaces(report: Report): Promise<void> {
  using folder = createBenchFolder();
  for (const files of SIZES) {
    const lanes = createLanes(join(folder.path, String(files)), files);
    const whole = await measure(
      { ours: { slice: () => lanes.ours() }, git: { slice: async () => lanes.git() } },
      { rounds: ROUNDS, slices: 1 },
    );
    const steps = await measure({ steps: { slice: () => lanes.steps() } }, { rounds: ROUNDS, slices: 1 });
    const count = files.toLocaleString("en");
    for (const [index, [metric, reference]] of [
      ["open", "git worktree add"],
      [`changes, ${CHANGED} files`, "git add -A, git diff --cached"],
      ["close", "git worktree remove"],
    ].entries()) {
      const ours = whole.ours.map((round) => round[index] ?? Number.NaN);
      const referenceValues = whole.git.map((round) => round[index] ?? Number.NaN);
      report(line(`${metric}, ${count} files`, ours, reference ?? "", referenceValues));
    }
    const opened = percentile(steps.steps, 100);
    for (const [index, step] of ["find the repository", "record the files", "write the copy"].entries()) {
      const ours = steps.steps.map((round) => round[index] ?? Number.NaN);
      report(line(`- ${step}, ${count} files`, ours, "all steps of open", opened));
    }
  }
}

function line(
  metric: string,
  ours: readonly number[],
  reference: string,
  referenceValues: readonly number[],
) {
  return createLine({
    bench: "workspaces",
    metric,
    unit: "ms",
    durability: "none",
    ours,
    reference,
    referenceValues,
  });
}

/** A repository with so many files of about 1 KiB, 100 in a folder. Some of them have uncommitted changes. */
function createLanes(path: string, files: number) {
  const root = join(path, "repository");
  const git = (cwd: string, ...args: string[]): void => {
    execFileSync("git", ["-c", "user.name=bench", "-c", "user.email=bench", ...args], {
      cwd,
      stdio: "ignore",
    });
  };
  for (let index = 0; index < files; index += 1) {
    const place = join(root, `f${Math.floor(index / 100)}`);
    if (index % 100 === 0) mkdirSync(place, { recursive: true });
    writeFileSync(join(place, `${index}.ts`), `// ${index}\n`.repeat(100));
  }
  git(root, "init", "-q");
  git(root, "config", "gc.auto", "0");
  git(root, "add", "-A");
  git(root, "commit", "-qm", "files");
  git(root, "gc", "-q");
  for (let index = 0; index < CHANGED; index += 1) edit(root, index * 10);

  const env = process.env;
  const stateDir = join(path, "state");
  const workspaces = createWorkspaces({ stateDir, env });
  const run = createGit({ env, clock: systemClock, timeoutMs: 120_000 });
  let runs = 0;

  return {
    /** Milliseconds to open, to tell the changes, to close. */
    async ours(): Promise<number[]> {
      runs += 1;
      const signal = new AbortController().signal;
      const timer = createTimer();
      const workspace = await workspaces.open({
        runId: `run-${runs}`,
        cwd: root,
        mode: "propose",
        inPlace: false,
        whenBusy: "wait",
        signal,
      });
      timer.lap();
      for (let index = 0; index < CHANGED; index += 1) edit(workspace.cwd, index * 7);
      timer.skip();
      await workspace.changes();
      timer.lap();
      await workspace.close();
      timer.lap();
      return timer.laps;
    },
    /** The same with a worktree. It lacks the uncommitted changes. */
    git(): number[] {
      const tree = join(path, "tree");
      const timer = createTimer();
      git(root, "worktree", "add", "-q", "--detach", tree);
      timer.lap();
      for (let index = 0; index < CHANGED; index += 1) edit(tree, index * 7);
      timer.skip();
      git(tree, "add", "-A");
      git(tree, "diff", "--cached", "--binary");
      timer.lap();
      git(root, "worktree", "remove", "--force", tree);
      timer.lap();
      return timer.laps;
    },
    /** Milliseconds of each step of opening, and of all. */
    async steps(): Promise<number[]> {
      runs += 1;
      const signal = new AbortController().signal;
      const place = join(path, `steps-${runs}`);
      const timer = createTimer();
      const repository = await findRepository(run, root, signal);
      timer.lap();
      const baseline = await recordBaseline({
        git: run,
        path: join(place, "baseline"),
        root,
        repository,
        stateDir,
        home: undefined,
        limits: { maxFiles: files, maxBytes: Number.POSITIVE_INFINITY },
        log: silent,
        signal,
      });
      timer.lap();
      await makeAgentCopy(run, { baseline, path: join(place, "copy"), parent: repository?.head, signal });
      timer.lap();
      rmSync(place, { recursive: true });
      return [...timer.laps, timer.laps.reduce((sum, lap) => sum + lap, 0)];
    },
  };
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

function edit(root: string, index: number): void {
  writeFileSync(
    join(root, `f${Math.floor(index / 100)}`, `${index}.ts`),
    `// ${performance.now()}\n`.repeat(100),
  );
}

function createTimer() {
  const laps: number[] = [];
  let from = performance.now();
  return {
    laps,
    lap(): void {
      laps.push(performance.now() - from);
      from = performance.now();
    },
    skip(): void {
      from = performance.now();
    },
  };
}
