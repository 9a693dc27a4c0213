// A gateway among troubles, which writes down what it was told and what it did.
import { openSync, writeSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { type Clock, isCoreError } from "@atlas/core";
import { isPluginError } from "@atlas/plugins";
import { createRandom } from "../../../../../test/support/random.ts";
import { onWritingConnection } from "../../../../../test/support/writing-connections.ts";
import { createGateway, silentLogger } from "../../../src/index.ts";
import type { Evidence, Kind } from "./evidence.ts";
import { createSoakPlugins, DEAF, WORK } from "./plugins.ts";
import { createStuckWatch } from "./stuck-watch.ts";

/** What the host is told. */
export interface FaultsHostOptions {
  readonly database: string;
  readonly log: string;
  readonly seed: number;
  /** The number of this life, part of the key of each job. */
  readonly life: number;
  readonly graceMs: number;
  readonly poison: boolean;
  readonly hangingSink: boolean;
  readonly clockJumps: boolean;
  readonly fullDisk: boolean;
  /** Jobs of which an earlier life did not learn whether they were created. */
  readonly again: readonly { readonly key: string; readonly kind: Kind }[];
  /** Creates no jobs, waits until there is nothing left to do, and verifies the store. */
  readonly drains: boolean;
}

const options = JSON.parse(process.argv[2] ?? "") as FaultsHostOptions;
const CONCURRENCY = 8;
const BACKLOG = 60;
// Longer than the runner's own poll and than the grace of an attempt whose time is up, of 5 s each.
const PATIENCE_MS = 8_000;
const DRAIN_MS = 60_000;
const HOUR_MS = 3_600_000;
const LONGEST_JUMP_MS = 30 * HOUR_MS;

const random = createRandom(options.seed);
const log = openSync(options.log, "a");
const note = (line: Evidence): void => void writeSync(log, `${JSON.stringify(line)}\n`);

// What was stored while the clock was ahead is due by now.
let offsetMs = options.drains ? LONGEST_JUMP_MS + HOUR_MS : 0;
const clock: Clock = {
  now: () => Date.now() + offsetMs,
  monotonic: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
let writer: Parameters<Parameters<typeof onWritingConnection>[0]>[0] | undefined;
onWritingConnection((database) => {
  writer = database;
});

let isStopping = false;
let isFull = false;
let isCalmStop = true;
let troubleAt = Number.NEGATIVE_INFINITY;
const told = Promise.withResolvers<void>();
process.on("SIGTERM", () => {
  isStopping = true;
  isCalmStop = !isFull;
  told.resolve();
});

const plugins = createSoakPlugins({ note, random: random.fork("plugins"), hangs: options.hangingSink });
const gateway = await createGateway({
  database: options.database,
  log: silentLogger,
  clock,
  concurrency: CONCURRENCY,
  graceMs: options.graceMs,
  workflows: plugins.workflows,
  sinks: plugins.sinks,
});
void told.promise.then(stop);
try {
  await gateway.start();
} catch (error) {
  // It is told to stop during its start.
  if (!isStopping) throw error;
}
writeSync(1, "ready\n");
await Promise.all([
  jumpAbout(),
  fillDisk(),
  lookForStuckJobs(),
  ...options.again.map(({ key, kind }) => create([{ key, kind }])),
  options.drains ? drain() : produce(),
]);

async function stop(): Promise<void> {
  const beganAt = performance.now();
  await gateway.stop();
  note({ stoppedMs: Math.round(performance.now() - beganAt), calm: isCalmStop });
  process.exit(0);
}

async function create(wanted: readonly { readonly key: string; readonly kind: Kind }[]): Promise<void> {
  for (const { key, kind } of wanted) note({ asked: key, kind });
  const requests = wanted.map(({ key, kind }) => ({
    workflow_id: kind === "deaf" ? DEAF : WORK,
    idempotency_key: key,
    input: { kind },
  }));
  try {
    const [first, ...more] = requests;
    const jobs =
      first !== undefined && more.length === 0
        ? [await gateway.jobs.create(first)]
        : await gateway.jobs.createMany(requests);
    for (const { id, idempotency_key } of jobs) note({ created: idempotency_key ?? "", id });
  } catch (error) {
    // A job of that key is there and has failed.
    if (isPluginError(error, "ATLAS_PLUGINS_KEY_ENDED")) return;
    // Whether it was created is asked again in the next life.
    if (!isCoreError(error)) throw error;
  }
}

async function produce(): Promise<void> {
  const own = random.fork("producer");
  for (let number = 0; !isStopping; ) {
    await pause(10 + own.below(60));
    const { queued, running } = await gateway.repo.plugins
      .countJobs()
      .catch(() => ({ queued: 0, running: 0 }));
    if (isStopping || queued + running > BACKLOG) continue;
    const count = own.chance(70) ? 1 : 2 + own.below(4);
    const wanted = Array.from({ length: count }, () => {
      number += 1;
      return { key: `${options.life}-${number}`, kind: kindOf(own.below(1_000)) };
    });
    void create(wanted);
  }
}

function kindOf(of1000: number): Kind {
  if (of1000 < 8) return options.poison ? "poison" : "plain";
  if (of1000 < 20) return options.poison ? "unsteady" : "plain";
  if (of1000 < 30) return "deaf";
  if (of1000 < 130) return "slow";
  if (of1000 < 230) return "family";
  if (of1000 < 400) return "stumbles";
  return "plain";
}

async function jumpAbout(): Promise<void> {
  const own = random.fork("clock");
  while (options.clockJumps && !isStopping) {
    await pause(100 + own.below(1_500));
    offsetMs = own.pick([-1, 0, 0, 1]) * own.below(LONGEST_JUMP_MS);
    troubleAt = performance.now();
  }
}

async function fillDisk(): Promise<void> {
  const own = random.fork("disk");
  while (options.fullDisk && !isStopping) {
    await pause(200 + own.below(1_500));
    if (writer?.open !== true) continue;
    const filled = writer;
    isFull = true;
    // The stop may have begun during the pause.
    if (isStopping) isCalmStop = false;
    filled.pragma(`max_page_count = ${filled.pragma("page_count", { simple: true })}`);
    await pause(own.below(1_500));
    if (filled.open) filled.pragma("max_page_count = 4294967294");
    isFull = false;
    troubleAt = performance.now();
  }
}

async function lookForStuckJobs(): Promise<void> {
  const watch = createStuckWatch({ patienceMs: PATIENCE_MS });
  while (!isStopping) {
    await pause(250);
    const before = plugins.begun;
    const { select } = gateway.repo;
    const jobs = await select
      .selectFrom("jobs")
      .select(["id", "status", "run_at"])
      .where("status", "in", ["running", "queued"])
      .execute()
      .catch(() => []);
    const at = performance.now();
    const now = new Date(clock.now()).toISOString();
    const { status, jobs: runner } = gateway.health();
    if (status !== "ok" || isFull) troubleAt = at;
    const hasSlot = runner.running < CONCURRENCY;
    const found = watch.look({
      at,
      isCalm: troubleAt < at - 250,
      abandoned: jobs
        .filter((job) => job.status === "running" && !plugins.live.has(job.id))
        .map(({ id }) => id),
      due: jobs.filter((job) => hasSlot && job.status === "queued" && job.run_at <= now).map(({ id }) => id),
      begun: before,
    });
    for (const violation of found) note({ violation });
    if (found.length > 0) return;
  }
}

async function drain(): Promise<void> {
  const endsAt = performance.now() + DRAIN_MS;
  for (;;) {
    await pause(20);
    if (isStopping) return;
    const { queued, running } = await gateway.repo.plugins.countJobs();
    const lags = await gateway.repo.plugins.listSinkLags();
    const behind = lags.filter((lag) => lag.behind + lag.retrying > 0);
    if (queued + running === 0 && behind.length === 0) break;
    if (performance.now() < endsAt) continue;
    const left = JSON.stringify({ queued, running, behind });
    note({ violation: `After ${DRAIN_MS} ms without trouble there is still work: ${left}.` });
    break;
  }
  const verified = await gateway.store.verify();
  if (verified.status !== "verified")
    note({ violation: `The store is ${verified.status}: ${verified.message}` });
  note({ drained: true });
  isStopping = true;
  told.resolve();
}
