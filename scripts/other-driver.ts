import type { Step } from "./run-steps.ts";

/**
 * What runs on both drivers: all tests of core, which open their files with the driver of this variable, and those of the gateway that
 * kill it. `npm test` runs them on the default one.
 */
export const otherDriver: Required<Pick<Step, "env">> & { readonly tests: readonly string[] } = {
  env: { ATLAS_TEST_DRIVER: "node:sqlite" },
  tests: [
    "packages/core/test",
    ...["batch-kills", "crash", "gateway", "schedule-kills", "stop", "wait-kills"].map(
      (name) => `packages/gateway/test/${name}.test.ts`,
    ),
  ],
};
