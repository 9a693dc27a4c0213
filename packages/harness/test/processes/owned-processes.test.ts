import { spawn } from "node:child_process";
import { getEventListeners, once } from "node:events";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import {
  createOwnedProcesses,
  type OwnedProcessesOptions,
} from "../../src/processes/create-owned-processes.ts";
import type { Program } from "../../src/processes/owned-processes.ts";
import { createHeldClock } from "../support/held-clock.ts";
import { createOwned, fixture, taggedPids } from "../support/owned.ts";

const linux = it.runIf(process.platform === "linux");

it("runs a program and tells how it ended", async () => {
  const { run } = createOwned();
  expect(await run("print-argv", { args: ["a", "b c"] })).toEqual({
    exitCode: 0,
    endedBy: "itself",
    durationMs: expect.any(Number),
    truncated: { stdout: false, stderr: false },
    leftOvers: 0,
    stdout: "a\0b c\0",
    stderr: "",
  });
});

it("passes every argument on as it is, without a shell", async () => {
  const { run } = createOwned();
  const args = [
    "",
    "--dir=/etc",
    "-c",
    "@file",
    "two\nlines",
    "{cwd}",
    "$(touch x)",
    "`id`",
    "; ls",
    "*",
    "\u{1f600}",
    "a".repeat(131_071),
  ];
  const { stdout } = await run("print-argv", { args });
  expect(Buffer.from(stdout, "latin1").toString().split("\0").slice(0, -1)).toEqual(args);
});

it("gives the program the variables that are named, and the tag of its run", async () => {
  const { run } = createOwned();
  const { stdout } = await run("print-env", { runId: "tagged-1", env: { PATH: "/usr/bin:/bin", A: "1" } });
  // The shell of the fixture adds PWD.
  expect(
    stdout
      .split("\0")
      .filter((line) => !/^(PWD|SHLVL|_|OLDPWD|)(=|$)/.test(line))
      .sort(),
  ).toEqual(["A=1", "ATLAS_HARNESS_RUN=tagged-1", "PATH=/usr/bin:/bin"]);
});

it("sets the tag itself, whatever the environment says", async () => {
  const { run } = createOwned();
  const { stdout } = await run("print-env", {
    runId: "tagged-2",
    env: { PATH: "/usr/bin:/bin", ATLAS_HARNESS_RUN: "x" },
  });
  expect(stdout).toContain("ATLAS_HARNESS_RUN=tagged-2\0");
});

it("writes standard input and closes it", async () => {
  const { run } = createOwned();
  expect((await run("print-stdin", { stdin: "goal\n" })).stdout).toBe("goal\nend\n");
  expect((await run("print-stdin")).stdout).toBe("end\n");
});

const TIMEOUT_MS = 60_000;
const GRACE_MS = 40_000;

/** Owned processes whose limits are over when the program has printed a word: a limit for each word. */
function createHeld(limits: Readonly<Record<string, number>>) {
  const { clock, fire } = createHeldClock(TIMEOUT_MS, GRACE_MS, GRACE_MS / 2);
  const owned = createOwned({ clock });
  const onOutput = (_: string, bytes: Uint8Array): void => {
    const text = Buffer.from(bytes).toString();
    for (const [word, limitMs] of Object.entries(limits)) if (text.includes(word)) fire(limitMs);
  };
  const rest = { timeoutMs: TIMEOUT_MS, graceMs: GRACE_MS, onOutput };
  return { fire, run: (name: string, more: Partial<Program> = {}) => owned.run(name, { ...rest, ...more }) };
}

// Row 42.
it("sends INT, then TERM, then KILL to a program that goes on", async () => {
  const { run } = createHeld({ ready: TIMEOUT_MS, INT: GRACE_MS / 2, TERM: GRACE_MS });
  const end = await run("say-signals");
  expect(end).toMatchObject({ endedBy: "timeout", signal: "SIGKILL", stdout: "ready\nINT\nTERM\n" });
  expect(end).not.toHaveProperty("exitCode");
});

it("kills a program that ignores every polite signal", async () => {
  const { run, fire } = createHeld({});
  const onOutput = (): void => {
    fire(TIMEOUT_MS);
    setImmediate(() => {
      fire(GRACE_MS / 2);
      fire(GRACE_MS);
    });
  };
  expect(await run("ignore-signals", { onOutput })).toMatchObject({ endedBy: "timeout", signal: "SIGKILL" });
});

it("kills at once without a time of grace", async () => {
  const { run } = createHeld({ ready: TIMEOUT_MS });
  const end = await run("ignore-signals", { graceMs: 0 });
  expect(end).toMatchObject({ endedBy: "timeout", signal: "SIGKILL" });
});

it("remembers who ended a program that exits with 0 after a signal, and ends what that has started", async () => {
  const { run } = createHeld({ ready: TIMEOUT_MS });
  const end = await run("exit-0-on-signal");
  expect(end).toMatchObject({ endedBy: "timeout", exitCode: 0 });
});

it("ends a program that prints nothing for too long", async () => {
  const { run } = createOwned();
  expect(await run("hang", { idleTimeoutMs: 100 })).toMatchObject({ endedBy: "idle", signal: "SIGINT" });
});

it("ends a program when the signal is aborted", async () => {
  const { run } = createOwned();
  const caller = new AbortController();
  const end = await run("hang", { signal: caller.signal, onOutput: () => caller.abort() });
  expect(end).toMatchObject({ endedBy: "signal", signal: "SIGINT" });
});

it("ends a program whose signal is aborted while it starts, and lets go of the signal", async () => {
  const { run } = createOwned();
  const caller = new AbortController();
  const ending = run("hang", { signal: caller.signal, timeoutMs: 5_000 });
  caller.abort();
  expect(await ending).toMatchObject({ endedBy: "signal" });

  const { signal } = new AbortController();
  await run("print-argv", { signal });
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

it("keeps the first reason for the end", async () => {
  const caller = new AbortController();
  const { run, fire } = createHeld({});
  const onOutput = (_: string, bytes: Uint8Array): void => {
    const text = Buffer.from(bytes).toString();
    if (text.includes("ready")) fire(TIMEOUT_MS);
    if (!text.includes("INT")) return;
    caller.abort();
    fire(GRACE_MS);
  };
  expect(await run("say-signals", { signal: caller.signal, onOutput })).toMatchObject({
    endedBy: "timeout",
    stdout: "ready\nINT\n",
  });
});

it("starts nothing for a signal that was aborted before", async () => {
  const { processes, program, run } = createOwned();
  const signal = AbortSignal.abort(new Error("too late"));
  expect(await run("hang", { signal })).toMatchObject({ endedBy: "signal", durationMs: 0, stdout: "" });
  await expect(processes.start(program(fixture("hang"), { signal }))).rejects.toThrow("too late");
});

// Row 43.
linux.each(["background", "nohup", "trap", "setsid", "setsid-fork", "double-fork", "untagged"])(
  "ends what a program leaves behind: %s",
  async (shape) => {
    const { run, program } = createOwned();
    const { runId } = program("");
    const end = await run("leave-behind", { runId, args: [shape] });
    expect(end).toMatchObject({ exitCode: 0, endedBy: "itself" });
    expect(end.leftOvers).toBeGreaterThanOrEqual(1);
    expect(taggedPids(runId)).toEqual([]);
  },
);

linux("ends the children of what is left behind, also without a tag", async () => {
  const { run } = createOwned();
  // The shell, which is found by its tag, and its child. It may be ended before it has one.
  expect((await run("leave-behind", { args: ["untagged-child"] })).leftOvers).toBeGreaterThanOrEqual(1);
});

linux("ends processes that go on forking while they are looked for", async () => {
  const { run, program } = createOwned();
  const { runId } = program("");
  expect((await run("leave-behind", { runId, args: ["many"] })).leftOvers).toBeGreaterThanOrEqual(1);
  expect(taggedPids(runId)).toEqual([]);
  await run("relay", { runId, args: ["60"] });
  expect(taggedPids(runId)).toEqual([]);
});

linux("ends what a program has started when it is ended itself", async () => {
  const { run } = createHeld({ away: TIMEOUT_MS });
  const { leftOvers, endedBy } = await run("leave-on");
  expect(endedBy).toBe("timeout");
  expect(leftOvers).toBeGreaterThanOrEqual(1);
});

// Row 44.
it("settles although something holds the output, and ends that", async () => {
  const { run } = createOwned();
  const end = await run("hold-stdout");
  expect(end).toMatchObject({ exitCode: 0, endedBy: "itself", stdout: "hi\n", leftOvers: 1 });
});

it("ends the output that it handed out, although something holds it", async () => {
  const { processes, program } = createOwned();
  const agent = await processes.start(program(fixture("hold-stdout")));
  let printed = "";
  for await (const chunk of agent.stdout) printed += String(chunk);
  expect(printed).toBe("hi\n");
  expect(await agent.ended).toMatchObject({ endedBy: "itself", leftOvers: 1 });
});

linux("lets go of the output even where it cannot find who holds it", async () => {
  const pipes = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "PipeWrap").length;
  const { run } = createOwned();
  const before = pipes();
  const { stdout, leftOvers } = await run("escape");
  const isAlive = existsSync(`/proc/${Number(stdout)}`);
  const open = pipes();
  // A known limit: without tag, group and parents, nothing leads to it.
  process.kill(Number(stdout), "SIGKILL");
  expect({ leftOvers, isAlive, open }).toEqual({ leftOvers: 0, isAlive: true, open: before });
});

// Row 45.
it("passes on the first bytes of each stream and drops the rest", async () => {
  const { run } = createOwned();
  const end = await run("flood", { args: ["3000000", "70000"], maxOutputBytes: 65_537 });
  expect(end).toMatchObject({ exitCode: 0, truncated: { stdout: true, stderr: true } });
  expect([end.stdout.length, end.stderr.length]).toEqual([65_537, 65_537]);
});

it("passes on a stream that is exactly as long as the limit, and does not call it cut", async () => {
  const { run } = createOwned();
  const end = await run("flood", { args: ["65536", "0"], maxOutputBytes: 65_536 });
  expect(end.truncated).toEqual({ stdout: false, stderr: false });
  expect(end.stdout.length).toBe(65_536);
});

it("ends a line without an end by the time limit", async () => {
  const { run } = createHeld({ ab: TIMEOUT_MS });
  const end = await run("endless-line", { maxOutputBytes: 1_000 });
  expect(end).toMatchObject({ endedBy: "timeout", truncated: { stdout: true, stderr: false } });
  expect(end.stdout.length).toBe(1_000);
});

it("passes bytes on that are not UTF-8", async () => {
  const { run } = createOwned();
  expect((await run("invalid-utf8")).stdout).toBe("a\xff\xfeb\n");
});

// Row 46.
it("survives a program that does not read its input", async () => {
  const { run } = createOwned();
  const stdin = "x".repeat(5_000_000);
  expect(await run("read-nothing", { stdin })).toMatchObject({ exitCode: 0, endedBy: "itself" });
  expect(await run("hang", { stdin, timeoutMs: 50 })).toMatchObject({ endedBy: "timeout" });
});

it("survives an onOutput that throws or rejects, and says so once", async () => {
  const { processes, program, logged } = createOwned();
  const failing = [
    () => {
      throw new Error("mine");
    },
    // An async function where none is expected.
    (() => Promise.reject(new Error("mine"))) as () => void,
  ];
  for (const onOutput of failing) {
    const end = await processes.run(program(fixture("flood"), { args: ["200000", "200000"], onOutput }));
    expect(end).toMatchObject({ exitCode: 0 });
  }
  expect(logged).toEqual(Array(2).fill("onOutput threw an error. Its output may be incomplete."));
});

it.each([
  [
    "a program that does not exist",
    { command: "/nowhere/agent" },
    "ATLAS_HARNESS_UNAVAILABLE",
    '"/nowhere/agent" does not exist',
  ],
  [
    "a program without its interpreter",
    { command: fixture("missing-interpreter") },
    "ATLAS_HARNESS_UNAVAILABLE",
    "the program that its first line names",
  ],
  [
    "a file that is not executable",
    { command: fixture("not-executable") },
    "ATLAS_HARNESS_UNAVAILABLE",
    "is not executable",
  ],
  [
    "a folder that does not exist",
    { cwd: "/nowhere" },
    "ATLAS_HARNESS_CWD_REFUSED",
    'in "/nowhere": it does not exist',
  ],
  ["a file instead of a folder", { cwd: fixture("hang") }, "ATLAS_HARNESS_CWD_REFUSED", "it is not a folder"],
  ["a NUL in an argument", { args: ["a", "b\0c"] }, "ATLAS_HARNESS_INPUT_REFUSED", "args[1] holds a NUL"],
  ["a NUL in a variable", { env: { A: "\0" } }, "ATLAS_HARNESS_INPUT_REFUSED", "env.A holds a NUL"],
  [
    "an argument of 128 KiB",
    { args: ["a".repeat(131_072)] },
    "ATLAS_HARNESS_INPUT_REFUSED",
    "args[0] has 131072 bytes",
  ],
  [
    "128 KiB in fewer characters",
    { args: ["\u20ac".repeat(43_691)] },
    "ATLAS_HARNESS_INPUT_REFUSED",
    "args[0] has 131073 bytes",
  ],
  [
    "too many arguments",
    { args: Array(200).fill("a".repeat(131_071)) },
    "ATLAS_HARNESS_INPUT_REFUSED",
    "longer than the system allows",
  ],
])("refuses %s and leaves nothing", async (_, rest, code, message) => {
  const { processes, program, records } = createOwned();
  await expect(processes.run(program(fixture("hang"), rest))).rejects.toMatchObject({
    name: "HarnessError",
    code,
    message: expect.stringContaining(message),
  });
  expect(records()).toEqual([]);
});

it.each([
  ["a relative command", { command: "hang" }, 'The command "hang" must be an absolute path'],
  ["a run id that is a path", { runId: "../x" }, 'The runId "../x" must consist of'],
  ["no run id", { runId: "" }, "must consist of 1 to 128"],
  ["a time limit of nothing", { timeoutMs: 0 }, '"timeoutMs" is 0, but must be at least 1'],
  ["a limit that is no number", { idleTimeoutMs: Number.NaN }, '"idleTimeoutMs" is NaN'],
  ["a negative limit", { graceMs: -1 }, '"graceMs" is -1'],
])("throws a TypeError for %s", async (_, rest, message) => {
  const { processes, program } = createOwned();
  const running = processes.run(program(fixture("hang"), rest));
  await expect(running).rejects.toThrow(TypeError);
  await expect(running).rejects.toThrow(message);
});

it("refuses a run id that is in use, and takes it again afterwards", async () => {
  const { processes, program, run } = createOwned();
  const agent = await processes.start(program(fixture("hang"), { runId: "twice" }));
  await expect(run("hang", { runId: "twice" })).rejects.toThrow(
    'The runId "twice" names a program that runs',
  );
  await agent.end();
  expect(await run("print-argv", { runId: "twice" })).toMatchObject({ exitCode: 0 });
});

it("talks with a program over its standard streams, and ends it", async () => {
  const { processes, program } = createOwned();
  const agent = await processes.start(program("/bin/cat"));
  const answers = agent.stdout[Symbol.asyncIterator]();
  agent.stdin.write("question\n");
  expect(String((await answers.next()).value)).toBe("question\n");
  expect(await agent.end()).toMatchObject({ endedBy: "stop", signal: "SIGINT" });
  expect(await agent.ended).toMatchObject({ endedBy: "stop" });
  expect((await answers.next()).done).toBe(true);
  agent.stdin.write("too late, and no error of the host\n");
});

it("holds a program back whose output is read slowly, and cuts nothing", async () => {
  const { processes, program } = createOwned();
  const bytes = 3_000_000;
  const agent = await processes.start(
    program(fixture("flood"), { args: [String(bytes), "10"], maxOutputBytes: 5 }),
  );
  let read = 0;
  for await (const chunk of agent.stdout) read += chunk.length;
  expect(read).toBe(bytes);
  expect(await agent.ended).toMatchObject({ exitCode: 0, truncated: { stdout: false, stderr: true } });
});

it("ends everything when it stops, and refuses what comes later", async () => {
  const { processes, program, run, records } = createOwned();
  const ends = [run("ignore-signals", { graceMs: 20 }), run("hang"), run("hold-stdout")];
  await processes.start(program(fixture("hang")));
  const stopped = processes.stop();
  expect(processes.stop()).toBe(stopped);
  await stopped;
  expect(records()).toEqual([]);
  expect((await Promise.all(ends)).map(({ endedBy }) => endedBy).slice(0, 2)).toEqual(["stop", "stop"]);
  await expect(run("hang")).rejects.toMatchObject({ code: "ATLAS_HARNESS_UNAVAILABLE" });
});

linux("kills the groups of its programs when its process ends without stopping it", async () => {
  const { program, stateDir } = createOwned();
  const { runId } = program("");
  const config = JSON.stringify({
    stateDir,
    command: fixture("ignore-signals"),
    args: [],
    runId,
    exits: true,
  });
  const host = spawn(process.execPath, [fixture("owning-host.ts"), config], { stdio: "ignore" });
  expect(await once(host, "exit")).toEqual([3, null]);
  await vi.waitFor(() => expect(taggedPids(runId)).toEqual([]));
  // The next start removes it.
  rmSync(join(stateDir, "runs"), { recursive: true });
});

it("leaves no listener behind", async () => {
  const before = process.listenerCount("exit");
  const { run } = createOwned();
  const running = Promise.all([run("print-argv"), run("print-argv")]);
  expect(process.listenerCount("exit")).toBeLessThanOrEqual(before + 1);
  await running;
  expect(process.listenerCount("exit")).toBe(before);
});

it("ends a program that is about to start when it stops", async () => {
  const { processes, run } = createOwned();
  const end = run("hang");
  await processes.stop();
  expect(await end).toMatchObject({ endedBy: "stop" });
});

linux("writes a record before the start, for its owner's eyes alone, and removes it at the end", async () => {
  const { processes, program, run, stateDir } = createOwned();
  // The folder is made for the first record, and is there for the second.
  await run("print-argv");
  const agent = await processes.start(program(fixture("hang"), { runId: "recorded" }));
  const path = join(stateDir, "runs/recorded.json");
  const [launch, start] = readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const stat = readFileSync(`/proc/${start.child.pid}/stat`, "utf8").split(" ");
  expect(launch).toEqual({
    format: 1,
    run_id: "recorded",
    harness: "agent",
    owner: {
      pid: process.pid,
      start_time: readFileSync("/proc/self/stat", "utf8").split(") ")[1]?.split(" ")[19],
      boot_id: readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
    },
    started_at: expect.any(Number),
    cwd: stateDir,
  });
  expect(start.child.start_time).toBe(stat[21]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(join(stateDir, "runs")).mode & 0o777).toBe(0o700);
  await agent.end();
  expect(existsSync(path)).toBe(false);
});

it("starts nothing if the record cannot be written", async () => {
  const { stateDir, run, program } = createOwned();
  writeFileSync(join(stateDir, "runs"), "in the way");
  const { runId } = program("");
  await expect(run("hang", { runId })).rejects.toMatchObject({ code: "ATLAS_HARNESS_WORKSPACE_FAILED" });
  expect(taggedPids(runId)).toEqual([]);
});

it("says on which systems it cannot own processes", async () => {
  const { run, processes } = createOwned({ platform: "win32" });
  const refused = { code: "ATLAS_HARNESS_PLATFORM_UNSUPPORTED", details: { platform: "win32" } };
  await expect(run("hang")).rejects.toMatchObject(refused);
  await expect(processes.find("sh", { harness: "agent", env: process.env })).rejects.toMatchObject(refused);
});

it("refuses unknown options and a relative state folder", () => {
  const misspelt = { statedir: "/x" } as object as OwnedProcessesOptions;
  expect(() => createOwnedProcesses(misspelt)).toThrow('Did you mean "stateDir"?');
  expect(() => createOwnedProcesses({ stateDir: "state" })).toThrow('"stateDir" must be an absolute path');
});
