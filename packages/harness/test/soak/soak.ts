import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { type FSWatcher, mkdirSync, mkdtempSync, realpathSync, rmSync, watch } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createRandom, type Random } from "../../../../test/support/random.ts";
import { makeCallers } from "./callers.ts";
import { createChecker } from "./checker.ts";
import type { Said, SoakHostOptions } from "./host.ts";
import { markedProcesses, processesIn } from "./marked-processes.ts";
import { taskOf } from "./tasks.ts";

export interface SoakOptions {
  readonly runs: number;
  readonly concurrency: number;
  readonly seed: number;
  /** Few folders, agents that just work, and one kill of a host. Default: false. */
  readonly quick?: boolean;
  /** Receives a line now and then. Default: nothing is said. */
  readonly onProgress?: (text: string) => void;
}

/** What a soak found. */
export interface SoakReport {
  /** What is not as it must be; empty is good. Otherwise `folder` is kept. */
  readonly problems: readonly string[];
  readonly folder: string;
  readonly lives: number;
  readonly hostsKilled: number;
  readonly agentsKilled: number;
  /** Processes of agents that outlived their host. */
  readonly orphans: number;
  /** How often a host was killed in the middle of an apply, which the next start undid. */
  readonly undone: number;
  /** Agents of `plan` and `propose` that failed because their copy was made while another run was applied. */
  readonly torn: number;
  readonly outcomes: Readonly<Record<string, number>>;
}

const HOST = new URL("./host.ts", import.meta.url).pathname;

/**
 * Gives tasks to agents while it kills agents and their host, at times that chance decides, and compares what is left with a model, after each
 * start of a host and in the end.
 */
export async function soak({
  runs,
  concurrency,
  seed,
  quick = false,
  onProgress,
}: SoakOptions): Promise<SoakReport> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "atlas-soak-agents-")));
  const stateDir = join(folder, "state");
  const root = join(folder, "callers");
  mkdirSync(root);
  const folders = makeCallers(root, quick ? 3 : 6);
  const mark = { name: "ATLAS_SOAK", value: randomUUID() };
  const checker = createChecker({ seed, folders, quick, stateDir });
  const random = createRandom(seed);
  const counts = { lives: 0, hostsKilled: 0, agentsKilled: 0, orphans: 0 };
  const problems: string[] = [];
  let from = 0;

  const calmFrom = Math.max(1, runs - 2 * concurrency);
  while (problems.length === 0 && from < calmFrom) await live(random.fork(`life ${counts.lives}`), calmFrom);
  // A host without trouble, and a start and a stop without a task. A quick soak saves the time for these.
  if (problems.length === 0) await live(undefined, runs);
  if (problems.length === 0 && !quick) await live(undefined, runs);
  problems.push(...checker.check());
  const report = {
    ...counts,
    undone: checker.undone(),
    torn: checker.torn(),
    problems,
    folder,
    outcomes: checker.outcomes(),
  };
  if (problems.length === 0) rmSync(folder, { recursive: true, force: true });
  // They have been counted; nobody else would end them.
  for (const { pid } of markedProcesses(mark)) kill(pid);
  return report;

  /** Runs one host until it has done its tasks or is killed. */
  async function live(chance: Random | undefined, upTo: number): Promise<void> {
    counts.lives += 1;
    const life = counts.lives;
    const options: SoakHostOptions = {
      stateDir,
      root,
      folders,
      seed,
      quick,
      mark,
      concurrency,
      from,
      upTo,
    };
    const host = spawn(process.execPath, ["--conditions=@atlas/source", HOST, JSON.stringify(options)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const ended = once(host, "exit");
    host.stdin.on("error", () => undefined);
    const killing = planKill({
      host,
      how: quick && chance !== undefined ? "applying" : chance,
      rootOf: (run) => folders[taskOf(run, { seed, folders, quick }).folder]?.root ?? root,
    });
    let isOver = false;
    let hasStopped = false;
    let teasing: Promise<void> | undefined;
    const lines = createInterface({ input: host.stdout });
    lines.on("line", (line) => {
      const said = JSON.parse(line) as Said;
      checker.take(said, life);
      killing.take(said);
      if (said.type === "stopped") hasStopped = true;
      if (said.type === "started") from = said.run + 1;
      if (said.type !== "ready") return;
      // The earlier host is gone, and this one has not begun: nothing moves.
      problems.push(...checker.check(), ...alive("after a start"));
      if (problems.length > 0) host.kill("SIGKILL");
      else host.stdin.write("go\n");
      if (chance !== undefined && !quick) teasing = killAgents(chance.fork("agents"), () => isOver);
    });
    const closed = once(lines, "close");
    const [code, signal] = await ended;
    isOver = true;
    killing.cancel();
    await closed;
    await teasing;
    if (signal === "SIGKILL") {
      counts.hostsKilled += 1;
      counts.orphans += markedProcesses(mark).length;
    } else if (code !== 0 || !hasStopped) problems.push(`The host of life ${life} ended with code ${code}.`);
    else problems.push(...checker.check(), ...alive("after a stop"));
    onProgress?.(`Life ${life}, ${from} runs: ${JSON.stringify(counts)}`);
  }

  function alive(when: string): readonly string[] {
    return [
      ...markedProcesses(mark).map(({ pid, run = "a child" }) => `Process ${pid} (${run}) lives ${when}.`),
      ...processesIn(folder).map((pid) => `Process ${pid} works in the folders of the soak ${when}.`),
    ];
  }

  async function killAgents(chance: Random, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await new Promise((resolve) => setTimeout(resolve, 200 + chance.below(1_300)));
      const found = markedProcesses(mark);
      const victim = found[chance.below(found.length)];
      if (victim === undefined || isOver()) continue;
      if (victim.run !== undefined) {
        checker.agentKilled(victim.run);
        counts.agentsKilled += 1;
      }
      kill(victim.pid);
    }
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has just ended.
  }
}

const LONGEST_LIFE_MS = 9_000;
const LONGEST_APPLY_MS = 1_000;

/** Kills a host: while it starts, at some time, or while it applies changes. */
function planKill({
  host,
  how,
  rootOf,
}: {
  readonly host: ChildProcess;
  readonly how: Random | "applying" | undefined;
  /** The caller's folder of a run. */
  readonly rootOf: (run: number) => string;
}) {
  const kill = (): void => void host.kill("SIGKILL");
  const timers: NodeJS.Timeout[] = [];
  const watchers: FSWatcher[] = [];
  const after = (delayMs: number): void =>
    delayMs === 0 ? kill() : void timers.push(setTimeout(kill, delayMs));
  const random = typeof how === "object" ? how : undefined;
  const atApplying = how === "applying" ? 1 : random?.chance(50) ? 1 + random.below(12) : 0;
  if (random?.chance(10)) after(100 + random.below(600));
  let applying = 0;

  return {
    take(said: Said): void {
      if (said.type === "ready" && random !== undefined && atApplying === 0)
        after(random.below(LONGEST_LIFE_MS));
      if (said.type !== "applying") return;
      applying += 1;
      if (applying === atApplying) strike(rootOf(said.run));
    },
    cancel() {
      timers.forEach(clearTimeout);
      for (const watcher of watchers) watcher.close();
    },
  };

  /** The files are changed within some milliseconds after this folder has appeared. */
  function strike(root: string): void {
    const watcher = watch(root, (_, name) => {
      if (!name?.startsWith(".atlas-")) return;
      watcher.close();
      after(random?.below(8) ?? 2);
    });
    watchers.push(watcher);
    after(LONGEST_APPLY_MS);
  }
}
