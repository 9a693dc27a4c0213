import { execFile } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { leaksSince } from "./support/leaks.ts";

const fixtures = join(import.meta.dirname, "fixtures/leaks");
const vitest = join(import.meta.dirname, "../node_modules/vitest/vitest.mjs");

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
  }[];
}
let report: Report;

beforeAll(async () => {
  const reportFile = join(tmpdir(), "report.json");
  const args = [vitest, "run", "--root", fixtures, "--reporter=json", `--outputFile=${reportFile}`];
  // The run must fail (exit code 1); the report says why.
  await new Promise((resolve) => execFile(process.execPath, args, { env: childEnvironment() }, resolve));
  report = JSON.parse(readFileSync(reportFile, "utf8")) as Report;
  rmSync(reportFile);
}, 60_000);

const linux = process.platform === "linux";

it.each([
  ["timer", /open handle \(Timeout\)/, true],
  ["server", /open handle \(TCPServerWrap\)/, true],
  ["temporary-file", /temporary file \("atlas-/, true],
  ["relative-file", /temporary file \("forgotten\.db"\)/, true],
  ["child", /a process \(\d+: .*setTimeout/, linux],
  ["orphan", /a process \(\d+: .*setTimeout/, linux],
])("fails a file that leaves a %s behind", (name, message, detectable) => {
  if (!detectable) return;
  expect(resultOf(name)).toMatchObject({ status: "failed", message: expect.stringMatching(message) });
});

it("passes a file that closes everything it opens", () => {
  expect(resultOf("nothing")).toMatchObject({ status: "passed" });
});

it("counts handles of one kind", () => {
  const before = { handles: ["Timeout"], processes: [], files: [] };
  const now = { handles: ["Timeout", "Timeout"], processes: [], files: [] };
  expect(leaksSince(before, now)).toEqual(["an open handle (Timeout)"]);
  expect(leaksSince(now, before)).toEqual([]);
});

function resultOf(name: string): Report["testResults"][number] | undefined {
  return report.testResults.find((file) => file.name.endsWith(`/${name}.leak.ts`));
}

/** Without vitest's own variables: the child is a run of its own. */
function childEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(VITEST|TEST$)/.test(name)));
}
