import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import type { Random } from "../../../../test/support/random.ts";
import { openRaw } from "../../../../test/support/test-driver.ts";
import { isCoreError, silentLogger } from "../../src/index.ts";
import { createStore } from "../support/driver.ts";
import type { SoakHostOptions } from "./host.ts";
import type { UpkeepKind } from "./upkeep-kinds.ts";

/** How a life ended. */
export type End = "killed" | "struck" | "stopped";

/** Runs one host, makes it trouble from outside, and ends it or waits for its end. */
export async function runLife(
  options: SoakHostOptions,
  { random, temporary }: { readonly random: Random; readonly temporary: string },
): Promise<{ readonly end: End; readonly readyMs: number; readonly during?: UpkeepKind }> {
  const file = new URL("host.ts", import.meta.url).pathname;
  const startedAt = performance.now();
  const child = spawn(process.execPath, [file, JSON.stringify(options)], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, TMPDIR: temporary },
  });
  let printed = "";
  child.stdout.on("data", (text) => {
    printed += text;
  });
  const ended = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
  let hasEnded = false;
  void ended.then(() => {
    hasEnded = true;
  });
  const ready = once(child.stdout, "data").then(() => performance.now() - startedAt);

  const isKilled = options.strike === undefined && options.strikeDuring === undefined && random.chance(85);
  const dieEarly = isKilled && random.chance(8);
  const readyMs = dieEarly ? 0 : await Promise.race([ready, ended.then(() => 0)]);
  if (isKilled) {
    const killed = pause(random.below(dieEarly ? 300 : 900)).then(() => child.kill("SIGKILL"));
    await Promise.all([
      killed,
      hasEnded || dieEarly ? undefined : disturb(options.database, random, () => hasEnded),
    ]);
  } else if (!hasEnded) {
    await disturb(options.database, random, () => hasEnded);
  }
  const [code, signal] = await ended;
  if (signal === "SIGKILL") {
    // Only the host writes there.
    const during = /struck during (\w+)/.exec(printed)?.[1] as UpkeepKind | undefined;
    const end = isKilled ? "killed" : "struck";
    return { end, readyMs, ...(during === undefined ? {} : { during }) };
  }
  if (code !== 0)
    throw new Error(`Life ${options.life} ended by itself with code ${code} and signal ${signal}.`);
  return { end: "stopped", readyMs };
}

/** What other processes do: try to be a second gateway, hold the write lock, read for long. */
async function disturb(database: string, random: Random, hasEnded: () => boolean): Promise<void> {
  if (random.chance(30)) {
    const outcome = await createStore({ log: silentLogger, database }).then(
      (store) => store.stop().then(() => "opened"),
      (error: unknown) => (isCoreError(error) ? error.code : String(error)),
    );
    const isFree = outcome === "opened" && (await pause(1_000).then(hasEnded));
    if (outcome !== "ATLAS_CORE_DATABASE_IN_USE" && !isFree) throw new Error(`A second gateway: ${outcome}.`);
  }
  if (random.chance(50)) {
    const connection = openRaw(database, { timeoutMs: 50 });
    try {
      connection.exec(random.chance(60) ? "begin immediate" : "begin");
      connection.prepare("select count(*) from journal").get();
      await pause(random.below(400));
    } catch (error) {
      if ((error as { readonly code?: string }).code !== "SQLITE_BUSY") throw error;
    } finally {
      connection.close();
    }
  }
}
