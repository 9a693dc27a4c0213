import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dueRuns, parseSchedule } from "../../src/contract/schedule.ts";
import type { Schedule } from "../../src/index.ts";
import { createPluginRegistry } from "../../src/runtime.ts";

const at = (time: string): number => Date.parse(time);
const times = (schedule: Schedule, from: string, count: number): string[] => {
  const timetable = parseSchedule(schedule, "This");
  const found: string[] = [];
  for (let next = timetable.next(at(from)); found.length < count; next = timetable.next(next))
    found.push(new Date(next).toISOString());
  return found;
};

describe("a schedule", () => {
  it("of a pause comes at once, and then as often as it says", () => {
    expect(parseSchedule({ everyMs: 60_000 }, "This").first(5)).toBe(5);
    expect(times({ everyMs: 60_000 }, "2026-01-01T00:00:30Z", 2)).toEqual([
      "2026-01-01T00:01:30.000Z",
      "2026-01-01T00:02:30.000Z",
    ]);
  });

  it("of the calendar is read in its time zone, also when the clocks change", () => {
    expect(times({ cron: "0 7 * * 1-5" }, "2026-11-20T08:00:00Z", 2)).toEqual([
      "2026-11-23T07:00:00.000Z",
      "2026-11-24T07:00:00.000Z",
    ]);
    expect(times({ cron: "0 7 * * *", timeZone: "Europe/Vienna" }, "2026-10-24T00:00:00Z", 3)).toEqual([
      "2026-10-24T05:00:00.000Z",
      "2026-10-25T06:00:00.000Z",
      "2026-10-26T06:00:00.000Z",
    ]);
  });

  it.each([
    ["nonsense", { cron: "every day" }, '"every day" is not a cron expression'],
    ["an empty expression", { cron: "" }, "is not a cron expression"],
    ["a minute that no hour has", { cron: "61 * * * *" }, "is not a cron expression"],
    ["a day that never comes", { cron: "0 0 30 2 *" }, "never comes due"],
    [
      "a time zone that is none",
      { cron: "0 7 * * *", timeZone: "Mars/Olympus" },
      'schedule.timeZone "Mars/Olympus" is unknown',
    ],
    ["no pause at all", { everyMs: 0 }, "everyMs 0"],
    ["a pause that is no number", { everyMs: Number.NaN }, "everyMs NaN"],
    ["a pause of more than a year", { everyMs: 1e12 }, "to a year"],
    ["two kinds of times", { everyMs: 60_000, cron: "* * * * *" }, "has both cron and everyMs"],
    [
      "a pause in a time zone",
      { everyMs: 60_000, timeZone: "UTC" } as Schedule,
      "timeZone is the zone of cron",
    ],
    [
      "an unknown policy",
      { everyMs: 60_000, onMissed: "twice" as never },
      'onMissed must be "skip" or "once" or "all"',
    ],
  ] satisfies readonly (readonly [string, Schedule, string])[])(
    "of %s is refused when it is registered",
    (_, schedule, message) => {
      const registry = createPluginRegistry();
      const register = () => registry.registerSource({ id: "feed", schedule, sync: async () => undefined });
      expect(register).toThrow(TypeError);
      expect(register).toThrow(message);
      expect(register).toThrow('The source "feed"');
      expect(registry.sources.size).toBe(0);
    },
  );
});

describe("what is due", () => {
  const timetable = parseSchedule({ everyMs: 60_000 }, "This");
  const due = (onMissed: Schedule["onMissed"], lateMs: number) =>
    dueRuns(timetable, { nextAt: 0, now: lateMs, onMissed }).runs;

  it("is one run for all that was missed, none, or each, as the schedule says", () => {
    expect([due("once", 0), due("skip", 0), due("all", 0)]).toEqual([[0], [0], [0]]);
    expect([due(undefined, 180_000), due("skip", 180_000)]).toEqual([[0], []]);
    expect(due("all", 180_000)).toEqual([0, 60_000, 120_000, 180_000]);
  });

  it("is never more than fits one commit, and never comes twice", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("skip", "once", "all", undefined),
        fc.array(fc.integer({ min: 0, max: 100_000_000 }), { maxLength: 20 }),
        (onMissed, steps) => {
          let now = 0;
          let nextAt = 0;
          let last = -1;
          for (const step of steps) {
            now += step;
            if (nextAt > now) continue;
            const { runs, through } = dueRuns(timetable, { nextAt, now, onMissed });
            expect(runs.length).toBeLessThanOrEqual(900);
            for (const run of runs) {
              expect(run).toBeGreaterThan(last);
              last = run;
            }
            nextAt = timetable.next(through);
            expect(nextAt).toBeGreaterThan(last);
          }
        },
      ),
    );
  });
});
