import { expect, it } from "vitest";
import { type ProcessRow, processesOfRun, type RunToEnd } from "../../src/processes/process-table.ts";

const SELF = 50;
const leader = { pid: 100, startTime: "1000" };
const run: RunToEnd = { runId: "r", leader, ownsGroupWithoutLeader: true };

function row(pid: number, rest: Partial<ProcessRow> = {}): ProcessRow {
  return {
    pid,
    parentPid: 1,
    groupId: pid,
    sessionId: pid,
    startTime: `${pid}0`,
    environment: "read",
    ...rest,
  };
}

const pidsOf = (table: readonly ProcessRow[], of: RunToEnd = run): readonly number[] =>
  processesOfRun(table, of, SELF).map(({ pid }) => pid);

it("picks by tag, group, session and parents, and nothing else", () => {
  const table = [
    row(SELF),
    row(100, { parentPid: SELF }),
    row(101, { groupId: 100, environment: "hidden" }),
    row(102, { sessionId: 100 }),
    row(103, { runId: "r" }),
    row(104, { parentPid: 105 }),
    row(105, { parentPid: 103 }),
    row(106, { runId: "other" }),
    row(107, { parentPid: SELF }),
  ];
  expect([...pidsOf(table)].sort()).toEqual([100, 101, 102, 103, 104, 105]);
});

it("never picks the process that asks, whatever it carries", () => {
  expect(pidsOf([row(SELF, { runId: "r", groupId: 100, sessionId: 100, parentPid: 100 }), row(100)])).toEqual(
    [100],
  );
});

it("leaves a process of another user alone, unless it is in the group", () => {
  const table = [
    row(100),
    row(101, { sessionId: 100, environment: "hidden" }),
    row(102, { parentPid: 100, environment: "hidden" }),
  ];
  expect(pidsOf(table)).toEqual([100]);
});

it("leaves the group alone if its number belongs to another process now", () => {
  const table = [
    row(100, { startTime: "later" }),
    row(101, { groupId: 100, sessionId: 100 }),
    row(102, { runId: "r" }),
  ];
  expect(pidsOf(table)).toEqual([102]);
});

it("takes a group without its leader for its own only where it cannot be another one", () => {
  const table = [row(101, { groupId: 100, sessionId: 100 })];
  expect(pidsOf(table)).toEqual([101]);
  expect(pidsOf(table, { ...run, ownsGroupWithoutLeader: false })).toEqual([]);
  expect(
    pidsOf([row(100, { startTime: "1000" }), ...table], { ...run, ownsGroupWithoutLeader: false }),
  ).toEqual([100, 101]);
});

it("goes by the tag alone where the leader is not known", () => {
  const table = [row(101, { groupId: 100 }), row(102, { runId: "r" })];
  expect(pidsOf(table, { runId: "r", ownsGroupWithoutLeader: true })).toEqual([102]);
});

it("picks what was seen earlier, unless the pid is another process's now", () => {
  const seen = [
    { pid: 101, startTime: "1010" },
    { pid: 102, startTime: "earlier" },
  ];
  expect(pidsOf([row(101), row(102), row(103, { parentPid: 101 })], { ...run, seen })).toEqual([101, 103]);
});

it("ends for parents that are each other's", () => {
  expect(pidsOf([row(101, { parentPid: 102, runId: "r" }), row(102, { parentPid: 101 })])).toEqual([
    101, 102,
  ]);
});
