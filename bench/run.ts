import { parseArgs } from "node:util";
import { type Report, tableHead, tableRow } from "./line.ts";
import { describeMachine } from "./machine.ts";

/** Measures and reports one line after the other. */
type Bench = (report: Report) => Promise<void>;

const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  core: async () => (await import("./core.ts")).benchCore,
  start: async () => (await import("./start.ts")).benchStart,
  llm: async () => (await import("./llm.ts")).benchLLM,
  "core-growth": async () => (await import("./core-growth.ts")).benchCoreGrowth,
  jobs: async () => (await import("./jobs.ts")).benchJobs,
  waits: async () => (await import("./waits.ts")).benchWaits,
  "jobs-keyed": async () => (await import("./jobs-keyed.ts")).benchJobsKeyed,
  "jobs-limited": async () => (await import("./jobs-limited.ts")).benchJobsLimited,
  "jobs-sleeping": async () => (await import("./jobs-sleeping.ts")).benchJobsSleeping,
  upkeep: async () => (await import("./upkeep.ts")).benchUpkeep,
  "jobs-kept": async () => (await import("./jobs-kept.ts")).benchJobsKept,
  schedules: async () => (await import("./schedules.ts")).benchSchedules,
  sinks: async () => (await import("./sinks.ts")).benchSinks,
  workspaces: async () => (await import("./workspaces.ts")).benchWorkspaces,
  harness: async () => (await import("./harness.ts")).benchHarness,
  gateway: async () => (await import("./gateway.ts")).benchGateway,
  "command-line": async () => (await import("./command-line.ts")).benchCommandLine,
};

const usage = `Usage: npm run bench -- NAME [--json]\nBenches: ${Object.keys(benches).join(", ")}`;

// The databases of a bench are removed when the process exits, and a signal alone would end it without that.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const { name, json } = readArguments();
const load = Object.hasOwn(benches, name) ? benches[name] : undefined;
if (load === undefined) refuse(name === "" ? "Which bench?" : `No bench is named "${name}".`);
const bench = await load();
if (json) {
  await bench((line) => console.log(JSON.stringify(line)));
} else {
  console.log(`${describeMachine()}\n\n${tableHead}`);
  await bench((line) => console.log(tableRow(line)));
}

function readArguments(): { readonly name: string; readonly json: boolean } {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { json: { type: "boolean" } },
    });
    return { name: positionals.join(" "), json: values.json ?? false };
  } catch (error) {
    return refuse((error as Error).message);
  }
}

function refuse(problem: string): never {
  console.error(`${problem}\n${usage}`);
  process.exit(1);
}
