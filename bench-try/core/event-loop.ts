import { setTimeout as pause } from "node:timers/promises";
import { createLine, type Report } from "../line.ts";
import { type Contestant, measure, percentile } from "../measure.ts";
import type { Lane } from "./lane.ts";

const ROUNDS = 9;
const SLICE_MS = 500;
const PRODUCERS = 1_000;
const STEADY_PER_SECOND = 1_000;

/** How late the event loop runs a timer that is due: with nothing to do, at a steady load, and at full load. */
export async function benchEventLoop(lane: Lane, report: Report): Promise<void> {
  const during = (load: (isOver: () => boolean) => Promise<unknown>): Contestant => ({
    slice: async () => {
      const endsAt = performance.now() + SLICE_MS;
      const isOver = (): boolean => performance.now() >= endsAt;
      const [lateness] = await Promise.all([measureLateness(isOver), load(isOver)]);
      return lateness;
    },
  });
  const rounds = await measure(
    {
      idle: during(async () => undefined),
      steady: during((isOver) => sendSteadily(lane, isOver)),
      full: during((isOver) => sendAtOnce(lane, isOver)),
    },
    { rounds: ROUNDS, slices: 1 },
  );
  const idle = percentile(rounds.idle, 99);
  const lineOf = (metric: string, ours: readonly number[]) =>
    createLine({
      bench: "core",
      metric,
      unit: "ms",
      ours,
      reference: "idle",
      referenceValues: idle,
      durability: "FULL",
    });
  report(lineOf("lateness p99, 1,000 commands/s", percentile(rounds.steady, 99)));
  report(lineOf("lateness p99, 1,000 producers", percentile(rounds.full, 99)));
}

/** Waits 1 ms again and again, and notes how much longer it took. */
export async function measureLateness(isOver: () => boolean): Promise<number[]> {
  const lateness: number[] = [];
  while (!isOver()) {
    const startedAt = performance.now();
    await pause(1);
    lateness.push(performance.now() - startedAt - 1);
  }
  return lateness;
}

/** Sends what is due, every millisecond or so, without awaiting it in between. */
export async function sendSteadily({ workload, writeOne }: Lane, isOver: () => boolean): Promise<void> {
  const startedAt = performance.now();
  const receipts: unknown[] = [];
  while (!isOver()) {
    const due = ((performance.now() - startedAt) / 1_000) * STEADY_PER_SECOND;
    for (const command of workload.take(Math.ceil(due) - receipts.length)) receipts.push(writeOne(command));
    await pause(1);
  }
  await Promise.all(receipts);
}

/** Lets many producers each await a receipt before they send the next command. */
async function sendAtOnce({ workload, writeOne }: Lane, isOver: () => boolean): Promise<void> {
  const producer = async (): Promise<void> => {
    while (!isOver()) for (const command of workload.take(1)) await writeOne(command);
  };
  await Promise.all(Array.from({ length: PRODUCERS }, producer));
}
