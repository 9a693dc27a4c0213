import { randomInt } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { onWritingConnection } from "../../../../test/support/writing-connections.ts";
import { silentLogger } from "../../src/index.ts";
import { acknowledgedBy, checkAcknowledged, startAcknowledging } from "../support/acknowledged.ts";
import { createStore } from "../support/driver.ts";
import { filesAfterPowerLoss, readRecording, recording } from "../support/power-loss.ts";
import { readRows, readValue } from "../support/read-file.ts";
import { hasStrace } from "../support/strace.ts";
import { databasePath, temporaryFolder } from "../support/temporary-folder.ts";

const note = (id: string) => ({ type: "entity.upsert", entity: { id, type: "note" } }) as const;

/** What a disk may hold behind the last byte that it was told to keep. */
const tails: readonly (readonly [string, (next: Buffer) => Buffer])[] = [
  ["nothing", () => Buffer.alloc(0)],
  ["half of the next commit", (next) => next.subarray(0, next.length >> 1)],
  ["the next commit without its last sector", (next) => next.subarray(0, Math.max(0, next.length - 512))],
  ["the next commit with one wrong bit", (next) => withFlippedBit(next)],
  ["zeros where the next commit should be", (next) => Buffer.alloc(next.length)],
];

function withFlippedBit(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const at = randomInt(Math.max(1, copy.length));
  if (copy.length > 0) copy.writeUInt8(copy.readUInt8(at) ^ (1 << randomInt(8)), at);
  return copy;
}

it.each(tails)("keeps every acknowledged command when behind them the log holds %s", async (_, tail) => {
  const database = databasePath();
  await (await createStore({ log: silentLogger, database })).stop();
  const folder = temporaryFolder();
  // The database itself does not change before the first checkpoint, and this test ends before it.
  copyFileSync(database, join(folder, "before.db"));

  const store = await createStore({ log: silentLogger, database });
  const walSizes = [0];
  for (let unit = 1; unit <= 12; unit += 1) {
    await store.commands.enqueueAll([note(`${unit}-a`), note(`${unit}-b`)]);
    walSizes.push(statSync(`${database}-wal`).size);
  }
  const wal = readFileSync(`${database}-wal`);
  await store.stop();

  for (let unit = 1; unit < walSizes.length; unit += 1) {
    const copy = join(folder, `after-${unit}.db`);
    copyFileSync(join(folder, "before.db"), copy);
    const kept = wal.subarray(0, walSizes[unit]);
    writeFileSync(
      `${copy}-wal`,
      Buffer.concat([kept, tail(wal.subarray(walSizes[unit], walSizes[unit + 1]))]),
    );
    await (await createStore({ log: silentLogger, database: copy })).stop();
    expect(readValue(copy, "pragma integrity_check")).toBe("ok");
    const entities = readRows<{ id: string }>(copy, "select id from entities order by rowid");
    expect(entities.map(({ id }) => id)).toEqual(
      Array.from({ length: unit }, (__, index) => [`${index + 1}-a`, `${index + 1}-b`]).flat(),
    );
  }
});

it("writes with synchronous=FULL on every connection that ever writes: after opening, a failure, another opening", async () => {
  const levels: unknown[] = [];
  onTestFinished(
    onWritingConnection((writer) => void levels.push(writer.pragma("synchronous", { simple: true }))),
  );
  const database = databasePath();
  let failing = true;
  const first = await createStore({
    log: silentLogger,
    database,
    failpoint: (name) => {
      if (name !== "writer:begun" || !failing) return;
      failing = false;
      throw Object.assign(new Error("struck"), { code: "SQLITE_IOERR" });
    },
  });
  await first.commands.enqueue(note("a")).catch(() => undefined);
  await first.commands.enqueue(note("a"));
  await first.stop();
  await (await createStore({ log: silentLogger, database })).stop();
  expect(levels).toEqual([2, 2, 2]);
});

it.skipIf(!hasStrace)(
  "keeps every acknowledged command when the power fails at any moment and unsynced writes are lost, torn or reordered",
  async () => {
    const database = databasePath();
    await (await createStore({ log: silentLogger, database })).stop();
    const before = readFileSync(database);
    const log = join(temporaryFolder(), "strace.log");
    const host = startAcknowledging(
      { database, prefix: "p", strike: { at: "flush:acknowledged", hit: 900 } },
      { through: recording(log) },
    );
    await host.ended;
    const operations = readRecording(log, database);
    expect(operations.filter(({ kind }) => kind === "sync").length).toBeGreaterThan(10);

    let latest = 0;
    for (let cut = 0; cut < 40; cut += 1) {
      const until = randomInt(operations.length + 1);
      const { files, printed } = filesAfterPowerLoss(operations.slice(0, until), new Map([["", before]]));
      const folder = join(temporaryFolder(), `${cut}`);
      mkdirSync(folder);
      for (const [suffix, bytes] of files) writeFileSync(join(folder, `atlas.db${suffix}`), bytes);
      const copy = join(folder, "atlas.db");
      await (await createStore({ log: silentLogger, database: copy })).stop();
      const acknowledged = acknowledgedBy({ lines: printed.split("\n").slice(0, -1) });
      checkAcknowledged(copy, new Map([["p", acknowledged]]));
      latest = Math.max(latest, acknowledged.length);
    }
    expect(latest).toBeGreaterThan(0);
  },
  30_000,
);
