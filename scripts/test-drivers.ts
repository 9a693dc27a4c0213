// Runs the tests of both drivers on node:sqlite.
import { otherDriver } from "./other-driver.ts";
import { runSteps } from "./run-steps.ts";

const { env, tests } = otherDriver;
const { exitCode } = runSteps([{ name: "node:sqlite", command: ["vitest", "run", ...tests], env }]);
process.exitCode = exitCode;
