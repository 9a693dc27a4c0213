import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { root } from "./support/checkout.ts";
import { straysSince } from "./support/no-strays.ts";

it("fails a run whose tests leave a file in the checkout, although each of them passes", async () => {
  const fixtures = join(import.meta.dirname, "fixtures/strays");
  onTestFinished(() => rmSync(join(fixtures, "left-behind.txt"), { force: true }));
  const args = [join(root, "node_modules/vitest/vitest.mjs"), "run", "--root", fixtures];
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(VITEST|TEST$)/.test(name)),
  );
  const { code, output } = await new Promise<{ code: unknown; output: string }>((resolve) => {
    execFile(process.execPath, args, { env }, (error, stdout, stderr) =>
      resolve({ code: error?.code, output: stdout + stderr }),
    );
  });
  expect(output).toMatch(/1 passed/);
  expect(output).toMatch(/left files in the checkout: "test\/fixtures\/strays\/left-behind\.txt"/);
  expect(code).toBe(1);
}, 60_000);

it("overlooks what was there before, and what a person may be writing", () => {
  expect(straysSince(["old.db"], ["old.db", "draft.md", "draft.ts", "new.db"])).toEqual(["new.db"]);
});
