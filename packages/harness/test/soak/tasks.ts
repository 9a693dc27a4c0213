import { createRandom } from "../../../../test/support/random.ts";
import type { HarnessMode } from "../../src/index.ts";

/** What the agent of a run does. */
type Behaviour = "works" | "floods" | "fails" | "hangs" | "ends-well-on-signal" | "ignores-signals";

/** What the agent is told: its goal, as JSON. */
export interface Goal {
  readonly run: number;
  readonly seed: number;
  readonly behaviour: Behaviour;
  /** The longest pause between two edits. */
  readonly pauseMs: number;
  /** A child of its own session that outlives the agent, and whether it holds the agent's output. */
  readonly child?: "silent" | "holds-output";
}

/** One run of a soak. Only the seed and the number of the run decide what it is. */
export interface SoakTask {
  /** The place of the caller's folder in the list of folders. */
  readonly folder: number;
  readonly mode: HarnessMode;
  readonly whenBusy: "wait" | "refuse";
  readonly abortAfterMs?: number;
  readonly goal: Goal;
}

const behaviours = [
  ...Array.from({ length: 30 }, () => "works" as const),
  ...Array.from({ length: 3 }, () => "floods" as const),
  ...Array.from({ length: 3 }, () => "fails" as const),
  ...Array.from({ length: 3 }, () => "hangs" as const),
  ...Array.from({ length: 4 }, () => "ends-well-on-signal" as const),
  "ignores-signals",
] as const;

/** Only such an agent can give a result. */
export function canSucceed({ behaviour }: Goal): boolean {
  return behaviour === "works" || behaviour === "floods";
}

/** Decides what a run of a soak is. In a quick one, all agents but one work. */
export function taskOf(
  run: number,
  soak: { readonly seed: number; readonly folders: readonly SoakFolder[]; readonly quick: boolean },
): SoakTask {
  const random = createRandom(soak.seed).fork(`run ${run}`);
  const folder = random.below(soak.folders.length);
  const applies = soak.folders[folder]?.applies === true;
  const mode = random.pick(
    applies ? ["plan", "propose", "apply", "apply", "apply", "apply"] : ["plan", "propose"],
  );
  const behaviour = random.pick(["works", ...behaviours]);
  const isAborted = random.chance(8);
  const abortAfterMs = random.below(1_500);
  return {
    folder,
    mode,
    whenBusy: random.chance(85) || soak.quick ? "wait" : "refuse",
    ...(isAborted && !soak.quick ? { abortAfterMs } : {}),
    goal: {
      run,
      seed: random.below(2 ** 31),
      // One agent is still at work when the host is killed.
      behaviour: soak.quick ? (run === 1 ? "hangs" : "works") : behaviour,
      pauseMs: random.pick([0, 0, 10, 40]),
      ...(random.chance(40) ? { child: random.pick(["silent", "silent", "holds-output"]) } : {}),
    },
  };
}

/** A folder of a caller. */
export interface SoakFolder {
  /** The folder whose files may change: that of the repository, where there is one. */
  readonly root: string;
  /** The folder of the tasks, from the root. */
  readonly place: string;
  /** Whether tasks apply changes to it. */
  readonly applies: boolean;
}
