import { expect, it } from "vitest";
import { soakHttp } from "./soak/soak.ts";

it("keeps every change that it has answered, once, when it is killed again and again", async () => {
  const report = await soakHttp({ durationMs: 3_000 });
  expect(report.problems).toEqual([]);
  expect(report.kills).toBeGreaterThan(0);
  expect(report.answered).toBeGreaterThan(0);
}, 120_000);
