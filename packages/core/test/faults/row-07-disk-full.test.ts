import { spawnSync } from "node:child_process";
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { onWritingConnection } from "../../../../test/support/writing-connections.ts";
import type { SqliteDatabase } from "../../src/file/driver.ts";
import type { Store } from "../../src/index.ts";
import { executors } from "../support/later-executor.ts";
import { openStore } from "../support/open-store.ts";
import { countRows, readRows, readValue } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const large = (id: string) =>
  ({ type: "artifact.create", artifact: { id, type: "report", content_md: "x".repeat(20_000) } }) as const;

/** A disk of which the test says how much room it has. */
interface Disk {
  readonly path: string;
  readonly fill: () => void;
  readonly free: () => void;
}

/** SQLite's own limit: it fails with SQLITE_FULL like a disk, without one. */
function limitedDisk(): Disk {
  let writer: SqliteDatabase | undefined;
  onTestFinished(
    onWritingConnection((database) => {
      writer = database;
    }),
  );
  return {
    path: join(temporaryFolder(), "atlas.db"),
    fill: () => writer?.pragma(`max_page_count = ${writer.pragma("page_count", { simple: true })}`),
    // The limit is the connection's own: it ends with it.
    free: () => {
      if (writer?.open === true) writer.pragma("max_page_count = 1000000");
    },
  };
}

const MOUNTED_BYTES = 4 * 1024 * 1024;

function mount(folder: string): boolean {
  const options = ["-t", "tmpfs", "-o", `size=${MOUNTED_BYTES}`, "tmpfs", folder];
  return process.getuid?.() === 0 && spawnSync("mount", options).status === 0;
}

/** A file system of 4 MiB that another file takes all the room of. */
function mountedDisk(): Disk {
  const folder = temporaryFolder();
  if (!mount(folder)) throw new Error("It could be mounted before.");
  onTestFinished(() => void spawnSync("umount", [folder]));
  const ballast = join(folder, "ballast");
  return {
    path: join(folder, "atlas.db"),
    fill: () => {
      try {
        writeFileSync(ballast, Buffer.alloc(MOUNTED_BYTES));
      } catch {
        // It has written as much as there was room for.
      }
    },
    free: () => rmSync(ballast),
  };
}

const canMount = ((): boolean => {
  // The temporary folder of this file is made when its tests begin.
  const folder = mkdtempSync(join(dirname(tmpdir()), "atlas-mount-"));
  const mounted = mount(folder);
  if (mounted) spawnSync("umount", [folder]);
  rmdirSync(folder);
  return mounted;
})();
if (!canMount) console.log("No tmpfs can be mounted here: the tests on a full file system are skipped.");

const disks: readonly (readonly [string, () => Disk])[] = [
  ["SQLite's limit of pages", limitedDisk],
  ...(canMount ? [["a full file system", mountedDisk] as const] : []),
];

/** Sends until one command is held up. What was sent is not awaited. */
async function sendUntilHeld(store: Store, prefix: string): Promise<readonly Promise<{ seq: number }>[]> {
  const sent: Promise<{ seq: number }>[] = [];
  while (store.health().status === "ok") {
    sent.push(store.commands.enqueue(large(`${prefix}-${sent.length}`)));
    await store.flush();
  }
  return sent;
}

describe.each(executors)("with an executor that answers $answers", ({ executorOf }) => {
  it.each(disks)(
    "holds commands back on %s, reads on, and commits them in order when there is room",
    async (_, make) => {
      const { path, fill, free } = make();
      const store = await openStore({ database: path, maxQueuedCommands: 3 }, executorOf);
      await store.commands.enqueue(large("before"));
      fill();
      const held = await sendUntilHeld(store, "held");
      expect(store.health()).toMatchObject({ status: "degraded", reason: "full" });
      expect((await store.repo.getArtifact("before"))?.id).toBe("before");
      const waiting = ["a", "b", "c"].map((id) => store.commands.enqueue(large(id)));
      expect((await rejection(store.commands.enqueue(large("d")))).code).toBe("ATLAS_CORE_QUEUE_FULL");
      free();
      const seqs = (await Promise.all([...held, ...waiting])).map(({ seq }) => seq);
      expect(seqs).toEqual(Array.from({ length: seqs.length }, (__, index) => index + 2));
      expect(store.health()).toEqual({ status: "ok" });
      expect(await store.commands.enqueue(large("d"))).toEqual({ seq: seqs.length + 2, changed: true });
    },
  );

  it.each(disks)(
    "rejects on %s what waited too long, and applies it when it is sent again, without a restart",
    async (_, make) => {
      const { path, fill, free } = make();
      const store = await openStore({ database: path, storageDeadlineMs: 100 }, executorOf);
      await store.commands.enqueue(large("before"));
      fill();
      const held = await sendUntilHeld(store, "x");
      const outcomes = await Promise.allSettled(held);
      const applied = outcomes.filter(({ status }) => status === "fulfilled").length;
      expect(await rejection(held.at(-1) as Promise<unknown>)).toMatchObject({
        code: "ATLAS_CORE_STORAGE_FULL",
        details: { outcome: "not applied" },
      });
      expect(countRows(path, "artifacts")).toBe(1 + applied);
      free();
      await store.commands.enqueue(large(`x-${held.length - 1}`));
      expect(countRows(path, "artifacts")).toBe(2 + applied);
      expect(store.health()).toEqual({ status: "ok" });
    },
  );

  it.each(disks)(
    "keeps what it acknowledged on %s when it stops there, and starts again on it",
    async (_, make) => {
      const { path, fill, free } = make();
      const store = await openStore({ database: path, storageDeadlineMs: 50 }, executorOf);
      await store.commands.enqueue(large("before"));
      fill();
      const outcomes = await Promise.allSettled(await sendUntilHeld(store, "x"));
      await store.stop();
      const applied = outcomes.flatMap((outcome, index) =>
        outcome.status === "fulfilled" ? [`x-${index}`] : [],
      );
      expect(
        readRows<{ id: string }>(path, "select id from artifacts order by rowid").map(({ id }) => id),
      ).toEqual(["before", ...applied]);
      free();
      const again = await openStore({ database: path });
      await again.commands.enqueue(large("after"));
      expect(readValue(path, "pragma integrity_check")).toBe("ok");
    },
  );
});
