import { rm } from "node:fs/promises";
import { join } from "node:path";
import { createStore, type FileStore } from "@atlas/core";
import { createLine, type Report } from "../line.ts";
import { type Contestant, measure, percentile } from "../measure.ts";
import { measureLateness, sendSteadily } from "./event-loop.ts";
import { fill, type Lane, storeLane, time } from "./lane.ts";

const ROUNDS = 5;
const COMMANDS_A_ROUND = 20_000;
const BACKUP_ROUNDS = 7;
const SLICE_MS = 1_000;

/**
 * What the journal allows, and what a backup does to those who write meanwhile: `verify` and `asOf` against writing the same
 * commands the first time, lateness with a backup under way against lateness without.
 */
export async function benchHistory(folder: string, report: Report): Promise<void> {
  await using store = await createStore({ database: join(folder, "history.db") });
  const lane = storeLane(store);
  const written: number[] = [];
  const verified: number[] = [];
  const rebuilt: number[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const writingMs = await time(() => fill(lane, COMMANDS_A_ROUND));
    const { last_seq: commands } = await verify(store);
    const verifyMs = await time(() => verify(store));
    const asOfMs = await time(async () => (await store.asOf(commands)).close());
    if (round === 0) continue;
    written.push((COMMANDS_A_ROUND / writingMs) * 1_000);
    verified.push((commands / verifyMs) * 1_000);
    rebuilt.push((commands / asOfMs) * 1_000);
  }
  const line = { bench: "core", unit: "1/s", reference: "writing them first", durability: "FULL" } as const;
  report(createLine({ ...line, metric: "commands/s, verify", ours: verified, referenceValues: written }));
  report(createLine({ ...line, metric: "commands/s, asOf", ours: rebuilt, referenceValues: written }));
  await benchBackup(store, lane, { folder, report });
}

async function verify(store: FileStore): Promise<{ readonly last_seq: number }> {
  const found = await store.verify();
  if (found.status !== "verified") throw new Error(found.message);
  return found;
}

async function benchBackup(
  store: FileStore,
  lane: Lane,
  { folder, report }: { readonly folder: string; readonly report: Report },
): Promise<void> {
  const path = join(folder, "backup.db");
  const during = (work: (isOver: () => boolean) => Promise<unknown>): Contestant => ({
    slice: async () => {
      const endsAt = performance.now() + SLICE_MS;
      const isOver = (): boolean => performance.now() >= endsAt;
      const [lateness] = await Promise.all([
        measureLateness(isOver),
        sendSteadily(lane, isOver),
        work(isOver),
      ]);
      return lateness;
    },
  });
  const rounds = await measure(
    {
      without: during(async () => undefined),
      backup: during(async (isOver) => {
        while (!isOver()) {
          await store.backup(path);
          await Promise.all([rm(path), rm(`${path}.json`)]);
        }
      }),
    },
    { rounds: BACKUP_ROUNDS, slices: 1 },
  );
  report(
    createLine({
      bench: "core",
      metric: "lateness p99, 1,000 commands/s, backing up",
      unit: "ms",
      ours: percentile(rounds.backup, 99),
      reference: "no backup",
      referenceValues: percentile(rounds.without, 99),
      durability: "FULL",
    }),
  );
}
