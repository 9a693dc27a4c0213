import type { Store } from "@atlas/core";
import { type Contestant, measure, perSecond } from "../measure.ts";
import type { RawDatabase } from "./raw-database.ts";
import { createWorkload, type EntityUpsert, type Workload } from "./workload.ts";

/** A database that stays open, with its own copy of the stream of commands. */
export interface Lane {
  readonly workload: Workload;
  /** Writes commands that arrive in one turn; what it returns resolves when all are acknowledged. */
  readonly write: (commands: readonly EntityUpsert[]) => unknown;
  /** The same for one command. */
  readonly writeOne: (command: EntityUpsert) => unknown;
}

/** The four lanes: Atlas without and with its journal, and the same rows by hand without and with a journal row. */
export interface Lanes {
  readonly off: Lane;
  readonly on: Lane;
  readonly raw: Lane;
  readonly rawJournal: Lane;
}

/** The lane of a store. */
export function storeLane({ commands }: Store): Lane {
  return {
    workload: createWorkload(),
    write: (list) => Promise.all(list.map((command) => commands.enqueue(command))),
    writeOne: commands.enqueue,
  };
}

/** The lane of a database that is written by hand. */
export function rawLane(database: RawDatabase): Lane {
  return {
    workload: createWorkload(),
    write: database.commit,
    writeOne: (command) => database.commit([command]),
  };
}

/** Writes the first `rows` commands of the stream. */
export async function fill({ workload, write }: Lane, rows: number): Promise<void> {
  for (let written = 0; written < rows; written += 1_000) await write(workload.take(1_000));
}

/** Times some batches, one after the other; the commands are made beforehand. */
async function timeBatches(
  { workload, write }: Lane,
  options: { readonly batches: number; readonly batch: number; readonly among?: number },
): Promise<number[]> {
  const { batches, batch, among } = options;
  const lists = Array.from({ length: batches }, () => workload.take(batch, among));
  const durations: number[] = [];
  for (const list of lists) durations.push(await time(() => write(list)));
  return durations;
}

/** Commands a second of each lane and round, in batches; with `among`, their ids are picked among the newest so many. */
export async function batchesPerSecond<Name extends string>(
  lanes: Readonly<Record<Name, Lane>>,
  options: {
    readonly rounds: number;
    readonly batch: number;
    readonly batchesPerSlice: number;
    readonly among?: number;
  },
): Promise<Readonly<Record<Name, readonly number[]>>> {
  const { rounds, batchesPerSlice: batches, ...of } = options;
  const entries = Object.entries<Lane>(lanes);
  const contestants = Object.fromEntries(
    entries.map(([name, lane]): [string, Contestant] => [
      name,
      { slice: () => timeBatches(lane, { batches, ...of }) },
    ]),
  );
  const measured = await measure(contestants, { rounds, slices: 4 });
  const figures = entries.map(([name]) => [name, perSecond(measured[name] ?? [], of.batch)]);
  // One entry for each lane.
  return Object.fromEntries(figures) as Record<Name, readonly number[]>;
}

/** Times some lone commands, one after the other. */
export async function timeLone({ workload, writeOne }: Lane, count: number): Promise<number[]> {
  const durations: number[] = [];
  for (const command of workload.take(count)) durations.push(await time(() => writeOne(command)));
  return durations;
}

/** How long `work` takes, in milliseconds. */
export async function time(work: () => unknown): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
