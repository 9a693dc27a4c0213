import { expect, it } from "vitest";
import { soak } from "./soak/soak.ts";

it("loses nothing, doubles nothing and leaves nothing undone when it is killed again and again", async () => {
  const report = await soak({ durationMs: 3_000 });
  expect(report.problems).toEqual([]);
  expect(report.kills).toBeGreaterThan(0);
  expect(report.numbers).toBeGreaterThan(0);
}, 120_000);
