// Builds every package, stages what is published, and packs it: `npm run pack:packages`. `-- --no-build` packs the last build.
// Staged packages lie in dist/packages, tarballs in dist/tarballs.
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { boundaries } from "./packages.ts";
import { root, runSteps, type Step } from "./run-steps.ts";
import { STAGED, stagePackage } from "./stage.ts";

const tarballs = join(root, "dist/tarballs");
const names = Object.keys(boundaries);
const build: readonly Step[] = process.argv.includes("--no-build")
  ? []
  : [{ name: "build", command: ["npm", "run", "build"] }];

process.exitCode = run(build);
if (process.exitCode === 0) {
  rmSync(tarballs, { recursive: true, force: true });
  mkdirSync(tarballs, { recursive: true });
  for (const name of names) stagePackage(name);
  process.exitCode = run(
    names.map((name) => ({
      name: `pack ${name}`,
      command: ["npm", "pack", "--silent", "--pack-destination", tarballs],
      folder: `${STAGED}/${name}`,
    })),
  );
}

function run(steps: readonly Step[]): number {
  const { exitCode, summary } = runSteps(steps);
  if (summary.length > 0) console.log(`\n${summary.join("\n")}`);
  return exitCode;
}
