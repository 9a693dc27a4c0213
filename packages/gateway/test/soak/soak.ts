// Kills a working gateway again and again, and then counts. `npm run test:soak:plugins` does so for a minute; the tests
// for some seconds.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openReadOnly } from "@atlas/core";
import { pluginsModule } from "@atlas/plugins";
import type { SoakHostOptions } from "./host.ts";

/** What a soak found. */
export interface SoakReport {
  readonly kills: number;
  readonly numbers: number;
  /** Jobs in whose runs three kills came, and which have failed for that. */
  readonly condemned: number;
  /** What is not as it must be; empty is good. */
  readonly problems: readonly string[];
}

// A job that runs at that many ends of its process has failed, as a guide says.
const CRASHES = 3;
const HOST = new URL("./host.ts", import.meta.url).pathname;

/** Runs a gateway for `durationMs`, killing it at random, lets the last one finish, and verifies the counts. */
export async function soak({ durationMs }: { readonly durationMs: number }): Promise<SoakReport> {
  const folder = mkdtempSync(join(tmpdir(), "soak-"));
  const database = join(folder, "atlas.db");
  const log = join(folder, "events.log");
  try {
    let kills = 0;
    const killed = new Map<string, number>();
    const endAt = performance.now() + durationMs;
    while (performance.now() < endAt) {
      const host = start({ database, log });
      const isReady = await Promise.race([
        once(host.stdout, "data").then(() => true),
        once(host, "exit").then(() => false),
      ]);
      if (!isReady)
        return { kills, numbers: 0, condemned: 0, problems: ["A gateway ended before it was ready."] };
      await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 500));
      host.kill("SIGKILL");
      await once(host, "exit");
      kills += 1;
      for (const id of await runningIn(database)) killed.set(id, (killed.get(id) ?? 0) + 1);
    }
    const upTo = (await cursorOf(database)) + 40;
    const last = start({ database, log, upTo });
    const [code] = await once(last, "exit");
    const problems = code === 0 ? [] : [`The last gateway ended with code ${code}.`];
    const found = await verify({ database, log, numbers: upTo, killed });
    return { kills, numbers: upTo, condemned: found.condemned, problems: [...problems, ...found.problems] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function start(options: SoakHostOptions) {
  return spawn(process.execPath, ["--conditions=@atlas/source", HOST, JSON.stringify(options)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

async function cursorOf(database: string): Promise<number> {
  const store = await openReadOnly(database, { modules: [pluginsModule] });
  try {
    return Number((await store.repo.plugins.getSourceCursor("counter")) ?? 0);
  } finally {
    store.close();
  }
}

async function runningIn(database: string): Promise<readonly string[]> {
  const store = await openReadOnly(database, { modules: [pluginsModule] });
  try {
    const running = await store.repo.select
      .selectFrom("jobs")
      .select("id")
      .where("status", "=", "running")
      .execute();
    return running.map(({ id }) => id);
  } finally {
    store.close();
  }
}

async function verify({
  database,
  log,
  numbers,
  killed,
}: {
  readonly database: string;
  readonly log: string;
  readonly numbers: number;
  /** In how many runs of a job a kill came. */
  readonly killed: ReadonlyMap<string, number>;
}): Promise<Pick<SoakReport, "condemned" | "problems">> {
  const problems: string[] = [];
  const store = await openReadOnly(database, { modules: [pluginsModule] });
  try {
    const { select, plugins } = store.repo;
    const expectCount = (what: string, found: unknown, expected: number): void => {
      if (Number(found) !== expected) problems.push(`${what}: ${found} instead of ${expected}.`);
    };
    const { count: events } = await select
      .selectFrom("events")
      .select(({ fn }) => fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow();
    expectCount("Events of the source", events, numbers);
    const failed = await select
      .selectFrom("jobs")
      .select(["id", "error"])
      .where("status", "=", "failed")
      .execute();
    const condemned = new Set<string | null>();
    for (const { id, error } of failed) {
      const kills = killed.get(id) ?? 0;
      if (error?.includes('"ATLAS_PLUGINS_CRASH_LOOP"') === true && kills >= CRASHES) condemned.add(id);
      else problems.push(`The job ${id} has failed after ${kills} kills: ${error}`);
    }
    const sound = numbers - condemned.size;
    const jobs = await plugins.countJobs();
    expectCount("Succeeded jobs", jobs.succeeded, sound);
    expectCount("Unfinished jobs", jobs.queued + jobs.running + jobs.cancelled, 0);
    const artifacts = await select.selectFrom("artifacts").select(["id", "job_id"]).execute();
    expectCount("Artifacts", artifacts.filter(({ job_id }) => !condemned.has(job_id)).length, sound);
    const ends = await select
      .selectFrom("domain_events")
      .select(({ fn }) => fn.countAll<number>().as("count"))
      .where("type", "=", "job.succeeded")
      .executeTakeFirstOrThrow();
    expectCount("Ends of jobs", ends.count, sound);
    const seen = new Set(readFileSync(log, "utf8").split("\n"));
    const missing = artifacts.filter(({ id }) => !seen.has(id));
    expectCount("Artifacts that the sink never had", missing.length, 0);
    const steps = await select.selectFrom("plugins_job_steps").select("job_id").execute();
    const left = steps.filter(({ job_id }) => !condemned.has(job_id));
    expectCount("Steps that were left behind", left.length, 0);
    return { condemned: condemned.size, problems };
  } finally {
    store.close();
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { seconds: { type: "string", default: "60" } } });
  const report = await soak({ durationMs: Number(values.seconds) * 1_000 });
  console.log(JSON.stringify(report));
  process.exitCode = report.problems.length === 0 ? 0 : 1;
}
