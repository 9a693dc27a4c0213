// A host that sends random commands while everything goes wrong, and writes down what it sent and what it was told.
import { openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { createRandom } from "../../../../test/support/random.ts";
import { onWritingConnection } from "../../../../test/support/writing-connections.ts";
import type { SqliteDatabase } from "../../src/file/driver.ts";
import { type Clock, type FailpointName, isCoreError, silentLogger } from "../../src/index.ts";
import { parseEventId } from "../../src/model/domain-event.ts";
import { createStore, restore } from "../support/driver.ts";
import {
  isHalfWritten,
  isPruneCommitted,
  isRebuilding,
  strikeInTheMiddle,
} from "../support/in-the-middle.ts";
import { type Known, type LogLine, randomCommand, type SentUnit } from "./sent.ts";
import { tally } from "./tally.ts";
import { type UpkeepKind, upkeepKinds } from "./upkeep-kinds.ts";

/** What the host is told. */
export interface SoakHostOptions {
  readonly database: string;
  readonly log: string;
  readonly seed: number;
  /** The number of this life, part of every key. */
  readonly life: number;
  readonly producers: number;
  /** When it stops in good order, if nobody ends it before. */
  readonly stopAfterMs: number;
  readonly storageDeadlineMs: number;
  readonly maxQueuedCommands: number;
  /** Where it ends itself. */
  readonly strike?: { readonly at: FailpointName; readonly hit: number };
  /** How often a hit of the writer's failpoints fails like a broken disk, in percent. */
  readonly brokenPercent: number;
  readonly fullDisk: boolean;
  readonly clockJumps: boolean;
  /** A folder for backups and replays, which are then made all the time. */
  readonly copies?: string;
  /** The upkeep in the middle of which it ends itself, if it comes so far. */
  readonly strikeDuring?: UpkeepKind;
  /** Units of earlier lives that are sent again, with their command ids. */
  readonly again: readonly SentUnit[];
}

const options = JSON.parse(process.argv[2] ?? "") as SoakHostOptions;
const random = createRandom(options.seed);
const DAY_MS = 86_400_000;
let offsetMs = 0;
const clock: Clock = {
  now: () => Date.now() + offsetMs,
  monotonic: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

let writer: SqliteDatabase | undefined;
onWritingConnection((database) => {
  // A replay writes too, to a file of its own.
  if (database.name === options.database) writer = database;
});

const breaking = random.fork("breaking");
let hits = 0;
let isPruning = false;
function failpoint(name: FailpointName): void {
  if (isPruning && options.strikeDuring === "prune" && name === "flush:committed")
    if (isPruneCommitted(options.database)) strikeDuring("prune");
  if (name === options.strike?.at) {
    hits += 1;
    if (hits === options.strike.hit) process.kill(process.pid, "SIGKILL");
  }
  if (!name.startsWith("writer:") || !breaking.chance(options.brokenPercent / 10)) return;
  const code = breaking.pick(["SQLITE_IOERR_WRITE", "SQLITE_IOERR_FSYNC", "SQLITE_FULL", "SQLITE_BUSY"]);
  throw Object.assign(new Error(`The soak struck with ${code}.`), { code });
}

const log = openSync(options.log, "a");
const note = (line: LogLine): void => void writeSync(log, `${JSON.stringify(line)}\n`);

const store = await createStore({
  log: silentLogger,
  database: options.database,
  modules: [tally],
  clock,
  failpoint,
  storageDeadlineMs: options.storageDeadlineMs,
  maxQueuedCommands: options.maxQueuedCommands,
});
writeSync(1, "ready\n");

const known: { -readonly [Key in keyof Known]: Known[Key] } = {
  storeId: "",
  lastEventSeq: 0,
  now: (offset) => new Date(clock.now() + offset).toISOString(),
};
store.onCommitted(({ events }) => {
  const last = events.at(-1);
  if (last === undefined) return;
  known.storeId = parseEventId(last.id)?.store ?? "";
  known.lastEventSeq = last.seq;
});

let stopping = false;

async function send(unit: SentUnit): Promise<void> {
  note({ sent: unit });
  const { key: actor, command_id, commands } = unit;
  try {
    const receipts = await store.commands.enqueueAll(commands, {
      actor,
      ...(command_id === undefined ? {} : { command_id }),
    });
    note({ got: actor, receipts });
  } catch (error) {
    if (!isCoreError(error)) throw error;
    const { outcome } = error.details as { readonly outcome?: string };
    note({ failed: actor, code: error.code, ...(outcome === undefined ? {} : { outcome }) });
  }
}

async function produce(producer: number): Promise<void> {
  const own = random.fork(`producer ${producer}`);
  for (let number = 0; !stopping; ) {
    const burst = Array.from({ length: 1 + own.below(12) }, () => {
      const key = `soak:${options.life}:${producer}:${number}`;
      number += 1;
      const size = own.chance(70) ? 1 : 1 + own.below(8);
      const commands = Array.from({ length: size }, () => randomCommand(own, known));
      return send({ key, commands, ...(own.chance(50) ? { command_id: key } : {}) });
    });
    await Promise.all(burst);
    if (own.chance(10)) await pause(own.below(20));
  }
}

async function makeTrouble(): Promise<void> {
  const trouble = random.fork("trouble");
  while (!stopping) {
    await pause(20 + trouble.below(200));
    if (options.clockJumps) offsetMs = trouble.pick([-1, 0, 0, 1, 5]) * DAY_MS + trouble.below(DAY_MS);
    if (!options.fullDisk || writer?.open !== true) continue;
    const filled = writer;
    filled.pragma(`max_page_count = ${filled.pragma("page_count", { simple: true })}`);
    await pause(trouble.below(400));
    if (filled.open) filled.pragma("max_page_count = 4294967294");
  }
}

function strikeDuring(kind: UpkeepKind): void {
  writeSync(1, `struck during ${kind}\n`);
  process.kill(process.pid, "SIGKILL");
}

/** Copies, verifies, looks back and prunes without a pause, so that a kill meets it. What the disk refuses may be refused. */
async function keepUp(folder: string): Promise<void> {
  const upkeep = random.fork("upkeep");
  for (let number = 0; !stopping; number += 1) {
    const to = join(folder, `${options.life}-${number}.db`);
    const kind = options.strikeDuring ?? upkeep.pick(upkeepKinds);
    const struck = kind === options.strikeDuring && upkeep.chance(50);
    try {
      if (kind === "restore") await store.backup(to);
      if (kind === "prune") await markDelivered(number);
      const work = (): Promise<unknown> => keepUpOnce(kind, { to, seq: upkeep.below(known.lastEventSeq) });
      const strike = (): void => strikeDuring(kind);
      await (struck ? strikeInTheMiddle(work, { isInTheMiddle: middleOf(kind, to), strike }) : work());
    } catch (error) {
      if (!isCoreError(error)) throw error;
      if (isCoreError(error, "ATLAS_CORE_EPOCH_UNREACHABLE") && error.details.reason !== "future")
        throw error;
    }
    await pause(upkeep.below(20));
  }
}

/** Only delivered events can be pruned, and what they name. */
async function markDelivered(number: number): Promise<void> {
  const { storeId, lastEventSeq } = known;
  if (lastEventSeq === 0) return;
  const mark = {
    type: "domainEvent.markDelivered",
    id: `evt_${storeId}_1`,
    through_seq: lastEventSeq,
  } as const;
  await send({ key: `soak:${options.life}:upkeep:${number}`, commands: [mark] });
}

async function keepUpOnce(
  kind: UpkeepKind,
  { to, seq }: { readonly to: string; readonly seq: number },
): Promise<unknown> {
  switch (kind) {
    case "backup":
      return store.backup(to);
    case "restore":
      return restore({ from: to, to: `${to}.restored` });
    case "asOf":
      return (await store.asOf(seq)).close();
    case "replay":
      return store.replay(`${to}.replayed`);
    case "verify": {
      const found = await store.verify();
      if (found.status === "diverged") throw new Error(found.message);
      return found;
    }
    case "prune": {
      const before = known.now(-1);
      isPruning = true;
      return store
        .prune({ domain_events_before: before, events_before: before, deleted_entities_before: before })
        .finally(() => {
          isPruning = false;
        });
    }
    default:
      return kind satisfies never;
  }
}

function middleOf(kind: UpkeepKind, to: string): () => boolean {
  if (kind === "verify" || kind === "asOf") return isRebuilding;
  // The failpoint strikes in a prune.
  return kind === "prune" ? () => false : () => isHalfWritten(to);
}

async function stopLater(): Promise<void> {
  for (const startedAt = performance.now(); performance.now() - startedAt < options.stopAfterMs; ) {
    await pause(20);
    if (store.health().status === "failed") break;
  }
  stopping = true;
}

const sentAgain = options.again.map((unit, index) =>
  send({ ...unit, key: `soak:${options.life}:again:${index}` }),
);
await Promise.all([
  stopLater(),
  makeTrouble(),
  options.copies === undefined ? undefined : keepUp(options.copies),
  ...sentAgain,
  ...Array.from({ length: options.producers }, (_, producer) => produce(producer)),
]);
await store.stop();
