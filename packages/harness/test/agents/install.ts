import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../../../test/support/checkout.ts";
import type { TestedAgent } from "./agents.ts";

/** Installs programs in pinned versions, each in a folder of its own, and reuses what is there. Returns where the folders are. */
export function installAgents(agents: readonly TestedAgent[]): string {
  const folder = join(root, "node_modules/.cache/agents");
  const sizeMb = agents.reduce((sum, agent) => sum + agent.sizeMb, 0);
  console.log(`${agents.length} agents take about ${sizeMb} MB in ${folder}.`);
  for (const { name, package: packageName, version, sizeMb, binary } of agents) {
    const own = join(folder, name);
    const mark = join(own, `${version}.installed`);
    if (existsSync(join(own, "node_modules/.bin", binary)) && existsSync(mark)) continue;
    console.log(`Installing ${packageName}@${version} (${sizeMb} MB) …`);
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, "package.json"), '{ "private": true }\n');
    // Where the version of Node does not fit, npm chooses an older version without a word, unless one is named.
    const install = ["install", "--no-audit", "--no-fund", "--loglevel=error", `${packageName}@${version}`];
    const { status } = spawnSync("npm", install, { cwd: own, stdio: "inherit" });
    if (status !== 0) throw new Error(`${packageName}@${version} could not be installed: see above.`);
    writeFileSync(mark, "");
  }
  return folder;
}
