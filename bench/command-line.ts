import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createBenchFolder } from "./folder.ts";
import { createLine, type Report } from "./line.ts";

const ROUNDS = 9;
const BUILT = join(import.meta.dirname, "../packages/cli/dist/main.js");
const CONFIG =
  'export default { database: "data/atlas.db", workflows: [{ id: "w.v1", run: async () => undefined }] };\n';

/** Commands that need no running gateway. The first round of each fills Node's compile cache. */
const COMMANDS = [
  ["--help"],
  ["jobs", "ls"],
  ["jobs", "create", "w.v1"],
  ["events", "tail", "--limit=1", "--after=0"],
  ["calls"],
  ["explain-route"],
  ["verify"],
  ["token", "ls"],
  ["doctor"],
] as const;

/** The time from the start of a process to its first byte, from the built packages. The reference is a process that only prints. */
export async function benchCommandLine(report: Report): Promise<void> {
  if (!existsSync(BUILT)) throw new Error(`"${BUILT}" is missing. Build the packages: npm run build.`);
  using folder = createBenchFolder();
  mkdirSync(join(folder.path, "data"));
  writeFileSync(join(folder.path, "atlas.config.mjs"), CONFIG);
  const run = (args: readonly string[]): Promise<number> => firstByteMs(args, folder.path);
  await run([BUILT, "jobs", "create", "w.v1"]);
  for (const command of COMMANDS) {
    const ours: number[] = [];
    const bare: number[] = [];
    for (let round = 0; round <= ROUNDS; round += 1) {
      const took = await run([BUILT, ...command]);
      const nothing = await run(["--eval", "console.log(1)"]);
      if (round === 0) continue;
      ours.push(took);
      bare.push(nothing);
    }
    report(
      createLine({
        bench: "command-line",
        metric: `atlas ${command.join(" ")}`,
        unit: "ms",
        ours,
        reference: "node, which prints 1",
        referenceValues: bare,
        durability: "-",
      }),
    );
  }
}

async function firstByteMs(args: readonly string[], cwd: string): Promise<number> {
  const began = performance.now();
  const child = spawn(process.execPath, args, {
    cwd,
    // As a user starts it, without the condition under which this bench runs the sources.
    env: { ...process.env, NODE_OPTIONS: "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stderr.resume();
  const ended = once(child, "exit");
  await Promise.race([once(child.stdout, "data"), ended]);
  const took = performance.now() - began;
  child.stdout.resume();
  await ended;
  return took;
}
