// Kills a host over and over and checks what it promised: npm run test:soak -- [--minutes 10] [--kills 200] [--seed n]
import { randomInt } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createRandom, type Random } from "../../../../test/support/random.ts";
import { openRaw } from "../../../../test/support/test-driver.ts";
import { silentLogger } from "../../src/index.ts";
import { createStore, restore } from "../support/driver.ts";
import { type Checker, createChecker } from "./checker.ts";
import type { SoakHostOptions } from "./host.ts";
import { type End, runLife } from "./life.ts";
import { tally } from "./tally.ts";
import { type UpkeepKind, upkeepKinds } from "./upkeep-kinds.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    kills: { type: "string", default: "200" },
    seed: { type: "string", default: String(randomInt(2 ** 31)) },
  },
});
const minutes = Number(values.minutes);
const kills = Number(values.kills);
const seed = Number(values.seed);
if (![minutes, kills, seed].every((value) => Number.isFinite(value) && value >= 0)) {
  throw new TypeError(
    "--minutes, --kills and --seed take numbers, such as --minutes 10 --kills 200 --seed 1.",
  );
}

// A file of so many lives is checked a last time and then left for a new one, so that checking stays quick.
const LIVES_PER_FILE = 25;

const random = createRandom(seed);
const startedAt = performance.now();
const ends: Record<End, number> = { killed: 0, struck: 0, stopped: 0 };
const totals = { sent: 0, acknowledged: 0, refused: 0, unanswered: 0, unknown: 0, pruned: 0 };
const struckDuring = new Map<UpkeepKind, number>(upkeepKinds.map((kind) => [kind, 0]));
let life = 0;
let slowestStartMs = 0;
let folder = "";

console.log(`Soak with seed ${seed}: at least ${kills} kills and ${minutes} minutes.`);
try {
  while (isTooEarly()) await runFile(random.fork(`file ${life}`));
  rmSync(folder, { recursive: true, force: true });
  for (const [kind, count] of struckDuring) {
    // In so many lives, each kind is tried about five times for every hundred.
    if (life >= 150 && count === 0) throw new Error(`No host was killed in the middle of a ${kind}.`);
  }
  console.log(`Every promise was kept. ${summary()}`);
} catch (error) {
  console.error(error);
  console.error(`FAILED in life ${life} with seed ${seed}. ${summary()}
The database and the hosts' logs are kept in ${folder}.
Again: npm run test:soak -- --seed ${seed} --minutes ${minutes} --kills ${kills} (the commands are the same, their timing is not).`);
  process.exitCode = 1;
}

function isTooEarly(): boolean {
  return ends.killed + ends.struck < kills || performance.now() - startedAt < minutes * 60_000;
}

async function runFile(chance: Random): Promise<void> {
  if (folder !== "") rmSync(folder, { recursive: true, force: true });
  folder = mkdtempSync(join(tmpdir(), "atlas-soak-"));
  const database = join(folder, "atlas.db");
  const temporary = join(folder, "temporary");
  mkdirSync(temporary);
  const checker = createChecker();
  await openAndStop(database);
  for (let lives = 0; lives < LIVES_PER_FILE && isTooEarly(); lives += 1) {
    life += 1;
    const log = join(folder, `life-${life}.log`);
    writeFileSync(log, "");
    const copies = join(folder, `copies-${life}`);
    mkdirSync(copies);
    const keepsUp = chance.chance(60);
    const strikeDuring = keepsUp && chance.chance(50) ? chance.pick(upkeepKinds) : undefined;
    const { strike, ...options } = hostOptions(chance, { database, log, checker });
    const { end, readyMs, during } = await runLife(
      {
        ...options,
        ...(keepsUp ? { copies } : {}),
        ...(strikeDuring === undefined ? (strike === undefined ? {} : { strike }) : { strikeDuring }),
      },
      { random: chance.fork(`life ${life}`), temporary },
    );
    ends[end] += 1;
    if (during !== undefined) struckDuring.set(during, (struckDuring.get(during) ?? 0) + 1);
    slowestStartMs = Math.max(slowestStartMs, readyMs);
    // Half of the files are checked as they were left, and opened by the next host as they were left.
    if (chance.chance(50)) {
      await openAndStop(database);
      checkSwept(temporary, copies);
    }
    checker.check(database, log);
    await checkCopies(copies);
  }
  await openAndStop(database);
  for (const [name, count] of Object.entries(checker.counts)) totals[name as keyof typeof totals] += count;
  console.log(summary());
}

/** A start removes what a killed host left, but for restores: these are not the store's. */
function checkSwept(temporary: string, copies: string): void {
  const left = [
    ...readdirSync(temporary),
    ...readdirSync(copies).filter((name) => name.includes(".partial") && !name.includes(".restored.")),
  ];
  if (left.length > 0)
    throw new Error(`A start left behind what a killed host had left: ${left.join(", ")}.`);
}

/** What has its name is whole, however its host ended: a backup with a manifest restores, and a database passes its check. */
async function checkCopies(copies: string): Promise<void> {
  const files = readdirSync(copies);
  for (const file of files.filter((name) => name.endsWith(".db") && files.includes(`${name}.json`))) {
    await restore({ from: join(copies, file), to: join(copies, `${file}.checked`) });
  }
  for (const file of files.filter((name) => /\.(restored|replayed)$/.test(name))) {
    const database = openRaw(join(copies, file), { readonly: true });
    const found = database.pragma("integrity_check", { simple: true });
    database.close();
    if (found !== "ok") throw new Error(`${file} is damaged: ${String(found)}`);
  }
  rmSync(copies, { recursive: true, force: true });
}

function hostOptions(
  chance: Random,
  { database, log, checker }: { readonly database: string; readonly log: string; readonly checker: Checker },
): SoakHostOptions {
  const points = [
    "flush:drained",
    "writer:begun",
    "writer:command",
    "writer:before-commit",
    "flush:committed",
    "flush:acknowledged",
  ] as const;
  return {
    database,
    log,
    life,
    seed: chance.below(2 ** 31),
    producers: 1 + chance.below(6),
    stopAfterMs: 300 + chance.below(1_500),
    storageDeadlineMs: chance.pick([100, 500, 30_000]),
    maxQueuedCommands: chance.pick([30, 10_000, 10_000]),
    ...(chance.chance(30) ? { strike: { at: chance.pick(points), hit: 1 + chance.below(200) } } : {}),
    brokenPercent: chance.chance(30) ? 1 + chance.below(5) : 0,
    fullDisk: chance.chance(25),
    clockJumps: chance.chance(40),
    again: checker.again(20),
  };
}

/** Opens what is there, which must always work, and asks the store itself whether it is whole. */
async function openAndStop(database: string): Promise<void> {
  const openedAt = performance.now();
  const store = await createStore({ log: silentLogger, database, modules: [tally] });
  slowestStartMs = Math.max(slowestStartMs, performance.now() - openedAt);
  const verified = await store.verify();
  if (verified.status !== "verified") throw new Error(verified.message);
  const backup = `${database}.backup`;
  const { digest } = await store.backup(backup);
  if (digest !== verified.digest) throw new Error("The backup has another digest than the store.");
  for (const suffix of ["", ".json"]) rmSync(backup + suffix);
  await store.stop();
}

function summary(): string {
  const seconds = Math.round((performance.now() - startedAt) / 1_000);
  const { killed, struck, stopped } = ends;
  const during = [...struckDuring].map(([kind, count]) => `${count} ${kind}`);
  const counts = Object.entries(totals).map(([name, count]) => `${count} ${name}`);
  return `${seconds} s, ${life} lives: ${killed} killed, ${struck} killed at a failpoint or in upkeep (${during.join(", ")}), ${stopped} stopped; units: ${counts.join(", ")}; slowest start ${Math.round(slowestStartMs)} ms.`;
}
