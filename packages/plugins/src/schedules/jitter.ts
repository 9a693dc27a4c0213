import type { Schedule } from "../contract/schedule.ts";

/** The time of a run, put off by the schedule's jitter. */
export function jittered(at: number, { jitterMs = 0 }: Schedule, random: () => number): number {
  return jitterMs === 0 ? at : at + Math.floor(random() * jitterMs);
}
