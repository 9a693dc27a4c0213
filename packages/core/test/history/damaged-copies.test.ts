import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statfsSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { silentLogger } from "../../src/index.ts";
import { createStore, restore } from "../support/driver.ts";
import { finops } from "../support/finops.ts";
import { writeHistory } from "../support/history.ts";
import { openStore } from "../support/open-store.ts";
import { filesAfterPowerLoss, readRecording } from "../support/power-loss.ts";
import { readRows } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";
import { hasStrace } from "../support/strace.ts";
import { databasePath, temporaryFolder } from "../support/temporary-folder.ts";

const LATER = "2100-01-01T00:00:00.000Z";

async function withBackup(): Promise<string> {
  const store = await openStore();
  await writeHistory(store);
  const backup = join(temporaryFolder(), "backup.db");
  await store.backup(backup);
  return backup;
}

/** A store whose epoch began with a copy, because its journal was pruned. */
async function withBaseline() {
  const store = await openStore();
  await writeHistory(store);
  await store.prune({ journal_before: LATER });
  await store.commands.enqueue({ type: "entity.upsert", entity: { id: "later", type: "note" } });
  const [epoch] = readRows<{ baseline: string; first_seq: number }>(store.path, "select * from epochs");
  return {
    store,
    first_seq: epoch?.first_seq ?? 0,
    baseline: join(dirname(store.path), epoch?.baseline ?? ""),
  };
}

function flipBit(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << randomInt(8)), at);
  writeFileSync(file, bytes);
}

/** Two places in every page: one at random, and its last byte, which often belongs to a row. */
function places(file: string): readonly number[] {
  const pages = readFileSync(file).length / 4_096;
  return Array.from({ length: pages }, (_, page) => [
    page * 4_096 + randomInt(4_095),
    page * 4_096 + 4_095,
  ]).flat();
}

it("restores no backup with a wrong bit in any of its pages", async () => {
  const backup = await withBackup();
  const whole = readFileSync(backup);
  for (const at of places(backup).filter((_, index) => index % 3 === 0)) {
    flipBit(backup, at);
    const to = databasePath();
    expect(await rejection(restore({ from: backup, to })), `byte ${at}`).toMatchObject({
      code: "ATLAS_CORE_BACKUP_INVALID",
      message: expect.stringContaining("Use another backup."),
    });
    expect(readdirSync(dirname(to))).toEqual([]);
    writeFileSync(backup, whole);
  }
  await restore({ from: backup, to: databasePath() });
}, 60_000);

it("restores no backup that was cut short anywhere", async () => {
  const backup = await withBackup();
  const whole = readFileSync(backup);
  for (const size of [0, 1, 512, 4_096, whole.length - 4_096, whole.length - 1]) {
    truncateSync(backup, size);
    expect((await rejection(restore({ from: backup, to: databasePath() }))).code, `${size} bytes`).toBe(
      "ATLAS_CORE_BACKUP_INVALID",
    );
    writeFileSync(backup, whole);
  }
});

it("replays from no baseline with a wrong bit in any of its pages, nor from one that was cut short", async () => {
  const { store, baseline, first_seq } = await withBaseline();
  const whole = readFileSync(baseline);
  const damages = [
    ...places(baseline)
      .filter((_, index) => index % 4 === 0)
      .map((at) => () => flipBit(baseline, at)),
    ...[0, 512, 4_096, whole.length - 1].map((size) => () => truncateSync(baseline, size)),
  ];
  for (const damage of damages) {
    damage();
    const to = databasePath();
    expect(await rejection(store.replay(to))).toMatchObject({
      code: "ATLAS_CORE_EPOCH_UNREACHABLE",
      details: { reason: "baseline altered" },
      message: expect.stringContaining(baseline),
    });
    expect(existsSync(to)).toBe(false);
    writeFileSync(baseline, whole);
  }
  expect(await store.verify()).toMatchObject({ status: "verified", first_seq });
}, 60_000);

it("replays from a baseline whose manifest was lost, by the digest that the epoch keeps", async () => {
  const { store, baseline } = await withBaseline();
  writeFileSync(`${baseline}.json`, "{");
  expect(await store.verify()).toMatchObject({ status: "verified" });
});

it.skipIf(!hasStrace)(
  "restores a backup after a loss of power if it has its name, and no torn one",
  async () => {
    const [database, restored] = [databasePath(), databasePath()];
    const [folder, log] = [temporaryFolder(), join(temporaryFolder(), "calls")];
    const backup = join(folder, "backup.db");
    writeFileSync(log, "");
    const host = fileURLToPath(new URL("../fixtures/copying-host.ts", import.meta.url));
    const calls = ["-f", "-y", "-xx", "-s", "200000", "-o", log];
    const traced = ["-e", "trace=pwrite64,ftruncate,fsync,fdatasync,write", "-e", "signal=none"];
    const program = [process.execPath, "--conditions=@atlas/source", host, database, backup, restored];
    expect(spawnSync("strace", [...calls, ...traced, ...program], { encoding: "utf8" }).stderr).toBe("");
    const names = new Set(
      [...readFileSync(log, "latin1").matchAll(/<((?:\\x[0-9a-f]{2})+)>/g)].map(([, name = ""]) =>
        Buffer.from(name.replaceAll("\\x", ""), "hex").toString(),
      ),
    );
    const partial = [...names].find((name) => /backup\.db\.[0-9a-f]{12}\.partial$/.test(name)) ?? "";
    const operations = readRecording(log, partial);
    const lastSync = operations.findLastIndex(({ kind }) => kind === "sync");
    expect(lastSync).toBeGreaterThan(1);
    expect(operations.slice(lastSync + 1)).toEqual([]);

    const whole = readFileSync(backup);
    // It gets its name behind the last of these, and then holds all that it should.
    const named = filesAfterPowerLoss(operations, new Map());
    expect(named.files.get("")).toEqual(whole);
    let torn = 0;
    for (let cut = 0; cut < 12; cut += 1) {
      const unsynced = operations.filter(({ kind }) => kind !== "sync").slice(0, 1 + randomInt(lastSync));
      const bytes = filesAfterPowerLoss(unsynced, new Map()).files.get("") ?? Buffer.alloc(0);
      if (bytes.equals(whole)) continue;
      torn += 1;
      const copy = join(temporaryFolder(), "torn.db");
      writeFileSync(copy, bytes);
      copyFileSync(`${backup}.json`, `${copy}.json`);
      expect((await rejection(restore({ from: copy, to: databasePath() }))).code).toBe(
        "ATLAS_CORE_BACKUP_INVALID",
      );
    }
    expect(torn).toBeGreaterThan(0);
  },
  60_000,
);

const canMount = process.platform === "linux" && process.getuid?.() === 0;

/** A disk on which a database fits and a copy of it does not. */
function smallDisk(sizeKb: number): string | undefined {
  const disk = join(temporaryFolder(), "disk");
  mkdirSync(disk);
  if (spawnSync("mount", ["-t", "tmpfs", "-o", `size=${sizeKb}k`, "tmpfs", disk]).status !== 0) return;
  onTestFinished(() => void spawnSync("umount", ["-l", disk]));
  return disk;
}

const big = {
  type: "artifact.create",
  artifact: { id: "a", type: "big", content_md: "x".repeat(900_000) },
} as const;

it.skipIf(!canMount)(
  "leaves nothing of a restore or a replay on a disk that is full (needs root: tmpfs)",
  async (context) => {
    const disk = smallDisk(600);
    if (disk === undefined) return context.skip();
    const store = await openStore();
    await store.commands.enqueue(big);
    const backup = join(temporaryFolder(), "backup.db");
    await store.backup(backup);
    const to = join(disk, "to.db");
    for (const copy of [() => restore({ from: backup, to }), () => store.replay(to)]) {
      expect(await rejection(copy())).toMatchObject({
        code: "ATLAS_CORE_COPY_FAILED",
        retryable: true,
        details: { path: to },
        message: expect.stringMatching(/No file was left there\. Check the disk, then try again\./),
      });
      expect(readdirSync(disk)).toEqual([]);
    }
    await restore({ from: backup, to: databasePath() });
  },
);

it.skipIf(!canMount)(
  "keeps journal, schema and the copies that it has when there is no room for another (needs root: tmpfs)",
  async (context) => {
    const disk = smallDisk(6_000);
    if (disk === undefined) return context.skip();
    const database = join(disk, "atlas.db");
    const store = await openStore({ database });
    await writeHistory(store);
    await store.prune({ journal_before: LATER });
    await store.commands.enqueue(big);
    const copies = () => readdirSync(disk).filter((file) => file.includes(".epoch-"));
    const before = copies();
    expect(before).toHaveLength(2);
    const entries = store.stats().journalEntries;
    leaveRoom(disk, 600_000);
    expect(await rejection(store.prune({ journal_before: LATER }))).toMatchObject({
      code: "ATLAS_CORE_COPY_FAILED",
      retryable: true,
    });
    expect(copies()).toEqual(before);
    expect(store.stats().journalEntries).toBe(entries);
    expect(await store.verify()).toMatchObject({ status: "verified" });
    await store.stop();

    leaveRoom(disk, 600_000);
    const error = await rejection(createStore({ log: silentLogger, database, modules: [finops] }));
    expect(error).toMatchObject({ code: "ATLAS_CORE_COPY_FAILED" });
    expect(copies()).toEqual(before);
    expect(readRows(database, "select 1 from sqlite_master where name like 'finops%'")).toEqual([]);
    const again = await openStore({ database });
    expect(await again.verify()).toMatchObject({ status: "verified" });
  },
);

/** Fills a disk but for so many bytes, less than a copy takes. */
function leaveRoom(disk: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(join(disk, `ballast-${bavail}`), Buffer.alloc(bavail * bsize - bytes));
}
