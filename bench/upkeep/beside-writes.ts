import { statSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { FileStore } from "@atlas/core";

/** What commands had to wait for while something else went on. */
export interface BesideWrites {
  readonly commands: number;
  /** From `enqueue` to the receipt. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** The largest size of the write-ahead log. */
  readonly logMib: number;
  readonly tookMs: number;
}

// Over all runs: a command that changes nothing makes no commit.
let revision = 0;

/** Sends `perSecond` commands a second, evenly spaced, for as long as `work` lasts, and measures what each of them waited. */
export async function besideWrites(
  store: FileStore,
  { perSecond, work }: { readonly perSecond: number; readonly work: () => Promise<unknown> },
): Promise<BesideWrites> {
  const waits: number[] = [];
  let logMib = 0;
  let done = false;
  const sent: Promise<unknown>[] = [];
  const startedAt = performance.now();
  const working = work().finally(() => {
    done = true;
  });
  working.catch(() => undefined);
  for (let number = 0; !done; ) {
    const due = ((performance.now() - startedAt) / 1_000) * perSecond;
    for (; number < due; number += 1) sent.push(send(number));
    logMib = Math.max(logMib, statSync(`${store.path}-wal`).size / 1024 ** 2);
    await pause(1);
  }
  const tookMs = performance.now() - startedAt;
  await Promise.all([working, ...sent]);
  waits.sort((left, right) => left - right);
  const at = (share: number): number => waits[Math.floor(share * (waits.length - 1))] ?? 0;
  return { commands: waits.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1), logMib, tookMs };

  async function send(number: number): Promise<void> {
    // When it was due, so that a loop that is held up shows in every command that it delays.
    const dueAt = startedAt + (number / perSecond) * 1_000;
    revision += 1;
    const entity = {
      id: `e-${String(1 + ((number * 7_919) % 25_000)).padStart(8, "0")}`,
      type: "note",
      data: { text: `Read the level every ten minutes, and keep the raw value. Revision ${revision}` },
    };
    await store.commands.enqueue({ type: "entity.upsert", entity });
    waits.push(performance.now() - dueAt);
  }
}
