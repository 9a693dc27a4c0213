// `npm test`, and everything that a release needs besides: `npm run check`.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { root, runSteps, type Step } from "./run-steps.ts";

const packages = readdirSync(join(root, "packages"));

const { exitCode, summary } = runSteps([
  { name: "npm test", command: ["node", "scripts/test.ts"] },
  { name: "build", command: ["npm", "run", "build"] },
  ...packages.flatMap(packageSteps),
  { name: "unused code", command: ["knip"] },
  { name: "API documents", command: ["typedoc"] },
]);
console.log(`\n${summary.join("\n")}`);
process.exitCode = exitCode;

/** What publishing would complain of, and whether the types resolve for those who install it. */
function packageSteps(name: string): readonly Step[] {
  const folder = `packages/${name}`;
  return [
    { name: `publint ${name}`, command: ["publint", "--strict"], folder },
    { name: `attw ${name}`, command: ["attw", "--pack", ".", "--profile", "esm-only"], folder },
  ];
}
