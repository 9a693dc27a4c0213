import { execFile } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";

const fixtures = join(import.meta.dirname, "../fixtures/contract");
const vitest = join(import.meta.dirname, "../../../../node_modules/vitest/vitest.mjs");

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
    }[];
  }[];
}
let report: Report;

beforeAll(async () => {
  const reportFile = join(tmpdir(), "report.json");
  const args = [vitest, "run", "--root", fixtures, "--reporter=json", `--outputFile=${reportFile}`];
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(VITEST|TEST$)/.test(name)),
  );
  // Exit code 1 is what we want; the report tells why.
  await new Promise((resolve) => execFile(process.execPath, args, { env }, resolve));
  report = JSON.parse(readFileSync(reportFile, "utf8")) as Report;
  rmSync(reportFile);
}, 300_000);

const SYNCS = "brings what is there, then what has changed, and writes nothing when nothing has";
const FAILS = "leaves no gap and doubles nothing, wherever it fails";
const CHANGES = "leaves no gap and doubles nothing when the world changes before it is started again";
const ENDS = "ends when it is told to, and completes its work later";
const TWICE = "leaves the same state when every event comes twice";

it.each([
  ["source", "sound", []],
  ["source", "awaits nothing", []],
  ["source", "cursor first", [FAILS, CHANGES]],
  ["source", "events without ids", [FAILS, CHANGES]],
  ["source", "leaves one out", [SYNCS, FAILS, CHANGES, ENDS]],
  ["source", "writes always", [SYNCS, FAILS, CHANGES, ENDS]],
  ["source", "goes on by page number", [CHANGES]],
  ["source", "deaf", [ENDS]],
  ["sink", "sound", []],
  ["sink", "doubles", [TWICE]],
  ["sink", "idle", [TWICE]],
])("the %s contract finds what is wrong with one that is: %s", (kind, name, failing) => {
  const tests = report.testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ ancestorTitles }) => ancestorTitles.includes(`the ${kind} contract: ${name}`));
  expect(tests.length).toBeGreaterThan(0);
  expect(tests.filter(({ status }) => status === "failed").map(({ title }) => title)).toEqual(failing);
});
