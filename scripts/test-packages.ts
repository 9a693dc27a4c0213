// Packs all packages and tries the tarballs as a user would: `npm run test:packages`.
//
//   -- --no-build   packs the last build
//   -- --next       also builds and runs a Next.js application (downloads Next)
//   -- --pnpm       also installs with pnpm (downloads pnpm)
import { runSteps } from "./run-steps.ts";

const flags = process.argv.slice(2);
// The proof reads which of the large ones to run.
process.env["ATLAS_PROOF"] = flags.join(" ");

const { exitCode, summary } = runSteps([
  { name: "pack", command: ["node", "scripts/pack.ts", ...flags.filter((flag) => flag === "--no-build")] },
  { name: "packages", command: ["vitest", "run", "--config", "test/packages/vitest.config.ts"] },
]);
console.log(`\n${summary.join("\n")}`);
process.exitCode = exitCode;
