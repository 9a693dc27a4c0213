import { expect, it } from "vitest";
import { createMacProcesses, parseProcessTable } from "../../src/processes/mac-processes.ts";

const table = [
  "    1     0     1 Ss   Sat Nov 21 09:00:01 2026",
  "  400     1   400 Ss   Sun Nov 22 10:00:00 2026    ",
  "  401   400   401 S+   Sun Nov  2 10:00:01 2026",
  "  402   400   402 Z    Sun Nov 22 10:00:02 2026",
  "",
].join("\n");

it("reads the table of ps, without processes that have ended", () => {
  expect(parseProcessTable(table)).toEqual([
    { pid: 1, parentPid: 0, groupId: 1, startTime: "Sat Nov 21 09:00:01 2026", environment: "unknown" },
    { pid: 400, parentPid: 1, groupId: 400, startTime: "Sun Nov 22 10:00:00 2026", environment: "unknown" },
    { pid: 401, parentPid: 400, groupId: 401, startTime: "Sun Nov  2 10:00:01 2026", environment: "unknown" },
  ]);
  expect(parseProcessTable("")).toEqual([]);
  expect(parseProcessTable("ps: illegal option -- x\n")).toEqual([]);
});

it("tells when the machine and a process were started, and whether that one is alive", async () => {
  const asked: string[] = [];
  const system = createMacProcesses(async (file, args) => {
    asked.push(file);
    return args.includes("kern.bootsessionuuid") ? "1F3B\n" : table;
  });
  expect([await system.bootId(), await system.bootId()]).toEqual(["1F3B", "1F3B"]);
  expect(asked).toEqual(["/usr/sbin/sysctl"]);
  expect(await system.startTimeOf(401)).toBe("Sun Nov  2 10:00:01 2026");
  expect(await system.startTimeOf(402)).toBeUndefined();
  expect(await system.isAlive({ pid: 401, startTime: "Sun Nov  2 10:00:01 2026" })).toBe(true);
  expect(await system.isAlive({ pid: 401, startTime: "Sun Nov  2 10:00:02 2026" })).toBe(false);
  expect(await system.list()).toHaveLength(3);
});
