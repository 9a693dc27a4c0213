// A process that gives tasks to agents and says what became of them. It is killed, and started again.
import { once } from "node:events";
import { writeSync } from "node:fs";
import { createHarnessRouter, type HarnessResult } from "../../src/index.ts";
import { canSucceed, type SoakFolder, taskOf } from "./tasks.ts";

/** What the host is told. */
export interface SoakHostOptions {
  readonly stateDir: string;
  /** Below it are the folders of all callers. */
  readonly root: string;
  readonly folders: readonly SoakFolder[];
  readonly seed: number;
  readonly quick: boolean;
  /** A variable of all agents, by which the soak knows its own. */
  readonly mark: { readonly name: string; readonly value: string };
  readonly concurrency: number;
  /** The first run, and the one after the last. */
  readonly from: number;
  readonly upTo: number;
}

/** What the host says, a line of JSON each. */
export type Said =
  /** What an earlier host left has been removed. The host waits for a line. */
  | { readonly type: "ready" }
  | { readonly type: "started" | "applying"; readonly run: number }
  | {
      readonly type: "result";
      readonly run: number;
      readonly diff: string;
      readonly paths: readonly string[];
      readonly truncated: boolean;
    }
  | { readonly type: "error"; readonly run: number; readonly code: string; readonly message: string }
  | { readonly type: "log"; readonly level: string; readonly message: string; readonly fields: string }
  | { readonly type: "stopped" };

const options = JSON.parse(process.argv[2] ?? "") as SoakHostOptions;
const { stateDir, root, mark, concurrency, upTo } = options;
const AGENT = new URL("./agent.ts", import.meta.url).pathname;
const HASTY_MS = 1_200;

const say = (said: Said): void => void writeSync(1, `${JSON.stringify(said)}\n`);
const logged =
  (level: string) =>
  (fields: object, message: string): void =>
    say({ type: "log", level, message, fields: JSON.stringify(fields) });

const agent = {
  command: process.execPath,
  args_template: [AGENT, "{goal}"],
  env: { [mark.name]: mark.value },
};
const { PATH } = process.env;
const router = createHarnessRouter({
  stateDir,
  roots: [root],
  env: { PATH, HOME: root },
  harnesses: { patient: { ...agent, timeout_ms: 60_000 }, hasty: { ...agent, timeout_ms: HASTY_MS } },
  policy: { maxConcurrency: concurrency, cooldownMs: 0 },
  log: { debug: () => undefined, info: () => undefined, warn: logged("warn"), error: logged("error") },
});
await router.start();
say({ type: "ready" });
await once(process.stdin, "data");

let next = options.from;
await Promise.all(Array.from({ length: concurrency }, runTasks));
await router.stop();
say({ type: "stopped" });
process.exit(0);

async function runTasks(): Promise<void> {
  while (next < upTo) {
    const run = next;
    next += 1;
    say({ type: "started", run });
    try {
      say({ type: "result", run, ...shown(await runTask(run)) });
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "";
      const name = error instanceof Error ? error.name : "";
      say({ type: "error", run, code: code.startsWith("ATLAS_") ? code : name, message: String(error) });
    }
  }
}

async function runTask(run: number): Promise<HarnessResult> {
  const { folder, goal, abortAfterMs, mode, whenBusy } = taskOf(run, options);
  const caller = options.folders[folder];
  if (caller === undefined) throw new Error(`There is no folder ${folder}.`);
  const controller = new AbortController();
  const timer = abortAfterMs === undefined ? undefined : setTimeout(() => controller.abort(), abortAfterMs);
  try {
    return await router.runTask({
      goal: JSON.stringify(goal),
      cwd: `${caller.root}/${caller.place}`,
      harness: canSucceed(goal) || goal.behaviour === "fails" ? "patient" : "hasty",
      mode,
      whenBusy,
      signal: controller.signal,
      onEvent(event) {
        if (event.type === "state" && event.state === "applying") say({ type: "applying", run });
      },
    });
  } finally {
    clearTimeout(timer);
  }
}

function shown({ outputs, files = [], truncated = false }: HarnessResult) {
  const diff = outputs.find(({ type }) => type === "diff");
  return {
    diff: diff !== undefined && "diff" in diff ? diff.diff : "",
    paths: files.map(({ path }) => path),
    truncated,
  };
}
