import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { createLinuxProcesses } from "../../src/processes/linux-processes.ts";
import type { ProcessSystem } from "../../src/processes/process-system.ts";

interface Written {
  readonly name?: string;
  readonly state?: string;
  readonly startTime?: number;
  /** Default: 100, which is that of the leader. */
  readonly sessionId?: number;
  readonly environ?: string | undefined;
}

/** A `/proc` of our own. The machine has been up for 100 s, and `latest` is the pid that was given away last. */
function createProc({ latest = 0, uptime = 100 } = {}): {
  readonly system: ProcessSystem;
  readonly proc: string;
  add(pid: number, written?: Written): void;
} {
  const proc = mkdtempSync(join(tmpdir(), "proc-"));
  onTestFinished(() => rmSync(proc, { recursive: true }));
  mkdirSync(join(proc, "sys/kernel/random"), { recursive: true });
  writeFileSync(join(proc, "sys/kernel/random/boot_id"), "boot-1\n");
  writeFileSync(join(proc, "loadavg"), `0.10 0.20 0.30 1/90 ${latest}\n`);
  writeFileSync(join(proc, "uptime"), `${uptime} 3.00\n`);
  return {
    system: createLinuxProcesses({ proc }),
    proc,
    add(pid, { name = "sh", state = "S", startTime = 9_950, sessionId = 100, environ = "A=1\0" } = {}) {
      const folder = join(proc, String(pid));
      mkdirSync(folder);
      const fields = [state, 1, 7, sessionId, ...Array(15).fill(0), startTime, 0, 0];
      writeFileSync(join(folder, "stat"), `${pid} (${name}) ${fields.join(" ")}\n`);
      // A folder cannot be read either.
      if (environ === "hidden") mkdirSync(join(folder, "environ"));
      else if (environ !== "gone") writeFileSync(join(folder, "environ"), environ);
    },
  };
}

const leader = { pid: 100, startTime: "9950" };
const pids = async (system: ProcessSystem): Promise<readonly number[]> =>
  (await system.list(leader)).map(({ pid }) => pid).sort((left, right) => left - right);

it("reads who a process is, whatever its name", async () => {
  const { system, add } = createProc();
  add(100, { name: "a) S 9 (b\n) Z 1", environ: "HOME=/\0ATLAS_HARNESS_RUN=run-1\0LAST=1\0" });
  expect(await system.list()).toEqual([
    {
      pid: 100,
      parentPid: 1,
      groupId: 7,
      sessionId: 100,
      startTime: "9950",
      environment: "read",
      runId: "run-1",
    },
  ]);
  expect(system.bootId()).toBe("boot-1");
});

it.each([
  ["alone", "ATLAS_HARNESS_RUN=run-1", "run-1"],
  ["first", "ATLAS_HARNESS_RUN=run-1\0A=1\0", "run-1"],
  ["last, without an end", "A=1\0ATLAS_HARNESS_RUN=run-1", "run-1"],
  ["within another name", "MY_ATLAS_HARNESS_RUN=run-1\0", undefined],
  ["within a value", "A=ATLAS_HARNESS_RUN=run-1\0", undefined],
  ["with a longer name", "ATLAS_HARNESS_RUNS=run-1\0", undefined],
])("finds the tag %s", async (_, environ, runId) => {
  const { system, add } = createProc();
  add(100, { environ });
  expect((await system.list())[0]?.runId).toBe(runId);
});

it("leaves out what has ended, and tells what it could not read", async () => {
  const { system, add } = createProc();
  add(100, { state: "Z" });
  add(101, { state: "X" });
  add(102, { environ: "hidden" });
  add(103, { environ: "" });
  add(104, { environ: "gone" });
  expect((await system.list()).map(({ pid, environment }) => [pid, environment])).toEqual([
    [102, "hidden"],
    [103, "empty"],
  ]);
});

it("leaves out a pid that is given to another process while it is read", async () => {
  const { proc, add } = createProc();
  add(100);
  let reads = 0;
  const system = createLinuxProcesses({
    proc,
    readText(path) {
      if (path.endsWith("/environ")) return "ATLAS_HARNESS_RUN=run-1\0";
      if (!path.endsWith("/stat")) return "";
      reads += 1;
      return `100 (sh) S 1 7 100 ${"0 ".repeat(15)}${reads} 0`;
    },
  });
  expect(await system.list()).toEqual([]);
  expect(reads).toBe(2);
});

it("tells a process that has ended from one that is alive, and from another one with its pid", async () => {
  const { system, add } = createProc();
  add(100, { state: "Z" });
  add(101);
  // Its parent has not noticed yet, so its pid still is its own.
  expect(system.startTimeOf(100)).toBe("9950");
  expect(system.startTimeOf(102)).toBeUndefined();
  expect(await system.isAlive({ pid: 100, startTime: "9950" })).toBe(false);
  expect(await system.isAlive({ pid: 101, startTime: "9950" })).toBe(true);
  expect(await system.isAlive({ pid: 101, startTime: "9951" })).toBe(false);
  expect(await system.isAlive({ pid: 102, startTime: "9950" })).toBe(false);
});

it("looks only at younger pids right after a start", async () => {
  const { system, add } = createProc({ latest: 103 });
  for (const pid of [90, 100, 102, 104]) add(pid);
  expect(await pids(system)).toEqual([100, 102]);
});

it("looks only at younger pids right after a start, also of many", async () => {
  const { system, add } = createProc({ latest: 300 });
  for (const pid of [90, 100, 102, 300, 304]) add(pid);
  expect(await pids(system)).toEqual([100, 102, 300]);
});

it("leaves out older sessions right after a start, but not once pids may have been used again", async () => {
  const young = createProc({ latest: 103 });
  const old = createProc({ latest: 103, uptime: 110 });
  for (const { add } of [young, old]) {
    add(101, { sessionId: 99 });
    add(102, { sessionId: 100 });
    add(103, { sessionId: 103 });
  }
  expect(await pids(young.system)).toEqual([102, 103]);
  expect(await pids(old.system)).toEqual([101, 102, 103]);
});

it("catches up with what is started while it looks", async () => {
  const { proc, add } = createProc();
  for (const pid of [90, 100]) add(pid);
  let latest = 100;
  const system = createLinuxProcesses({
    proc,
    readText(path) {
      if (path.endsWith("/loadavg")) return `1/90 ${latest}`;
      // Each one starts the next one, and ends.
      const pid = /(\d+)\/environ$/.exec(path)?.[1];
      if (Number(pid) === latest && latest < 105) {
        rmSync(join(proc, String(latest)), { recursive: true });
        latest += 1;
        add(latest);
        throw Object.assign(new Error("gone"), { code: "ESRCH" });
      }
      return readFileSync(path, "utf8");
    },
  });
  expect(await pids(system)).toEqual([105]);

  latest = 50;
  add(51);
  rmSync(join(proc, "105"), { recursive: true });
  // All of them are looked at, and what is started afterwards.
  expect(await pids(system)).toEqual([51, 90]);
});

it("looks again where pids have started again from the lowest while it looked", async () => {
  const { proc, add } = createProc();
  for (const pid of [90, 300]) add(pid);
  let latest = 300;
  const system = createLinuxProcesses({
    proc,
    readText(path) {
      if (path.endsWith("/loadavg")) return `1/90 ${latest}`;
      if (path.endsWith("/300/environ") && latest === 300) {
        latest = 20;
        add(20);
      }
      return readFileSync(path, "utf8");
    },
  });
  expect(await pids(system)).toEqual([20, 90, 300]);
});

it("knows whether the system tells the latest pid, without which a look may overlook something", () => {
  expect(createProc({ latest: 5 }).system.overlooksNothing).toBe(true);
  expect(createProc({ latest: Number.NaN }).system.overlooksNothing).toBe(false);
  expect(createProc({ latest: 0 }).system.overlooksNothing).toBe(false);
});

it("takes a thread for no process of its own", async () => {
  const { proc, system, add } = createProc({ latest: 102 });
  for (const pid of [100, 101, 102]) add(pid, { environ: "ATLAS_HARNESS_RUN=r\0" });
  writeFileSync(join(proc, "101/status"), "Name:\tnode\nTgid:\t100\nPid:\t101\n");
  writeFileSync(join(proc, "102/status"), "Name:\tnode\nTgid:\t102\nPid:\t102\n");
  expect(await pids(system)).toEqual([100, 102]);
});

it("looks at all pids, and at their age, once pids may have been used again", async () => {
  const { system, add } = createProc({ latest: 103, uptime: 100.6 });
  for (const pid of [90, 100, 104]) add(pid);
  add(91, { startTime: 9_949 });
  expect(await pids(system)).toEqual([90, 100, 104]);
});

it("looks at all pids where they have started again from the lowest", async () => {
  const { system, add } = createProc({ latest: 99 });
  for (const pid of [90, 104]) add(pid);
  expect(await pids(system)).toEqual([90, 104]);
});

it("looks at all pids where the system does not tell the latest", async () => {
  const { system, add } = createProc({ latest: Number.NaN });
  for (const pid of [90, 104]) add(pid);
  expect(await pids(system)).toEqual([90, 104]);
});

it("reads more processes than it takes in one turn", async () => {
  const { system, add } = createProc();
  for (let pid = 1; pid <= 200; pid += 1) add(pid);
  expect(await system.list()).toHaveLength(200);
});
