import { existsSync } from "node:fs";
import type { Step } from "./run-steps.ts";

const PROGRAM = "/usr/bin/chromium";
const CONFIG = "packages/gateway/test/http/console/vitest.config.ts";

/**
 * The tests of the console in a browser. Where root runs them on Debian, as in CI, the browser is installed first; elsewhere they fail with
 * the name of the package.
 */
export function consoleSteps(...reporting: readonly string[]): readonly Step[] {
  const tests: Step = { name: "console", command: ["vitest", "run", "--config", CONFIG, ...reporting] };
  const isMissing = !existsSync(PROGRAM) && existsSync("/usr/bin/apt-get") && process.getuid?.() === 0;
  return isMissing ? [...installation, tests] : [tests];
}

const installation: readonly Step[] = [
  { name: "package lists", command: ["apt-get", "update", "--quiet"] },
  {
    name: "chromium",
    command: [
      "apt-get",
      "install",
      "--yes",
      "--quiet",
      "--no-install-recommends",
      "chromium",
      "fonts-dejavu-core",
    ],
    env: { DEBIAN_FRONTEND: "noninteractive" },
  },
];
