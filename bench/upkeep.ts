import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { createStore, type FileStore, silentLogger } from "@atlas/core";
import { createBenchFolder } from "./folder.ts";
import { createLine, type Report, type Unit } from "./line.ts";
import { type BesideWrites, besideWrites } from "./upkeep/beside-writes.ts";
import { deliverBut, EVERYTHING, fillDatabase, NOTHING } from "./upkeep/fill.ts";
import { type Watched, watch } from "./watch.ts";

const SIZES = [100_000, 300_000, 1_000_000];
const SMALL = 1_000;
/** How many events a sink that lags has not received. */
const LAG = 2_000;

// Evenly spaced, so that most of them are commits of their own.
const COMMANDS_PER_SECOND = 800;
const ALONE_MS = 5_000;

interface Figures {
  readonly works: ReadonlyMap<string, Watched>;
  /** What commands waited for beside nothing, a backup and a verify. */
  readonly beside: ReadonlyMap<string, BesideWrites>;
}

/**
 * What upkeep of a large database takes, how long it holds the event loop at most, and how much memory it needs at its peak.
 * One run each: the reference is the same work on a thousand rows. Then
 * what commands wait for beside a backup and a verify, and how long the log gets: the reference is the same load beside nothing.
 */
export async function benchUpkeep(report: Report): Promise<void> {
  using folder = createBenchFolder();
  const small = await measureUpkeep(folder.path, SMALL);
  for (const rows of SIZES) {
    const { works, beside } = await measureUpkeep(folder.path, rows);
    for (const [name, figures] of works) {
      const reference = small.works.get(name) ?? figures;
      const line = (what: string, unit: Unit, of: (watched: Watched) => number): void =>
        report(
          createLine({
            bench: "upkeep",
            metric: `${name}, ${rows.toLocaleString("en")} rows, ${what}`,
            unit,
            ours: [of(figures)],
            reference: `${SMALL.toLocaleString("en")} rows`,
            referenceValues: [of(reference)],
            durability: "FULL",
          }),
        );
      line("time", "ms", ({ tookMs }) => tookMs);
      line("longest hold", "ms", ({ heldMs }) => heldMs);
      line("longest hold, processor", "ms", ({ heldCpuMs }) => heldCpuMs);
      line("peak memory", "MiB", ({ peakMib }) => peakMib);
    }
    const alone = beside.get("nothing");
    for (const [name, figures] of beside) {
      if (alone === undefined || name === "nothing") continue;
      const line = (what: string, unit: Unit, of: (waited: BesideWrites) => number): void =>
        report(
          createLine({
            bench: "upkeep",
            metric: `${COMMANDS_PER_SECOND} commands/s beside ${name}, ${rows.toLocaleString("en")} rows, ${what}`,
            unit,
            ours: [of(figures)],
            reference: "beside nothing",
            referenceValues: [of(alone)],
            durability: "FULL",
          }),
        );
      line("p50", "ms", ({ p50Ms }) => p50Ms);
      line("p99", "ms", ({ p99Ms }) => p99Ms);
      line("longest wait", "ms", ({ maxMs }) => maxMs);
      line("longest log", "MiB", ({ logMib }) => logMib);
    }
  }
}

async function measureUpkeep(folder: string, rows: number): Promise<Figures> {
  const path = join(folder, `upkeep-${rows}.db`);
  const works = new Map<string, Watched>();
  const beside = new Map<string, BesideWrites>();
  const note = async <Result>(name: string, work: () => Promise<Result>): Promise<Result> => {
    const result: Result[] = [];
    works.set(name, await watch(async () => result.push(await work())));
    // It was pushed, or watch() has thrown.
    return result[0] as Result;
  };
  const open = (): Promise<FileStore> => createStore({ database: path, log: silentLogger });
  const wholePolicy = (time: string) => ({
    domain_events_before: time,
    jobs_before: time,
    artifacts_before: time,
    events_before: time,
    deleted_entities_before: time,
    refused_before: time,
  });
  const pruneOnce = (store: FileStore) =>
    store.commands.enqueue({ type: "maintenance.prune", policy: wholePolicy(EVERYTHING) });

  await fillDatabase(path, rows);
  // The rows are not in the journal: the first start makes a copy to begin an epoch with.
  await (await open()).stop();
  await writeFile(`${path}.owner`, '{"pid":1}');
  const filled = await note("start after a kill", open);
  await note("prune, nothing is old", () => filled.prune(wholePolicy(NOTHING)));
  await note("prune, nothing is delivered", () => filled.prune(wholePolicy(EVERYTHING)));
  const [first] = (await filled.repo.listDomainEvents({ limit: 1 })).items;
  const id = first?.id ?? "";
  await note("one markDelivered of all", () =>
    filled.commands.enqueue({ type: "domainEvent.markDelivered", id, through_seq: rows }),
  );
  await filled.stop();
  deliverBut(path, Math.min(LAG, rows / 2));
  await using store = await open();
  await note("one maintenance.prune of all", () => pruneOnce(store));
  await note("prune of artifacts, a sink lags", () => store.prune({ artifacts_before: EVERYTHING }));
  const backup = join(folder, "backup.db");
  const backUp = async (): Promise<void> => {
    await store.backup(backup);
    await Promise.all([rm(backup), rm(`${backup}.json`)]);
  };
  await note("backup", backUp);
  await note("verify", () => store.verify());
  for (const [name, work] of [
    ["nothing", () => pause(ALONE_MS)],
    ["backup", backUp],
    ["verify", () => store.verify()],
  ] as const) {
    beside.set(name, await besideWrites(store, { perSecond: COMMANDS_PER_SECOND, work }));
  }
  return { works, beside };
}
