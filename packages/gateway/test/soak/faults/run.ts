// Kills and stops a gateway among troubles, and checks what it promised: npm run test:soak:faults -- [--minutes 1] [--seed n]
import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createRandom, type Random } from "../../../../../test/support/random.ts";
import { createGateway, silentLogger } from "../../../src/index.ts";
import { createChecker } from "./checker.ts";
import { type Life, runLife } from "./life.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "1" },
    seed: { type: "string", default: String(randomInt(2 ** 31)) },
  },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed);
if (![minutes, seed].every((value) => Number.isFinite(value) && value >= 0))
  throw new TypeError("--minutes and --seed take numbers, such as --minutes 10 --seed 1.");

const GRACE_MS = 1_500;
// Then what is left is run to its end and compared, and a new file begins: a long one would make checking slow.
const LIVES_PER_FILE = 15;
// Each of the poison jobs that are left ends three of these.
const DRAINING_LIVES = 60;

const startedAt = performance.now();
const random = createRandom(seed);
const ends = { killed: 0, stopped: 0, itself: 0 } satisfies Record<Life["end"], number>;
const totals = { created: 0, succeeded: 0, condemned: 0, runs: 0, effects: 0, deliveries: 0 };
let life = 0;
let locks = 0;
let slowestStopMs = 0;
let folder = "";

console.log(`Soak of faults with seed ${seed}: at least ${minutes} minutes.`);
const problems: string[] = [];
while (problems.length === 0 && isTooEarly()) await runFile(random.fork(`file ${life}`));
if (problems.length === 0) {
  console.log(`Every promise was kept. ${summary()}`);
} else {
  for (const problem of problems.slice(0, 20)) console.error(problem);
  console.error(`FAILED in life ${life} with seed ${seed}: ${problems.length} problems. ${summary()}
The database and the hosts' logs are kept in ${folder}.
Again: npm run test:soak:faults -- --seed ${seed} --minutes ${minutes} (the choices are the same, their timing is not).`);
  process.exitCode = 1;
}

function isTooEarly(): boolean {
  return performance.now() - startedAt < minutes * 60_000;
}

async function runFile(chance: Random): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), "atlas-soak-faults-"));
  const database = join(folder, "atlas.db");
  const checker = createChecker({ database, graceMs: GRACE_MS });
  // So that a host which is killed early leaves a file to look at.
  const first = await createGateway({ database, log: silentLogger });
  await first.stop();
  for (let lives = 0; lives < LIVES_PER_FILE && isTooEarly(); lives += 1) {
    await runOne(false);
    if (problems.length > 0) return;
  }
  for (let lives = 0; !checker.isDrained; lives += 1) {
    if (lives === DRAINING_LIVES) problems.push(`After ${lives} lives without trouble there is still work.`);
    else await runOne(true);
    if (problems.length > 0) return;
  }
  for (const [name, count] of Object.entries(checker.counts)) totals[name as keyof typeof totals] += count;
  console.log(summary());
  rmSync(folder, { recursive: true, force: true });

  async function runOne(drains: boolean): Promise<void> {
    life += 1;
    const log = join(folder, `life-${life}.log`);
    writeFileSync(log, "");
    const options = {
      database,
      log,
      life,
      graceMs: GRACE_MS,
      drains,
      seed: chance.below(2 ** 31),
      poison: chance.chance(60),
      hangingSink: !drains,
      clockJumps: !drains && chance.chance(60),
      fullDisk: !drains && chance.chance(40),
      again: checker.again(20),
    };
    const ended = await runLife(options, chance.fork(`life ${life}`), folder);
    ends[ended.end] += 1;
    locks += ended.locks;
    problems.push(...checker.check(ended, log));
    slowestStopMs = Math.max(slowestStopMs, checker.slowestStopMs);
  }
}

function summary(): string {
  const seconds = Math.round((performance.now() - startedAt) / 1_000);
  const counts = Object.entries(totals).map(([name, count]) => `${count} ${name}`);
  return `${seconds} s, ${life} lives: ${ends.killed} killed, ${ends.itself} ended by a poison job, ${ends.stopped} stopped; ${locks} locks; jobs: ${counts.join(", ")}; slowest stop ${slowestStopMs} ms of ${GRACE_MS}.`;
}
