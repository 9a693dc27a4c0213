import { expect, it } from "vitest";
import { soak } from "./soak/soak.ts";

it("leaves no process, workspace or half of a change behind when its host is killed among agents", async () => {
  const { problems, hostsKilled, outcomes } = await soak({ runs: 12, concurrency: 4, seed: 10, quick: true });
  expect(problems).toEqual([]);
  expect(hostsKilled).toBe(1);
  expect(outcomes["apply"]).toBeGreaterThan(0);
}, 60_000);
