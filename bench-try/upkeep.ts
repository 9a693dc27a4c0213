import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createStore, type Store, silentLogger } from "@atlas/core";
import { createBenchFolder } from "./folder.ts";
import { createLine, type Report, type Unit } from "./line.ts";
import { deliverBut, EVERYTHING, fillDatabase, NOTHING } from "./upkeep/fill.ts";
import { type Watched, watch } from "./upkeep/watch.ts";

const SIZES = [100_000, 300_000, 1_000_000];
const SMALL = 1_000;
/** How many events a sink that lags has not received. */
const LAG = 2_000;

type Figures = ReadonlyMap<string, Watched>;

/**
 * What upkeep of a large database takes, how long it holds the event loop at most, and how much memory it needs at its peak.
 * One run each: the reference is the same work on a thousand rows.
 */
export async function benchUpkeep(report: Report): Promise<void> {
  using folder = createBenchFolder();
  const small = await measureUpkeep(folder.path, SMALL);
  for (const rows of SIZES) {
    for (const [name, figures] of await measureUpkeep(folder.path, rows)) {
      const reference = small.get(name) ?? figures;
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
      line("peak memory", "MiB", ({ peakMib }) => peakMib);
    }
  }
}

async function measureUpkeep(folder: string, rows: number): Promise<Figures> {
  const path = join(folder, `upkeep-${rows}.db`);
  const figures = new Map<string, Watched>();
  const note = async <Result>(name: string, work: () => Promise<Result>): Promise<Result> => {
    const result: Result[] = [];
    figures.set(name, await watch(async () => result.push(await work())));
    // It was pushed, or watch() has thrown.
    return result[0] as Result;
  };
  const open = (): Promise<Store> => createStore({ database: path, log: silentLogger });
  const wholePolicy = (time: string) => ({
    domain_events_before: time,
    jobs_before: time,
    artifacts_before: time,
    events_before: time,
    deleted_entities_before: time,
    refused_before: time,
  });
  const pruneOnce = (store: Store) =>
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
  await note("backup", () => store.backup(backup));
  await Promise.all([rm(backup), rm(`${backup}.json`)]);
  await note("verify", () => store.verify());
  return figures;
}
