import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openRaw } from "../../../../test/support/test-driver.ts";
import { silentLogger } from "../../src/index.ts";
import { backup as backupFile, createStore, restore } from "../support/driver.ts";
import { finops } from "../support/finops.ts";
import { writeHistory } from "../support/history.ts";
import { openStore } from "../support/open-store.ts";
import { countRows } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";
import { databasePath, temporaryFolder } from "../support/temporary-folder.ts";

async function withBackup() {
  const store = await openStore();
  await writeHistory(store);
  const backup = join(temporaryFolder(), "backup.db");
  const manifest = await store.backup(backup);
  return { store, backup, manifest };
}

it("copies everything into one file that only its owner can read, and says beside it what it holds", async () => {
  const { store, backup, manifest } = await withBackup();
  expect(readdirSync(dirname(backup)).sort()).toEqual(["backup.db", "backup.db.json"]);
  for (const file of [backup, `${backup}.json`]) expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(`${backup}.json`, "utf8"))).toEqual(manifest);
  const verified = await store.verify();
  expect(manifest).toMatchObject({
    format: 1,
    last_seq: verified.last_seq,
    digest: verified.status === "verified" ? verified.digest : "",
    rows: { entities: countRows(store.path, "entities"), journal: countRows(store.path, "journal") },
  });
});

it("is restored as a database that verifies and goes on counting", async () => {
  const { store, backup, manifest } = await withBackup();
  const to = databasePath();
  expect(await restore({ from: backup, to })).toEqual(manifest);
  const restored = await openStore({ database: to });
  expect(await restored.verify()).toEqual(await store.verify());
  const [before, after] = await Promise.all(
    [store, restored].map(({ repo }) => repo.listDomainEvents({ limit: 1_000 })),
  );
  expect(after).toEqual(before);
  const { seq } = await restored.commands.enqueue({
    type: "entity.upsert",
    entity: { id: "next", type: "note" },
  });
  expect(seq).toBe(manifest.last_seq + 1);
});

it("is restored with a new epoch where the journal began with a copy that is not part of it", async () => {
  const database = databasePath();
  await (await openAndWrite(database)).stop();
  const store = await openStore({ database, modules: [finops] });
  await store.commands.enqueue({ type: "finops.cost.record", cost: { job_id: "j", microusd: 1 } });
  const backup = join(temporaryFolder(), "backup.db");
  const { last_seq } = await store.backup(backup);
  const to = databasePath();
  await restore({ from: backup, to });
  const restored = await openStore({ database: to, modules: [finops] });
  await restored.commands.enqueue({ type: "finops.cost.record", cost: { job_id: "j", microusd: 1 } });
  expect(await restored.verify()).toMatchObject({ status: "verified", first_seq: last_seq + 1, commands: 1 });
});

async function openAndWrite(database: string) {
  const store = await createStore({ log: silentLogger, database });
  await writeHistory(store);
  return store;
}

it("holds every command that was acknowledged before it began, and units only whole, under full load", async () => {
  const store = await openStore();
  let acknowledged = 0;
  let open = true;
  const producers = Array.from({ length: 20 }, async (_, producer) => {
    for (let n = 0; open; n += 1) {
      const part = (name: string) =>
        ({ type: "entity.upsert", entity: { id: `${producer}-${n}-${name}`, type: "note" } }) as const;
      const receipts = await store.commands.enqueueAll([part("a"), part("b"), part("c")]);
      acknowledged = Math.max(acknowledged, receipts.at(-1)?.seq ?? 0);
    }
  });
  for (let round = 0; round < 3; round += 1) {
    const backup = join(temporaryFolder(), "backup.db");
    const before = acknowledged;
    const { last_seq, rows } = await store.backup(backup);
    expect(last_seq).toBeGreaterThanOrEqual(before);
    expect(last_seq % 3).toBe(0);
    expect(rows).toMatchObject({ entities: last_seq, domain_events: last_seq, journal: last_seq });
    expect(acknowledged).toBeGreaterThan(last_seq);
  }
  open = false;
  await Promise.all(producers);
});

it("never replaces a file, neither when backing up nor when restoring", async () => {
  const { store, backup } = await withBackup();
  const bytes = readFileSync(backup);
  expect(await rejection(store.backup(backup))).toMatchObject({
    code: "ATLAS_CORE_FILE_EXISTS",
    details: { path: backup },
  });
  expect(readFileSync(backup)).toEqual(bytes);
  expect((await rejection(restore({ from: backup, to: store.path }))).code).toBe("ATLAS_CORE_FILE_EXISTS");
  const log = databasePath();
  writeFileSync(`${log}-wal`, "changes to a database that is gone");
  expect(await rejection(restore({ from: backup, to: log }))).toMatchObject({
    details: { path: `${log}-wal` },
  });
});

it("refuses to restore what has no manifest, another content, or damage, and leaves the backup as it is", async () => {
  const { backup } = await withBackup();
  const variants: Readonly<Record<string, (file: string) => void>> = {
    "has no manifest": () => undefined,
    "has a manifest that is no manifest": (file) => writeFileSync(`${file}.json`, "{}"),
    "is of another content": (file) => {
      copyFileSync(`${backup}.json`, `${file}.json`);
      const database = openRaw(file);
      database.exec("update entities set title = 'altered'");
      database.close();
    },
    "lost journal entries": (file) => {
      copyFileSync(`${backup}.json`, `${file}.json`);
      const database = openRaw(file);
      database.exec("delete from journal where seq = 1");
      database.close();
    },
    "is cut short": (file) => {
      copyFileSync(`${backup}.json`, `${file}.json`);
      truncateSync(file, 8_192);
    },
    "is a text": (file) => {
      copyFileSync(`${backup}.json`, `${file}.json`);
      writeFileSync(file, "not a database");
    },
  };
  for (const [name, alter] of Object.entries(variants)) {
    const file = join(temporaryFolder(), "backup.db");
    copyFileSync(backup, file);
    alter(file);
    const bytes = readFileSync(file);
    const to = databasePath();
    const error = await rejection(restore({ from: file, to }));
    expect(error, name).toMatchObject({ code: "ATLAS_CORE_BACKUP_INVALID", details: { path: file } });
    expect(existsSync(to), name).toBe(false);
    expect(readdirSync(dirname(to)), name).toEqual([]);
    expect(readFileSync(file), name).toEqual(bytes);
  }
});

it("leaves nothing at the path when it cannot be written", async () => {
  const store = await openStore();
  const missing = join(temporaryFolder(), "no such folder", "backup.db");
  expect(await rejection(store.backup(missing))).toMatchObject({
    code: "ATLAS_CORE_COPY_FAILED",
    retryable: true,
    details: { path: missing },
  });
  const stopped = await createStore({ log: silentLogger, database: databasePath() });
  await writeHistory(stopped);
  const late = join(temporaryFolder(), "late.db");
  const backup = rejection(stopped.backup(late));
  await stopped.stop();
  expect((await backup).code).toBe("ATLAS_CORE_STOPPED");
  expect(readdirSync(dirname(late))).toEqual([]);
});

const canMount = process.platform === "linux" && process.getuid?.() === 0;

it.skipIf(!canMount)(
  "leaves nothing on a disk that is full, and works when there is room (needs root: tmpfs)",
  async (context) => {
    const disk = join(temporaryFolder(), "disk");
    mkdirSync(disk);
    if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", disk]).status !== 0) context.skip();
    onTestFinished(() => void spawnSync("umount", [disk]));
    const store = await openStore();
    const content_md = "x".repeat(500_000);
    await store.commands.enqueue({ type: "artifact.create", artifact: { id: "a", type: "big", content_md } });
    const error = await rejection(store.backup(join(disk, "backup.db")));
    expect(error).toMatchObject({
      code: "ATLAS_CORE_COPY_FAILED",
      details: { reason: expect.stringMatching(/full/) },
    });
    expect(readdirSync(disk)).toEqual([]);
    expect(store.health()).toEqual({ status: "ok" });
    spawnSync("mount", ["-o", "remount,size=64m", disk]);
    expect((await store.backup(join(disk, "backup.db"))).rows["artifacts"]).toBe(1);
  },
);

it("is refused when its journal or its command ids were changed, which no digest of the tables covers", async () => {
  const { backup } = await withBackup();
  for (const change of [
    "update journal set actor = 'another' where seq = 1",
    "update command_ids set fingerprint = 'another'",
  ]) {
    const to = join(temporaryFolder(), "changed.db");
    copyFileSync(backup, to);
    copyFileSync(`${backup}.json`, `${to}.json`);
    const foreign = openRaw(to);
    foreign.exec(change);
    foreign.close();
    const error = await rejection(restore({ from: to, to: databasePath() }));
    expect(error).toMatchObject({
      code: "ATLAS_CORE_BACKUP_INVALID",
      message: expect.stringContaining("its content differs from its manifest"),
    });
  }
});

it("is restored with a manifest from before manifests had a digest of the file", async () => {
  const { backup, manifest } = await withBackup();
  const { file_digest, ...older } = manifest;
  expect(file_digest).toBe(createHash("sha256").update(readFileSync(backup)).digest("hex"));
  writeFileSync(`${backup}.json`, JSON.stringify(older));
  expect(await restore({ from: backup, to: databasePath() })).toEqual(older);
});

it("copies a database from outside of its store, while that has it open and after it has stopped", async () => {
  const { store, manifest } = await withBackup();
  const folder = temporaryFolder();
  const beside = await backupFile({ from: store.path, to: join(folder, "beside.db") });
  expect({ ...beside, made_at: "" }).toEqual({ ...manifest, made_at: "", file_digest: beside.file_digest });
  await store.stop();
  const to = join(folder, "after.db");
  const after = await backupFile({ from: store.path, to });
  expect(after.digest).toBe(manifest.digest);
  const restored = databasePath();
  expect(await restore({ from: to, to: restored })).toEqual(after);
});

it("makes no backup of what is no database of Atlas, and none over another file", async () => {
  const { store, backup } = await withBackup();
  const folder = temporaryFolder();
  const to = join(folder, "new.db");
  const codeOf = async (from: string, target = to) =>
    (await rejection(backupFile({ from, to: target }))).code;
  expect(await codeOf(join(folder, "none.db"))).toBe("ATLAS_CORE_DATABASE_PATH");
  const text = join(folder, "text.db");
  writeFileSync(text, "This is no database. ".repeat(100));
  expect(await codeOf(text)).toBe("ATLAS_CORE_DATABASE_FOREIGN");
  expect(await codeOf(store.path, backup)).toBe("ATLAS_CORE_FILE_EXISTS");
  expect(readdirSync(folder)).toEqual(["text.db"]);
});
