// Everything that CI checks: `npm test`.
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root, runSteps } from "./run-steps.ts";

const reportFile = join(root, "node_modules/.cache/atlas/tests.json");
mkdirSync(join(reportFile, ".."), { recursive: true });
rmSync(reportFile, { force: true });

const { exitCode, summary } = runSteps([
  { name: "format and lint", command: ["biome", "ci", ".", "--error-on-warnings", ...plainUnlessTerminal()] },
  { name: "types", command: ["tsc", "-b"] },
  {
    name: "tests",
    command: ["vitest", "run", "--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`],
  },
]);

console.log(`\n${summary.join("\n")}`);
const { passed, failed } = countTests();
// The last line is for programs: it is the result of the whole run.
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = exitCode;

/** Biome colours every single letter of a difference, also in a log file. */
function plainUnlessTerminal(): readonly string[] {
  return process.stdout.isTTY ? [] : ["--colors=off"];
}

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/** Passed and failed tests. A step that failed without a failing test counts as one failure. */
function countTests(): { readonly passed: number; readonly failed: number } {
  const stepFailed = exitCode === 0 ? 0 : 1;
  let report: Report;
  try {
    report = JSON.parse(readFileSync(reportFile, "utf8")) as Report;
  } catch {
    return { passed: 0, failed: stepFailed };
  }
  // A file may fail without a failing test: it could not be loaded, or it left something behind.
  const failedFiles = report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed"),
  ).length;
  return {
    passed: report.numPassedTests,
    failed: Math.max(report.numFailedTests + failedFiles, stepFailed),
  };
}
