// All checks before a release: `npm run check`.
import { boundaries } from "./packages.ts";
import { runSteps, type Step } from "./run-steps.ts";
import { STAGED } from "./stage.ts";

const packages = Object.keys(boundaries);

const { exitCode, summary } = runSteps([
  { name: "tests", command: ["node", "scripts/test.ts", "--packages"] },
  ...packages.flatMap(packageSteps),
  { name: "unused code", command: ["knip"] },
  { name: "API documents", command: ["typedoc"] },
]);
console.log(`\n${summary.join("\n")}`);
process.exitCode = exitCode;

/** Whether a staged package is well formed, and whether its types resolve for users. */
function packageSteps(name: string): readonly Step[] {
  const folder = `${STAGED}/${name}`;
  return [
    { name: `publint ${name}`, command: ["publint", "--strict"], folder },
    { name: `attw ${name}`, command: ["attw", "--pack", ".", "--profile", "esm-only"], folder },
  ];
}
