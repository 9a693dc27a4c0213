import { expect, it } from "vitest";
import { endProcesses } from "../../src/processes/end-processes.ts";
import type { ProcessSystem } from "../../src/processes/process-system.ts";
import type { ProcessRow } from "../../src/processes/process-table.ts";
import { logInto } from "../support/owned.ts";

const run = { runId: "r", ownsGroupWithoutLeader: true };

function row(pid: number, rest: Partial<ProcessRow> = {}): ProcessRow {
  return { pid, parentPid: 1, groupId: pid, startTime: "1", environment: "read", runId: "r", ...rest };
}

/** Looks at one table after the other, then at the last one again and again. */
function createSystem(
  tables: readonly (readonly ProcessRow[] | Error)[],
  { overlooksNothing = false } = {},
): ProcessSystem & { readonly looks: number } {
  let looks = 0;
  return {
    readsEnvironments: true,
    overlooksNothing,
    bootId: () => "boot",
    startTimeOf: () => undefined,
    isAlive: () => false,
    async list() {
      const table = tables[Math.min(looks, tables.length - 1)] ?? [];
      looks += 1;
      if (table instanceof Error) throw table;
      return table;
    },
    get looks() {
      return looks;
    },
  };
}

async function end(system: ProcessSystem, kill: (pid: number) => void = () => undefined) {
  const killed: number[] = [];
  const logged: string[] = [];
  const count = await endProcesses(run, {
    system,
    log: logInto(logged),
    self: 50,
    pause: async () => undefined,
    kill(pid, signal) {
      expect(signal).toBe("SIGKILL");
      kill(pid);
      killed.push(pid);
    },
  });
  return { count, killed, logged };
}

const bystander = row(9, { runId: "other" });

it("looks until two looks in a row find nothing", async () => {
  const system = createSystem([
    [bystander],
    [bystander, row(101)],
    [bystander],
    [bystander, row(102)],
    [bystander],
  ]);
  expect(await end(system)).toEqual({ count: 2, killed: [101, 102], logged: [] });
  expect(system.looks).toBe(6);
});

it("looks once where a look overlooks nothing, and once more after it has killed something", async () => {
  const quiet = createSystem([[bystander]], { overlooksNothing: true });
  expect(await end(quiet)).toEqual({ count: 0, killed: [], logged: [] });
  expect(quiet.looks).toBe(1);
  const killing = createSystem([[row(101)], [bystander]], { overlooksNothing: true });
  expect(await end(killing)).toMatchObject({ count: 1 });
  expect(killing.looks).toBe(3);
});

it("counts a process once, however often it is killed, and another one with its pid as well", async () => {
  const system = createSystem([[row(101)], [row(101)], [row(101, { startTime: "2" })], [bystander]]);
  expect(await end(system)).toMatchObject({ count: 2, killed: [101, 101, 101] });
});

it("looks again at a process that is just being replaced by another program", async () => {
  const { runId: _, ...untagged } = row(101);
  const system = createSystem([[{ ...untagged, environment: "empty" }], [row(101)], [bystander]]);
  expect(await end(system)).toMatchObject({ count: 1, killed: [101] });
});

it("looks again at each process that is just being replaced, however many there were", async () => {
  const { runId: _, ...untagged } = row(0);
  const replaced = Array.from({ length: 30 }, (_, index): readonly ProcessRow[] => [
    { ...untagged, pid: 200 + index, environment: "empty" },
  ]);
  expect(await end(createSystem([...replaced, [row(230)], [bystander]]))).toMatchObject({
    count: 1,
    killed: [230],
  });
});

it("does not wait for a process that runs without an environment", async () => {
  const { runId: _, ...untagged } = row(101);
  const system = createSystem([[{ ...untagged, environment: "empty" }]]);
  expect(await end(system)).toEqual({ count: 0, killed: [], logged: [] });
  expect(system.looks).toBeLessThan(20);
});

it("gives up on a process of another user, and says so", async () => {
  const system = createSystem([[row(101), row(102)], [row(101)]]);
  const { count, killed, logged } = await end(system, (pid) => {
    if (pid === 101) throw Object.assign(new Error("not permitted"), { code: "EPERM" });
  });
  expect({ count, killed }).toEqual({ count: 1, killed: [102] });
  expect(logged).toEqual(["Processes of an agent belong to another user and were not ended."]);
});

it("gives up on a process that does not end, and says so", async () => {
  const system = createSystem([[row(101)]]);
  const { count, logged } = await end(system);
  expect({ count, logged }).toEqual({ count: 1, logged: ["Processes of an agent do not end."] });
  expect(system.looks).toBeLessThan(1_000);
});

it("does not count a process that ended by itself before it was killed", async () => {
  const system = createSystem([[row(101)], [bystander]]);
  const gone = (): never => {
    throw Object.assign(new Error("no such process"), { code: "ESRCH" });
  };
  expect(await end(system, gone)).toEqual({ count: 0, killed: [], logged: [] });
});

it("never rejects: what it cannot look for, it logs", async () => {
  expect(await end(createSystem([[row(101)], new Error("no /proc")]))).toEqual({
    count: 1,
    killed: [101],
    logged: ["Processes of an agent could not be looked for."],
  });
});

it("kills what was found, and nothing of the run it was not asked for", async () => {
  expect(await end(createSystem([[bystander, row(50), row(101)], [bystander]]))).toMatchObject({
    killed: [101],
  });
});
