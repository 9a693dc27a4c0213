import { execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  createHarnessRouter,
  createOwnedProcesses,
  type HarnessTask,
  type OwnedProcesses,
} from "@atlas/harness";
import { execa } from "execa";
import { createBenchFolder } from "./folder.ts";
import { createLine, type Report, type Unit } from "./line.ts";
import { mean, measure } from "./measure.ts";

const ROUNDS = 9;
const env = { PATH: "/usr/bin:/bin" };
const MEBIBYTE = 1024 * 1024;

/** Runs a program to its end and returns how many bytes it printed. */
type Run = (command: string, args: readonly string[]) => Promise<number>;

/** What Atlas adds to a child process: to its start and end, and to its output. */
export async function benchHarness(report: Report): Promise<void> {
  using folder = createBenchFolder();
  const processes = createOwnedProcesses({ stateDir: folder.path });
  const runs = { owned: owned(processes, folder.path), bare: bare(folder.path), execa: byExeca(folder.path) };
  await benchStarts(runs, report);
  await benchTasks(runs.bare, folder.path, report);
  for (const concurrency of [1, 8]) await benchOutput(runs, concurrency, report);
  await benchFlood(processes, folder.path, report);
  await benchMemory(runs.owned, report);
  await processes.stop();
}

async function benchStarts(
  runs: Readonly<Record<"owned" | "bare" | "execa", Run>>,
  report: Report,
): Promise<void> {
  const starts = 25;
  const contestant = (run: Run) => ({
    slice: () => timed(async () => void (await repeat(starts, () => run("/bin/true", [])))),
  });
  const rounds = await measure(
    { owned: contestant(runs.owned), bare: contestant(runs.bare), execa: contestant(runs.execa) },
    { rounds: ROUNDS, slices: 4 },
  );
  const each = (name: keyof typeof rounds): readonly number[] => mean(rounds[name]).map((ms) => ms / starts);
  for (const reference of ["bare", "execa"] as const) {
    const name = reference === "bare" ? "bare spawn" : "execa";
    report(lineOf("/bin/true, start to end", "ms", each("owned"), { name, values: each(reference) }));
  }
}

/** A whole task of an agent that does nothing, in an empty repository: routing, the record of the files, the program, the difference. */
async function benchTasks(run: Run, root: string, report: Report): Promise<void> {
  const tasks = 10;
  const cwd = join(root, "empty");
  mkdirSync(cwd);
  execFileSync("git", ["init", "--quiet"], { cwd, env: { ...env, HOME: root } });
  const router = createHarnessRouter({
    stateDir: join(root, "tasks"),
    roots: [cwd],
    env: { ...env, HOME: root },
    harnesses: { idle: { command: "/bin/true" } },
  });
  await router.start();
  const contestant = (task: Pick<HarnessTask, "mode" | "inPlace">) => ({
    slice: () =>
      timed(() => repeat(tasks, () => router.runTask({ goal: "Rest.", cwd, harness: "idle", ...task }))),
  });
  const rounds = await measure(
    {
      inPlace: contestant({ mode: "apply", inPlace: true }),
      copy: contestant({ mode: "propose" }),
      bare: { slice: () => timed(() => repeat(tasks, () => run("/bin/true", []))) },
    },
    { rounds: ROUNDS, slices: 2 },
  );
  await router.stop();
  const each = (name: keyof typeof rounds): readonly number[] => mean(rounds[name]).map((ms) => ms / tasks);
  for (const [metric, ours] of [
    ["a task of /bin/true, in place", each("inPlace")],
    ["a task of /bin/true, in a copy", each("copy")],
  ] as const)
    report(lineOf(metric, "ms", ours, { name: "bare spawn", values: each("bare") }));
}

async function benchOutput(
  runs: Readonly<Record<"owned" | "bare", Run>>,
  concurrency: number,
  report: Report,
): Promise<void> {
  const bytes = 10 * MEBIBYTE;
  const printAll = async (run: Run): Promise<void> => {
    const printed = await Promise.all(
      Array.from({ length: concurrency }, () => run("/usr/bin/head", ["-c", String(bytes), "/dev/zero"])),
    );
    if (printed.some((count) => count !== bytes))
      throw new Error(`Some of ${bytes} bytes are missing: ${printed}.`);
  };
  const rounds = await measure(
    {
      owned: { slice: () => timed(() => printAll(runs.owned)) },
      bare: { slice: () => timed(() => printAll(runs.bare)) },
    },
    { rounds: ROUNDS, slices: 6 },
  );
  const metric = `10 MB of output, c = ${concurrency}`;
  report(lineOf(metric, "ms", mean(rounds.owned), { name: "bare spawn", values: mean(rounds.bare) }));
}

/** The resident memory at its peak while a program prints a gigabyte, of which a mebibyte is passed on. */
async function benchFlood(processes: OwnedProcesses, cwd: string, report: Report): Promise<void> {
  const before = process.memoryUsage.rss() / MEBIBYTE;
  let peak = before;
  const sample = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss() / MEBIBYTE);
  }, 5);
  const args = ["-c", String(1024 * MEBIBYTE), "/dev/zero"];
  const { truncated } = await processes.run({
    runId: randomUUID(),
    harness: "bench",
    command: "/usr/bin/head",
    args,
    cwd,
    env,
  });
  clearInterval(sample);
  if (!truncated.stdout) throw new Error("A gigabyte was taken for less than a mebibyte.");
  report(lineOf("RSS while 1 GB is printed", "MiB", [peak], { name: "before", values: [before] }));
}

/** What is kept after a garbage collection, after 100 runs and after 1,000 more. */
async function benchMemory(run: Run, report: Report): Promise<void> {
  await repeat(100, () => run("/bin/true", []));
  const before = heapMebibytes();
  await repeat(1_000, () => run("/bin/true", []));
  report(
    lineOf("heap after 1,100 runs", "MiB", [heapMebibytes()], { name: "after 100 runs", values: [before] }),
  );
}

function owned(processes: OwnedProcesses, cwd: string): Run {
  return async (command, args) => {
    let printed = 0;
    const { endedBy } = await processes.run({
      runId: randomUUID(),
      harness: "bench",
      command,
      args,
      cwd,
      env,
      maxOutputBytes: 64 * MEBIBYTE,
      onOutput: (_, bytes) => {
        printed += bytes.length;
      },
    });
    if (endedBy !== "itself") throw new Error(`"${command}" was ended by ${endedBy}.`);
    return printed;
  };
}

function bare(cwd: string): Run {
  return async (command, args) => {
    let printed = 0;
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.on("data", (chunk: Buffer) => {
      printed += chunk.length;
    });
    child.stderr.resume();
    await once(child, "close");
    return printed;
  };
}

function byExeca(cwd: string): Run {
  return async (command, args) => {
    const { stdout } = await execa(command, args, {
      cwd,
      env,
      extendEnv: false,
      stdin: "ignore",
      encoding: "buffer",
    });
    return stdout.length;
  };
}

async function repeat(times: number, work: () => Promise<unknown>): Promise<void> {
  for (let done = 0; done < times; done += 1) await work();
}

async function timed(work: () => Promise<void>): Promise<readonly number[]> {
  const startedAt = performance.now();
  await work();
  return [performance.now() - startedAt];
}

function heapMebibytes(): number {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  collect();
  return process.memoryUsage().heapUsed / MEBIBYTE;
}

function lineOf(
  metric: string,
  unit: Unit,
  ours: readonly number[],
  reference: { readonly name: string; readonly values: readonly number[] },
) {
  return createLine({
    bench: "harness",
    metric,
    unit,
    ours,
    reference: reference.name,
    referenceValues: reference.values,
    durability: "none",
  });
}
