import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { openRaw, openTested, testDriver } from "../../../../test/support/test-driver.ts";
import { onWritingConnection } from "../../../../test/support/writing-connections.ts";
import type { SqliteDatabase } from "../../src/file/driver.ts";
import { checkpointLog } from "../../src/history/checkpoint-log.ts";
import { databaseTask } from "../../src/history/database-task.ts";
import { writeHistory } from "../support/history.ts";
import { openStore } from "../support/open-store.ts";
import { rejection } from "../support/rejection.ts";
import { databasePath, temporaryFolder } from "../support/temporary-folder.ts";

/** A database with five megabytes in its log. */
function withLongLog() {
  const path = databasePath();
  const writer = openRaw(path);
  onTestFinished(() => void writer.close());
  writer.pragma("journal_mode = wal");
  writer.pragma("wal_autocheckpoint = 0");
  writer.exec("create table t (text)");
  const write = (): unknown => writer.prepare("insert into t values (?)").run("x".repeat(5_000_000));
  return { path, write, fileBytes: () => statSync(path).size };
}

it("brings the log into the file, as far as no reader holds it back", () => {
  const { path, write, fileBytes } = withLongLog();
  write();
  expect(fileBytes()).toBeLessThan(100_000);
  checkpointLog(openTested, path);
  expect(fileBytes()).toBeGreaterThan(5_000_000);
  const reader = openRaw(path, { readonly: true });
  onTestFinished(() => void reader.close());
  reader.exec("begin; select count(*) from t");
  write();
  checkpointLog(openTested, path);
  expect(fileBytes()).toBeLessThan(6_000_000);
  reader.exec("commit");
  checkpointLog(openTested, path);
  expect(fileBytes()).toBeGreaterThan(10_000_000);
});

it("makes no file where there is none", () => {
  const path = databasePath();
  checkpointLog(openTested, path);
  expect(existsSync(path)).toBe(false);
});

/** A store, and how long its writer lets the log grow, looked at in each turn while `work` goes on. */
async function watched() {
  const writers: SqliteDatabase[] = [];
  onTestFinished(onWritingConnection((writer) => void writers.push(writer)));
  const store = await openStore();
  await writeHistory(store);
  const pages = (): unknown => writers[0]?.pragma("wal_autocheckpoint", { simple: true });
  const stopCheckpoints = (): unknown => writers[0]?.pragma("wal_autocheckpoint = 0");
  const during = async (work: () => Promise<unknown>): Promise<readonly unknown[]> => {
    const seen: unknown[] = [pages()];
    let isDone = false;
    const working = work().finally(() => {
      isDone = true;
    });
    working.catch(() => undefined);
    for (; !isDone; await turn()) if (seen.at(-1) !== pages()) seen.push(pages());
    await working;
    return seen;
  };
  return { store, pages, stopCheckpoints, during };
}

it("leaves the log to the thread until a backup or a verify has let go of its snapshot", async () => {
  const { store, pages, during } = await watched();
  const usual = pages();
  const left = [usual, 0, usual];
  expect(await during(() => store.backup(join(temporaryFolder(), "backup.db")))).toEqual(left);
  expect(await during(() => store.verify())).toEqual(left);
  expect(await during(() => store.prune({ journal_before: "2100-01-01T00:00:00.000Z" }))).toEqual(left);
  expect(usual).toBeGreaterThan(0);
  expect(pages()).toBe(usual);
});

it("gives the log back to the writer when a backup fails", async () => {
  const { store, pages } = await watched();
  const usual = pages();
  const missing = join(temporaryFolder(), "missing", "backup.db");
  expect((await rejection(store.backup(missing))).code).toBe("ATLAS_CORE_COPY_FAILED");
  expect(pages()).toBe(usual);
});

it("ends the pause when the original is read, and once more at its end, whatever happened", async () => {
  const { store } = await watched();
  let ended = 0;
  const checkpoints = {
    pause: () => () => {
      ended += 1;
    },
  };
  const to = join(temporaryFolder(), "copy.db");
  await databaseTask({ name: "copy", from: store.path, to }, { driver: testDriver, checkpoints });
  expect(ended).toBe(2);
  const nowhere = join(temporaryFolder(), "missing", "copy.db");
  await expect(
    databaseTask({ name: "copy", from: store.path, to: nowhere }, { driver: testDriver, checkpoints }),
  ).rejects.toThrow();
  expect(ended).toBe(4);
});

it("brings in, in the thread, what gathered in the log before it had read", async () => {
  const { store, stopCheckpoints } = await watched();
  stopCheckpoints();
  const before = statSync(store.path).size;
  const content_md = "x".repeat(1_000_000);
  await store.commands.enqueueAll(
    ["a", "b", "c"].map((id) => ({ type: "artifact.create", artifact: { id, type: "big", content_md } })),
  );
  expect(statSync(store.path).size).toBe(before);
  await databaseTask(
    { name: "copy", from: store.path, to: join(temporaryFolder(), "copy.db") },
    { driver: testDriver },
  );
  expect(statSync(store.path).size).toBeGreaterThan(before + 3_000_000);
});
