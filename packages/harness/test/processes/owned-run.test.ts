import { PassThrough } from "node:stream";
import { type Clock, systemClock } from "@atlas/routing";
import { expect, it } from "vitest";
import { watchRun } from "../../src/processes/owned-run.ts";
import type { ProcessSystem } from "../../src/processes/process-system.ts";
import type { Spawned } from "../../src/processes/spawn-program.ts";
import { logInto } from "../support/owned.ts";

// Time passes a hundred times as fast.
const fastClock: Clock = { ...systemClock, after: (ms, callback) => systemClock.after(ms / 100, callback) };
// No process has it.
const NOBODY = 2 ** 30;

/** A program whose end is decided by the test, on a system without other processes. */
function watch({
  readsEnvironments = true,
  closes = true,
  onOutput = (): void => undefined,
  clock = fastClock,
  idleTimeoutMs = 1e9,
} = {}) {
  const logged: string[] = [];
  let exit: (end: { readonly exitCode: number }) => void = () => undefined;
  let hasExited = false;
  const stdout = new PassThrough();
  const spawned: Spawned = {
    pid: NOBODY,
    stdin: new PassThrough(),
    stdout,
    stderr: new PassThrough(),
    exited: new Promise((resolve) => {
      exit = resolve;
    }),
    closed: closes ? Promise.resolve() : new Promise(() => undefined),
    hasExited: () => hasExited,
  };
  const looks: string[] = [];
  const system: ProcessSystem = {
    readsEnvironments,
    overlooksNothing: true,
    bootId: () => "boot",
    startTimeOf: () => "1",
    isAlive: () => true,
    async list() {
      looks.push(hasExited ? "after the end" : "before the end");
      return [];
    },
  };
  const program = {
    runId: "r",
    harness: "agent",
    command: "/x",
    args: [],
    cwd: "/",
    env: {},
    graceMs: 100,
    idleTimeoutMs,
    onOutput,
  };
  const leader = { pid: NOBODY, startTime: "1" };
  const run = watchRun({
    spawned,
    program,
    leader,
    handsOutStdout: false,
    system,
    clock,
    log: logInto(logged),
  });
  return {
    run,
    logged,
    looks,
    stdout,
    exit() {
      hasExited = true;
      exit({ exitCode: 0 });
    },
  };
}

it("gives up on a program that not even KILL ends, and says so", async () => {
  const { run, logged } = watch({});
  const { exitCode, signal, endedBy } = await run.end("stop");
  expect({ exitCode, signal, endedBy }).toEqual({ exitCode: undefined, signal: undefined, endedBy: "stop" });
  expect(logged).toEqual(["An agent does not end, although it was killed."]);
});

it("looks before the first signal where only parents lead to what was started", async () => {
  const { run, looks, exit } = watch({ readsEnvironments: false });
  const ended = run.end("stop");
  exit();
  await ended;
  expect(looks).toEqual(["before the end", "after the end"]);
});

it("looks only afterwards where the tag leads to it", async () => {
  const { run, looks, exit } = watch({});
  const ended = run.end("stop");
  exit();
  await ended;
  expect(looks).toEqual(["after the end"]);
});

it("loses nothing that was printed before the end, where the host comes to read it late", async () => {
  let printed = 0;
  const { run, stdout, exit } = watch({
    closes: false,
    onOutput: () => {
      printed += 1;
    },
    // The time for it is over before the event loop takes a turn.
    clock: {
      ...systemClock,
      after(ms, callback) {
        if (ms === 200) callback();
        return () => undefined;
      },
    },
  });
  exit();
  setImmediate(() => stdout.write("late"));
  await run.ended;
  expect(printed).toBe(1);
  expect(stdout.destroyed).toBe(true);
});

it("counts the pause from the last output, not from the start", async () => {
  let now = 0;
  const timers: { readonly dueAt: number; readonly callback: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    after(delayMs, callback) {
      timers.push({ dueAt: now + delayMs, callback });
      return () => undefined;
    },
  };
  const goTo = (time: number): void => {
    now = time;
    for (const timer of timers.splice(0)) timer.dueAt <= now ? timer.callback() : timers.push(timer);
  };
  let printed = (): void => undefined;
  const { run, stdout, exit } = watch({ clock, idleTimeoutMs: 100, onOutput: () => printed() });
  now = 60;
  await new Promise<void>((resolve) => {
    printed = resolve;
    stdout.write("word");
  });
  goTo(100);
  goTo(159);
  exit();
  expect((await run.ended).endedBy).toBe("itself");

  const other = watch({ clock, idleTimeoutMs: 100 });
  goTo(now + 100);
  other.exit();
  expect((await other.run.ended).endedBy).toBe("idle");
});
