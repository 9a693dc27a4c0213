import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fingerprint } from "../workspaces/support/repository.ts";
import { LEDGER } from "./edits.ts";
import type { Said } from "./host.ts";
import { canSucceed, type SoakFolder, type SoakTask, taskOf } from "./tasks.ts";
import { differences, readTree, replay } from "./tree.ts";

/** Follows what the hosts said, and compares the callers' files with it. */
export interface Checker {
  /** Takes what a host said. */
  take(said: Said, life: number): void;
  /** The agent of this run was killed. */
  agentKilled(run: number): void;
  /** Compares all folders, which nobody may be changing. Returns what is wrong. */
  check(): readonly string[];
  /** How often a start undid what a killed host had half applied. */
  undone(): number;
  /** How many agents of "plan" and "propose" failed because a file was missing while another run was applied. */
  torn(): number;
  /** How many runs ended in each way. A run whose host was killed is `unknown`. */
  outcomes(): Readonly<Record<string, number>>;
}

interface Run {
  readonly run: number;
  readonly life: number;
  readonly task: SoakTask;
  readonly outcome: "result" | "error" | "unknown";
  /** The place among the results. */
  readonly place?: number;
  readonly code?: string;
}

const UNDONE = "A gateway was killed while it applied changes.";

export function createChecker(soak: {
  readonly seed: number;
  readonly folders: readonly SoakFolder[];
  readonly quick: boolean;
  readonly stateDir: string;
}): Checker {
  const runs = new Map<number, Run>();
  const killed = new Set<number>();
  const problems: string[] = [];
  let results = 0;
  let undone = 0;
  let torn = 0;
  const before = soak.folders.map(({ root, place }) => ({
    tree: readTree(root),
    whole: fingerprint(root),
    ledger: ledgerOf(root, place),
  }));

  return {
    take(said, life) {
      if (said.type === "log") {
        if (said.message.startsWith(UNDONE)) undone += 1;
        else if (said.level === "error")
          problems.push(`A host logged in life ${life}: ${said.message} ${said.fields}`);
      }
      if (said.type === "ready" || said.type === "stopped" || said.type === "log") return;
      const { run } = said;
      const task = taskOf(run, soak);
      if (said.type === "started") runs.set(run, { run, life, task, outcome: "unknown" });
      if (said.type === "result") {
        results += 1;
        runs.set(run, { run, life, task, outcome: "result", place: results });
        const ignores = before[task.folder]?.tree.has(".gitignore") === true;
        problems.push(...wrongResult(task, said, ignores));
      }
      if (said.type === "error") {
        const { code } = said;
        runs.set(run, { run, life, task, outcome: "error", code });
        if (!isExpected(task, said)) problems.push(`Run ${run} failed with ${code}: ${said.message}`);
      }
    },
    agentKilled: (run) => void killed.add(run),
    check: () => [
      ...problems.splice(0),
      ...leftIn(soak.stateDir),
      ...soak.folders.flatMap((folder, index) => checkFolder(folder, index)),
    ],
    undone: () => undone,
    torn: () => torn,
    outcomes() {
      const counts: Record<string, number> = {};
      for (const { outcome, code, task } of runs.values()) {
        const name = outcome === "result" ? task.mode : (code ?? outcome);
        counts[name] = (counts[name] ?? 0) + 1;
      }
      return counts;
    },
  };

  /** Whether a run may have failed so, after all that was done to it. */
  function isExpected(
    { goal, abortAfterMs, mode, whenBusy, folder }: SoakTask,
    { code, message }: { readonly code: string; readonly message: string },
  ): boolean {
    if (code === "AbortError") return abortAfterMs !== undefined;
    if (code === "ATLAS_HARNESS_BUSY") return mode === "apply" && whenBusy === "refuse";
    if (code === "ATLAS_HARNESS_TIMED_OUT") return !canSucceed(goal) && goal.behaviour !== "fails";
    if (code !== "ATLAS_HARNESS_FAILED") return false;
    if (goal.behaviour === "fails" || killed.has(goal.run)) return true;
    // Its copy was made while another run was applied, so a file was in neither of its places.
    const isTorn = mode !== "apply" && soak.folders[folder]?.applies === true && message.includes("ENOENT");
    if (isTorn) torn += 1;
    return isTorn;
  }

  function checkFolder({ root, place, applies }: SoakFolder, index: number): readonly string[] {
    const first = before[index];
    if (first === undefined) return [];
    const now = fingerprint(root);
    const touched = [...new Set([...Object.keys(first.whole), ...Object.keys(now)])].filter(
      (path) => (!applies || path === ".git" || path.startsWith(".git/")) && first.whole[path] !== now[path],
    );
    const lines = ledgerOf(root, place);
    const isKept = first.ledger.every((line, at) => lines[at] === line);
    const applied = lines.slice(first.ledger.length).map((line) => runs.get(Number(line.slice(4))));
    const known = applied.filter((run) => run !== undefined);
    const expected = replay(
      first.tree,
      known.map(({ task }) => task.goal),
      place,
    );
    const wrong = [
      ...touched.map((path) => `was changed at "${path}"`),
      ...(isKept && known.length === applied.length ? [] : ["has a ledger with lines of no run"]),
      ...wrongOrder(known, index),
      ...differences(expected, readTree(root)).map((path) => `is not as the runs left it at "${path}"`),
    ];
    return wrong.map((what) => `"${root}" ${what}.`);
  }

  function wrongOrder(applied: readonly Run[], folder: number): readonly string[] {
    const names = applied.map(({ run }) => run);
    const owed = [...runs.values()].filter(
      ({ task, outcome }) => task.folder === folder && task.mode === "apply" && outcome === "result",
    );
    const acknowledged = applied.filter(({ outcome }) => outcome === "result");
    return [
      ...owed.filter(({ run }) => !names.includes(run)).map(({ run }) => `lacks the acknowledged run ${run}`),
      ...names.filter((run, at) => names.indexOf(run) !== at).map((run) => `has run ${run} twice`),
      ...applied
        .filter(({ task, outcome }) => task.folder !== folder || task.mode !== "apply" || outcome === "error")
        .map(({ run, outcome }) => `has run ${run}, which was not to be applied (${outcome})`),
      ...(isSorted(acknowledged.map(({ place = 0 }) => place))
        ? []
        : [`has the runs in another order: ${names}`]),
      ...(isSorted(applied.map(({ life }) => life)) ? [] : [`has runs of an earlier life later: ${names}`]),
    ];
  }
}

/** What is wrong with a result. `ignores`: git leaves out what agents write to "ignored". */
function wrongResult(
  { mode, goal }: SoakTask,
  { run, diff, paths, truncated }: Extract<Said, { readonly type: "result" }>,
  ignores: boolean,
): readonly string[] {
  if (!canSucceed(goal))
    return [`Run ${run} has a result, although its agent was one that ${goal.behaviour}.`];
  const added = diff.match(/^\+run \d+$/gm) ?? [];
  const expected = mode === "plan" ? [] : [`+run ${run}`];
  return [
    ...(String(added) === String(expected)
      ? []
      : [`The difference of run ${run} (${mode}) adds ${added.join(", ") || "nothing"}.`]),
    ...(mode === "plan" || paths.some((path) => path.endsWith(`runs/${run}/note.txt`))
      ? []
      : [`The files of run ${run} lack its note.`]),
    ...(ignores && paths.some((path) => path.endsWith(`ignored/${run}.log`))
      ? [`The files of run ${run} have one that is ignored.`]
      : []),
    ...(truncated === (goal.behaviour === "floods") ? [] : [`Run ${run} says truncated: ${truncated}.`]),
  ];
}

/** What is left in the state folder. */
function leftIn(stateDir: string): readonly string[] {
  return ["workspaces", "locks", "runs", "files"].flatMap((folder) => {
    try {
      return readdirSync(join(stateDir, folder)).map((name) => `"${folder}/${name}" was left.`);
    } catch {
      // No task has made it.
      return [];
    }
  });
}

function ledgerOf(root: string, place: string): readonly string[] {
  return readFileSync(join(root, place, LEDGER), "utf8")
    .split("\n")
    .slice(0, -1);
}

function isSorted(numbers: readonly number[]): boolean {
  return numbers.every((number, at) => at === 0 || (numbers[at - 1] ?? 0) <= number);
}
