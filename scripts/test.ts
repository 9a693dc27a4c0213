// All checks of a change: `npm test`. With `-- --packages` also the tests of the second driver and those of the packed packages, with
// `--next` and `--pnpm` those that download a framework and a package manager, and with `--console` those of the console in a browser: that
// is what CI runs. `--drivers` adds the second driver alone.
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { consoleSteps } from "./console-steps.ts";
import { otherDriver } from "./other-driver.ts";
import { root, runSteps, type Step } from "./run-steps.ts";

const reports = join(root, "node_modules/.cache/atlas");
const reportFiles = [
  join(reports, "tests.json"),
  join(reports, "packages.json"),
  join(reports, "drivers.json"),
  join(reports, "console.json"),
] as const;
mkdirSync(reports, { recursive: true });
// The proof reads which of the large ones to run.
process.env["ATLAS_PROOF"] = process.argv.slice(2).join(" ");
for (const file of reportFiles) rmSync(file, { force: true });

const packageSteps: readonly Step[] = [
  { name: "pack", command: ["node", "scripts/pack.ts"] },
  {
    name: "packages",
    command: vitest(reportFiles[1], "--config", "test/packages/vitest.config.ts"),
  },
];

const driverSteps: readonly Step[] = [
  { name: "node:sqlite", command: vitest(reportFiles[2], ...otherDriver.tests), env: otherDriver.env },
];
const has = (...flags: readonly string[]): boolean => flags.some((flag) => process.argv.includes(flag));

const { exitCode, summary } = runSteps([
  { name: "format and lint", command: ["biome", "ci", ".", "--error-on-warnings", ...plainUnlessTerminal()] },
  { name: "types", command: ["tsc", "-b"] },
  { name: "tests", command: vitest(reportFiles[0]) },
  ...(has("--packages", "--drivers") ? driverSteps : []),
  ...(has("--console") ? consoleSteps(...reportTo(reportFiles[3])) : []),
  ...(has("--packages") ? packageSteps : []),
]);

console.log(`\n${summary.join("\n")}`);
const { passed, failed } = countTests();
// Programs read the last line: the result of the whole run.
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = exitCode;

function vitest(report: string, ...args: readonly string[]): Step["command"] {
  return ["vitest", "run", ...args, ...reportTo(report)];
}

function reportTo(file: string): readonly string[] {
  return ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
}

/** Biome colours every letter of a difference, even in a log file. */
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

/** Passed and failed tests of all reports. A step that failed without a failing test counts as one failure. */
function countTests(): { readonly passed: number; readonly failed: number } {
  const counts = reportFiles.map(countReport);
  const sum = (of: (count: Count) => number): number => counts.reduce((total, count) => total + of(count), 0);
  return {
    passed: sum(({ passed }) => passed),
    failed: Math.max(
      sum(({ failed }) => failed),
      exitCode === 0 ? 0 : 1,
    ),
  };
}

interface Count {
  readonly passed: number;
  readonly failed: number;
}

function countReport(file: string): Count {
  let report: Report;
  try {
    report = JSON.parse(readFileSync(file, "utf8")) as Report;
  } catch {
    // The step did not run, or ended before it wrote a report.
    return { passed: 0, failed: 0 };
  }
  // A file may fail without a failing test: it could not be loaded, or it left something behind.
  const failedFiles = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && assertionResults.every((test) => test.status !== "failed"),
  ).length;
  return { passed: report.numPassedTests, failed: report.numFailedTests + failedFiles };
}
