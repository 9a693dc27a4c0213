import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";

const program = join(import.meta.dirname, "..", "own-extension.ts");

it("counts calls and tokens of each tenant, tells each call once, serves them, and goes on counting after a restart", {
  timeout: 60_000,
}, async () => {
  const cwd = mkdtempSync(join(tmpdir(), "own-extension-"));
  onTestFinished(() => rmSync(cwd, { recursive: true }));
  const run = async () => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [program], { cwd });
    expect(stderr).toBe("");
    return stdout.split("\n");
  };
  const told = ["told: acme used 40 tokens", "told: globex used 41 tokens", "told: acme used 36 tokens", ""];
  expect(await run()).toEqual([
    "acme: calls 2, tokens 76",
    "globex: calls 1, tokens 41",
    'over HTTP: {"tenant":"acme","calls":2,"tokens":76}',
    ...told,
  ]);
  expect(await run()).toEqual([
    "acme: calls 4, tokens 152",
    "globex: calls 2, tokens 82",
    'over HTTP: {"tenant":"acme","calls":4,"tokens":152}',
    ...told,
  ]);
});
