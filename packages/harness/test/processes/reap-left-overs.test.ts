import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { reapLeftOvers } from "../../src/processes/reap-left-overs.ts";
import { createOwned, fixture, listRecords, logInto, taggedPids } from "../support/owned.ts";

const linux = it.runIf(process.platform === "linux");
const bootId =
  process.platform === "linux" ? readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim() : "";
const NOBODY = { pid: 999_999_999, start_time: "1", boot_id: bootId };

/** A state folder with records of runs, as an earlier process may have left them. */
function createState(): {
  readonly stateDir: string;
  write(name: string, ...lines: readonly unknown[]): void;
} {
  const stateDir = mkdtempSync(join(tmpdir(), "reap-"));
  onTestFinished(() => rmSync(stateDir, { recursive: true }));
  mkdirSync(join(stateDir, "runs"));
  return {
    stateDir,
    write(name, ...lines) {
      const text = lines
        .map((line) => (typeof line === "string" ? line : `${JSON.stringify(line)}\n`))
        .join("");
      writeFileSync(join(stateDir, "runs", name), text);
    },
  };
}

function launch(runId: string, rest: object = {}): object {
  return { format: 1, run_id: runId, harness: "agent", owner: NOBODY, started_at: 1, cwd: "/", ...rest };
}

function startTimeOf(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[19] ?? "";
}

/** A process that belongs to nobody's run, or carries a tag. It is ended with the test. */
function startSleeper(tag?: string): ChildProcess & { readonly pid: number } {
  const env = { PATH: "/usr/bin:/bin", ...(tag !== undefined && { ATLAS_HARNESS_RUN: tag }) };
  const child = spawn("/bin/sleep", ["600"], { env, detached: true, stdio: "ignore" });
  const { pid } = child;
  if (pid === undefined) throw new Error("sleep did not start");
  const exited = once(child, "exit");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  return Object.assign(child, { pid });
}

// Row 47.
linux.each([
  ["in its group", "hang", []],
  ["in a session of its own", "leave-on", []],
])("ends what a killed process has left behind %s", async (_, name, args) => {
  const { stateDir } = createState();
  const runId = randomUUID();
  const config = JSON.stringify({ stateDir, command: fixture(name), args, runId });
  const host = spawn(process.execPath, [fixture("owning-host.ts"), config], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(host, "exit");
  await once(host.stdout, "data");

  // While the owner is alive, its runs are its own.
  expect(await reapLeftOvers({ stateDir })).toEqual({ runs: 0, processes: 0, alive: 1, broken: 0 });
  expect(taggedPids(runId).length).toBeGreaterThanOrEqual(1);

  host.kill("SIGKILL");
  await exited;
  const left = taggedPids(runId).length;
  expect(left).toBeGreaterThanOrEqual(1);
  expect(listRecords(stateDir)).toEqual([`${runId}.json`]);
  expect(await reapLeftOvers({ stateDir })).toEqual({ runs: 1, processes: left, alive: 0, broken: 0 });
  expect(taggedPids(runId)).toEqual([]);
  expect(listRecords(stateDir)).toEqual([]);
});

linux("never kills a process whose pid a record names, but which started at another time", async () => {
  const { stateDir, write } = createState();
  const foreign = startSleeper();
  write("r1.json", launch("r1"), { child: { pid: foreign.pid, start_time: "1" } });
  expect(await reapLeftOvers({ stateDir })).toEqual({ runs: 1, processes: 0, alive: 0, broken: 0 });
  expect(existsSync(`/proc/${foreign.pid}`)).toBe(true);
  expect(foreign.exitCode ?? foreign.signalCode).toBeNull();
  expect(listRecords(stateDir)).toEqual([]);
});

linux("leaves a group alone that has the number of a run's, but no leader to tell whose it is", async () => {
  const { stateDir, write } = createState();
  const script = "sleep 600 >/dev/null & echo $!";
  const leader = spawn("/bin/sh", ["-c", script], { detached: true, stdio: ["ignore", "pipe", "ignore"] });
  const [[member]] = await Promise.all([once(leader.stdout, "data"), once(leader, "close")]);
  onTestFinished(() => void process.kill(Number(member), "SIGKILL"));
  write("r1.json", launch("r1"), { child: { pid: leader.pid, start_time: "1" } });
  expect(await reapLeftOvers({ stateDir })).toEqual({ runs: 1, processes: 0, alive: 0, broken: 0 });
});

linux("kills a process that has lost its tag, if it started when the record says", async () => {
  const { stateDir, write } = createState();
  const child = startSleeper();
  write("r1.json", launch("r1"), { child: { pid: child.pid, start_time: startTimeOf(child.pid) } });
  const exited = once(child, "exit");
  expect(await reapLeftOvers({ stateDir })).toMatchObject({ runs: 1, processes: 1 });
  await exited;
});

linux("finds a run by its tag alone, where its start was not noted or the note is damaged", async () => {
  const { stateDir, write } = createState();
  const runIds = [randomUUID(), randomUUID()];
  const children = runIds.map((runId) => startSleeper(runId));
  write("a.json", launch(runIds[0] ?? ""));
  write("b.json", launch(runIds[1] ?? ""), '{"child":{"pid"');
  const exits = children.map((child) => once(child, "exit"));
  expect(await reapLeftOvers({ stateDir })).toMatchObject({ runs: 2, processes: 2, broken: 0 });
  await Promise.all(exits);
});

linux("kills nothing for a run of an earlier start of the machine, and forgets it", async () => {
  const { stateDir, write } = createState();
  const runId = randomUUID();
  const child = startSleeper(runId);
  write(
    "r1.json",
    launch(runId, { owner: { pid: process.pid, start_time: startTimeOf(process.pid), boot_id: "earlier" } }),
    {
      child: { pid: child.pid, start_time: startTimeOf(child.pid) },
    },
  );
  expect(await reapLeftOvers({ stateDir })).toEqual({ runs: 1, processes: 0, alive: 0, broken: 0 });
  expect(taggedPids(runId)).toEqual([child.pid]);
  expect(listRecords(stateDir)).toEqual([]);
});

linux(
  "leaves the runs of a living owner alone, and takes an owner whose pid was given away for dead",
  async () => {
    const { stateDir, write } = createState();
    const owner = { pid: process.pid, start_time: startTimeOf(process.pid), boot_id: bootId };
    write("alive.json", launch("r1", { owner }));
    write("dead.json", launch("r2", { owner: { ...owner, start_time: "1" } }));
    expect(await reapLeftOvers({ stateDir })).toEqual({ runs: 1, processes: 0, alive: 1, broken: 0 });
    expect(listRecords(stateDir)).toEqual(["alive.json"]);
  },
);

linux("leaves its own runs alone", async () => {
  const { processes, program, stateDir } = createOwned();
  const agent = await processes.start(program(fixture("hang")));
  expect(await reapLeftOvers({ stateDir })).toMatchObject({ runs: 0, alive: 1 });
  expect(await agent.end()).toMatchObject({ endedBy: "stop" });
});

linux.each([
  ["no JSON", "{"],
  ["no object", "[]\n"],
  ["no run id", JSON.stringify({ ...launch("x"), run_id: "" })],
  ["no owner", JSON.stringify({ ...launch("x"), owner: null })],
  ["an owner that is no process", JSON.stringify({ ...launch("x"), owner: { ...NOBODY, pid: -1 } })],
  ["the group of everyone", JSON.stringify({ ...launch("x"), owner: { ...NOBODY, pid: 0 } })],
  ["too much", " ".repeat(70_000)],
])("moves a record aside that holds %s, and says so", async (_, text) => {
  const { stateDir, write } = createState();
  write("x.json", text);
  const logged: string[] = [];
  expect(await reapLeftOvers({ stateDir, log: logInto(logged) })).toEqual({
    runs: 0,
    processes: 0,
    alive: 0,
    broken: 1,
  });
  expect(listRecords(stateDir)).toEqual(["x.json.broken"]);
  expect(logged).toEqual([
    "A launch record cannot be read, and was moved aside. Processes may be left of its run.",
  ]);
  expect(await reapLeftOvers({ stateDir })).toMatchObject({ broken: 0 });
});

linux("takes a child that is no process for none", async () => {
  const { stateDir, write } = createState();
  for (const [index, pid] of [0, -1, 1.5, "1"].entries())
    write(`${index}.json`, launch("r1"), { child: { pid, start_time: "1" } });
  expect(await reapLeftOvers({ stateDir })).toEqual({ runs: 4, processes: 0, alive: 0, broken: 0 });
});

linux("neither waits for a pipe in the place of a record, nor follows a link", async () => {
  const { stateDir, write } = createState();
  write("../elsewhere.json", launch("r1"));
  symlinkSync("../elsewhere.json", join(stateDir, "runs/link.json"));
  execFileSync("mkfifo", [join(stateDir, "runs/pipe.json")]);
  expect(await reapLeftOvers({ stateDir })).toEqual({ runs: 0, processes: 0, alive: 0, broken: 2 });
});

linux("removes an empty record, and leaves one of another version and other files alone", async () => {
  const { stateDir, write } = createState();
  write("empty.json", "");
  write("later.json", { format: 2, run: "r1" });
  write("notes.txt", "mine");
  expect(await reapLeftOvers({ stateDir })).toEqual({ runs: 0, processes: 0, alive: 0, broken: 0 });
  expect(listRecords(stateDir)).toEqual(["later.json", "notes.txt"]);
});

it("finds nothing where nothing was ever run", async () => {
  expect(await reapLeftOvers({ stateDir: join(tmpdir(), "never") })).toEqual({
    runs: 0,
    processes: 0,
    alive: 0,
    broken: 0,
  });
});

linux("says where it cannot read the records", async () => {
  const { stateDir } = createState();
  rmSync(join(stateDir, "runs"), { recursive: true });
  writeFileSync(join(stateDir, "runs"), "in the way");
  await expect(reapLeftOvers({ stateDir })).rejects.toMatchObject({
    code: "ATLAS_HARNESS_WORKSPACE_FAILED",
    details: { path: join(stateDir, "runs") },
  });
});

it("says on which systems it cannot find processes, and refuses unknown options", async () => {
  await expect(reapLeftOvers({ stateDir: "/x", platform: "win32" })).rejects.toMatchObject({
    code: "ATLAS_HARNESS_PLATFORM_UNSUPPORTED",
  });
  await expect(
    reapLeftOvers({ stateDir: "/x", dryRun: true } as object as { stateDir: string }),
  ).rejects.toThrow(TypeError);
});
