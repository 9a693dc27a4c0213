import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import Sqlite from "better-sqlite3";
import type { Random } from "../../../../../test/support/random.ts";
import type { FaultsHostOptions } from "./host.ts";

/** What happened to one host. */
export interface Life {
  /** `itself`: without being asked, as a poison job ends it. */
  readonly end: "killed" | "stopped" | "itself";
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** False when it was told to stop, and did not. */
  readonly isInTime: boolean;
  /** The lock was held while it stopped. */
  readonly lockedAtStop: boolean;
  /** How often another connection held the write lock. */
  readonly locks: number;
  readonly errors: string;
}

// A host that does not end by then is killed, and that is a fault.
const HANGING_STOP_MS = 30_000;
const DRAIN_MS = 120_000;

/** Runs one host, holds its locks now and then, and kills it, tells it to stop, or waits for its end. */
export async function runLife(options: FaultsHostOptions, random: Random, folder: string): Promise<Life> {
  const file = new URL("host.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, ["--conditions=@atlas/source", file, JSON.stringify(options)], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-20_000);
  });
  let hasEnded = false;
  const ended = (once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>).then((how) => {
    hasEnded = true;
    return how;
  });
  const ready = Promise.race([once(child.stdout, "data"), ended]);
  const isStop = options.drains || random.chance(50);
  const isEarly = !options.drains && random.chance(12);
  const lingers = isStop && random.chance(20);
  const forMs = random.below(isEarly ? 700 : 2_500) + (lingers ? 9_000 : 0);
  const trouble = random.fork("locks");
  let end: Life["end"] = "itself";
  let isInTime = true;
  let isAsked = false;
  let lockedAtStop = false;
  let locks = 0;

  if (!isEarly) await ready;
  const disturbing = options.drains || isEarly ? undefined : disturb();
  if (!options.drains) await Promise.race([pause(forMs), ended]);
  let locking: Promise<void> | undefined;
  if (!options.drains && !hasEnded) {
    end = isStop ? "stopped" : "killed";
    if (isStop && !isEarly && random.chance(30)) locking = lock(4_000);
    isAsked = true;
    child.kill(isStop ? "SIGTERM" : "SIGKILL");
    // An impatient supervisor.
    if (isStop && random.chance(30)) child.kill("SIGTERM");
  }
  await endWithin(options.drains ? DRAIN_MS : HANGING_STOP_MS);
  await Promise.all([disturbing, locking]);
  const [code, signal] = await ended;
  return {
    end: options.drains && code === 0 ? "stopped" : end,
    code,
    signal,
    isInTime,
    lockedAtStop,
    locks,
    errors,
  };

  async function endWithin(limitMs: number): Promise<void> {
    const over = new AbortController();
    const late = pause(limitMs, undefined, { signal: over.signal }).catch(() => undefined);
    await Promise.race([ended, late]);
    over.abort();
    if (hasEnded) return;
    isInTime = false;
    child.kill("SIGKILL");
  }

  async function disturb(): Promise<void> {
    while (!hasEnded && !isAsked) {
      await Promise.race([pause(trouble.below(3_000)), ended]);
      if (!hasEnded && !isAsked && trouble.chance(50)) await lock(2_500);
    }
  }

  /** Holds the write lock for up to `longestMs`, or until the host has ended. */
  async function lock(longestMs: number): Promise<void> {
    const connection = new Sqlite(options.database, { timeout: 100 });
    try {
      connection.exec("begin immediate");
      locks += 1;
      await Promise.race([pause(trouble.below(longestMs)), ended]);
      if (isAsked) lockedAtStop = true;
    } catch (error) {
      if ((error as { readonly code?: string }).code !== "SQLITE_BUSY") throw error;
    } finally {
      connection.close();
    }
  }
}
