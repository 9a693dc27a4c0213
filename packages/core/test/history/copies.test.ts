import { spawnSync } from "node:child_process";
import { chmodSync, closeSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { openRaw, openTested, testDriver } from "../../../../test/support/test-driver.ts";
import type { OpenConnection, OpenDatabase, SqliteDatabase } from "../../src/file/driver.ts";
import { makeCopy } from "../../src/history/make-copy.ts";
import { restore } from "../support/driver.ts";

import { writeHistory } from "../support/history.ts";
import { openStore } from "../support/open-store.ts";
import { readValue } from "../support/read-file.ts";
import { hasStrace } from "../support/strace.ts";
import { databasePath, temporaryFolder } from "../support/temporary-folder.ts";

/** Opens databases that alter each copy as soon as SQLite has made it. */
function alteringCopies(alter: (copy: string) => void): OpenDatabase {
  const open: OpenConnection = (path, options) => {
    const database = openTested(path, options);
    const copy = database.backup.bind(database);
    const backup: SqliteDatabase["backup"] = async (to, pace) => {
      await copy(to, pace);
      alter(to);
    };
    return Object.assign(database, { backup });
  };
  return Object.assign(open, { driver: testDriver });
}

it("finds a copy that differs from its original", async () => {
  const store = await openStore();
  await writeHistory(store);
  const open = alteringCopies((copy) => {
    const database = openRaw(copy);
    database.exec("update artifacts set title = 'another'");
    database.close();
  });
  await expect(makeCopy(open, { from: store.path, to: databasePath() })).rejects.toThrow(
    "the copy differs from its original",
  );
});

it("finds a copy with a damaged page that holds no row", async () => {
  const store = await openStore();
  await writeHistory(store);
  const open = alteringCopies((copy) => {
    const page = readValue<number>(
      copy,
      "select rootpage from sqlite_master where name = 'jobs_by_workflow'",
    );
    const file = openSync(copy, "r+");
    writeSync(file, Buffer.alloc(4_096, 0xff), 0, 4_096, (page - 1) * 4_096);
    closeSync(file);
  });
  await expect(makeCopy(open, { from: store.path, to: databasePath() })).rejects.toMatchObject({
    code: "SQLITE_CORRUPT",
  });
});

it("restores a file that only its owner can read, whoever can read the backup", async () => {
  const store = await openStore();
  const backup = join(temporaryFolder(), "backup.db");
  await store.backup(backup);
  chmodSync(backup, 0o644);
  const to = databasePath();
  await restore({ from: backup, to });
  expect(statSync(to).mode & 0o777).toBe(0o600);
});

it.skipIf(!hasStrace)(
  "flushes a copy before it gets its name, and the folder after",
  () => {
    const [database, restored] = [databasePath(), databasePath()];
    const folder = temporaryFolder();
    const [backup, log] = [join(folder, "backup.db"), join(temporaryFolder(), "calls")];
    writeFileSync(log, "");
    const host = fileURLToPath(new URL("../fixtures/copying-host.ts", import.meta.url));
    const run = spawnSync(
      "strace",
      [
        ...["-f", "-y", "-o", log, "-e", "trace=fsync,link,linkat"],
        ...[process.execPath, "--conditions=@atlas/source", host, database, backup, restored],
      ],
      { encoding: "utf8" },
    );
    expect(run.stderr).toBe("");
    const calls = readFileSync(log, "utf8").split("\n");
    for (const whole of [backup, `${backup}.json`, restored]) {
      const named = calls.findIndex((call) => /\blink(at)?\(/.test(call) && call.includes(`"${whole}"`));
      expect(named).toBeGreaterThan(0);
      const isFlush = (call: string, of: (path: string) => boolean) => {
        const [, path = ""] = /fsync\(\d+<([^>]*)>/.exec(call) ?? [];
        return of(path);
      };
      const partial = (path: string) => path.startsWith(`${whole}.`) && /[0-9a-f]{12}\.partial$/.test(path);
      expect(calls.slice(0, named).some((call) => isFlush(call, partial))).toBe(true);
      const next = calls.findIndex((call, index) => index > named && /\blink(at)?\(/.test(call));
      const after = calls.slice(named, next < 0 ? undefined : next);
      expect(after.some((call) => isFlush(call, (path) => path === dirname(whole)))).toBe(true);
    }
  },
  30_000,
);

it.skipIf(!hasStrace)(
  "gives a large copy to the disk part by part, so that no flush of a commit waits for all of it",
  async () => {
    const store = await openStore();
    const content_md = "x".repeat(1_000_000);
    for (let id = 0; id < 10; id += 1)
      await store.commands.enqueue({
        type: "artifact.create",
        artifact: { id: `${id}`, type: "big", content_md },
      });
    await store.stop();
    const [backup, log] = [join(temporaryFolder(), "backup.db"), join(temporaryFolder(), "calls")];
    writeFileSync(log, "");
    const host = fileURLToPath(new URL("../fixtures/copying-host.ts", import.meta.url));
    const program = [
      process.execPath,
      "--conditions=@atlas/source",
      host,
      store.path,
      backup,
      databasePath(),
    ];
    const run = spawnSync("strace", ["-f", "-y", "-o", log, "-e", "trace=fdatasync", ...program], {
      encoding: "utf8",
    });
    expect(run.stderr).toBe("");
    const flushes = readFileSync(log, "utf8")
      .split("\n")
      .filter((call) => /fdatasync\(\d+<[^>]*backup\.db\.[0-9a-f]{12}\.partial>/.test(call));
    // 10 MB in parts of 2 MiB.
    expect(flushes.length).toBeGreaterThanOrEqual(5);
  },
  30_000,
);

it.skipIf(!hasStrace)(
  "flushes no file that a verify makes: nobody needs it after a loss of power",
  () => {
    const [database, log] = [databasePath(), join(temporaryFolder(), "calls")];
    writeFileSync(log, "");
    const host = fileURLToPath(new URL("../fixtures/verifying-host.ts", import.meta.url));
    const calls = "trace=pwrite64,fsync,fdatasync";
    const program = [process.execPath, "--conditions=@atlas/source", host, database];
    const run = spawnSync("strace", ["-f", "-y", "-o", log, "-e", calls, ...program], { encoding: "utf8" });
    expect(run.stderr).toBe("");
    const ofReplay = readFileSync(log, "utf8")
      .split("\n")
      .filter((call) => call.includes("/replay.db"));
    expect(ofReplay.length).toBeGreaterThan(0);
    // It would hold the event loop until the disk has all of a copy that was just made.
    expect(ofReplay.filter((call) => /sync\(/.test(call))).toEqual([]);
  },
  30_000,
);
