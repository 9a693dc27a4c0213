import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import type { KillPoint } from "./fixtures/wait-host.ts";
import { startHost } from "./support/host-process.ts";

const points: readonly KillPoint[] = [1, 2].flatMap((nth) =>
  (["claim", "park", "answer", "end"] as const).flatMap((what) =>
    (["before", "after"] as const).map((when) => ({ when, what, nth })),
  ),
);
// A soak asks for more: WAIT_KILLS=200 npm run test:unit -- packages/gateway/test/wait-kills.test.ts
const KILLS = Number(process.env["WAIT_KILLS"] ?? 20);

it("a process that is killed around parks, answers and claims loses no answer and leaves no job asleep", {
  timeout: KILLS * 15_000,
}, async () => {
  let kills = 0;
  for (let scenario = 0; kills < KILLS; scenario += 1) {
    const folder = mkdtempSync(join(tmpdir(), "wait-kills-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const database = join(folder, "atlas.db");
    const plan = [points[scenario % points.length], points[(scenario * 5 + 3) % points.length], undefined];
    const lines: string[] = [];
    for (const [value, kill] of plan.entries()) {
      const host = startHost("wait-host.ts", {
        database,
        value,
        ...(kill === undefined ? {} : { kill }),
      });
      const { signal } = await host.ended;
      lines.push(...host.lines);
      if (signal === "SIGKILL") kills += 1;
      else expect(host.lines.at(-1), JSON.stringify({ plan, lines })).toBe("over succeeded");
    }
    // Whatever was read once is read again.
    for (const name of ["first", "second"])
      expect(new Set(lines.filter((line) => line.startsWith(`${name} `))).size, JSON.stringify(plan)).toBe(1);
    expect(lines).toContain("event received");
  }
});
