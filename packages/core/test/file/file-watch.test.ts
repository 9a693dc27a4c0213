import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createFakeClock } from "@atlas/testing/clock";
import { expect, it, onTestFinished } from "vitest";
import { openRaw } from "../../../../test/support/test-driver.ts";
import { startHost } from "../support/host-process.ts";
import { openStore } from "../support/open-store.ts";
import { countRows } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const note = (id: string) => ({ type: "entity.upsert", entity: { id, type: "note" } }) as const;

async function watched() {
  const clock = createFakeClock();
  const store = await openStore({ clock });
  await store.commands.enqueue(note("before"));
  return { clock, store };
}

const losses: readonly (readonly [string, (path: string) => void])[] = [
  ["its database is renamed", (path) => renameSync(path, `${path}.old`)],
  ["its database is deleted", (path) => rmSync(path)],
  [
    "its database is replaced",
    (path) => {
      const content = readFileSync(path);
      rmSync(path);
      writeFileSync(path, content);
    },
  ],
  ["its lock is deleted", (path) => rmSync(`${path}.lock`)],
  ["its folder is renamed", (path) => renameSync(dirname(path), join(temporaryFolder(), "moved"))],
];

it.each(losses)("acknowledges nothing more when %s, and says so", async (_, lose) => {
  const { clock, store } = await watched();
  const reader = store.repo.getEntity("before");
  lose(store.path);
  clock.advance(100);
  const error = await rejection(store.commands.enqueue(note("after")));
  expect(error).toMatchObject({
    code: "ATLAS_CORE_STORAGE_FAILED",
    details: { outcome: "not applied" },
    message: expect.stringContaining("was renamed, deleted or replaced while the store had it open"),
  });
  expect(store.health()).toMatchObject({ status: "failed", reason: "moved" });
  expect(await reader).toMatchObject({ id: "before" });
  // For good: what lies there now is not what this store has open.
  clock.advance(10_000);
  expect((await rejection(store.commands.enqueue(note("later")))).code).toBe("ATLAS_CORE_STORAGE_FAILED");
  await store.stop();
});

it.each(losses)("tells in its health that %s, without a command", async (_, lose) => {
  const { store } = await watched();
  expect(store.health()).toEqual({ status: "ok" });
  lose(store.path);
  expect(store.health()).toMatchObject({ status: "failed", reason: "moved" });
  await store.stop();
});

it("rejects what a foreign lock had held back as soon as the file is gone", async () => {
  const { store } = await watched();
  const other = openRaw(store.path, { timeoutMs: 0 });
  onTestFinished(() => void other.close());
  other.exec("begin immediate");
  const held = store.commands.enqueue(note("held"));
  await store.flush();
  expect(store.health()).toMatchObject({ status: "degraded", reason: "busy" });
  rmSync(`${store.path}.lock`);
  expect(store.health()).toMatchObject({ status: "failed", reason: "moved" });
  // The clock stands still: nothing but the look has ended its wait.
  expect((await rejection(held)).code).toBe("ATLAS_CORE_STORAGE_FAILED");
});

it("looks once in 100 ms, so that commits stay cheap", async () => {
  const { clock, store } = await watched();
  clock.advance(100);
  await store.commands.enqueue(note("looked"));
  rmSync(`${store.path}.lock`);
  clock.advance(99);
  expect(await store.commands.enqueue(note("within"))).toMatchObject({ changed: true });
  clock.advance(1);
  expect((await rejection(store.commands.enqueue(note("after")))).code).toBe("ATLAS_CORE_STORAGE_FAILED");
});

it("gives up its database when its own process has copied the folder and another one has taken over", async () => {
  const { clock, store } = await watched();
  // Closing any descriptor of the lock file frees the lock of the whole process.
  cpSync(dirname(store.path), join(temporaryFolder(), "copy"), { recursive: true });
  const host = startHost("racing-host.ts", { database: store.path });
  await host.printed(1);
  expect(host.lines).toEqual(["won"]);
  clock.advance(100);
  expect(await rejection(store.commands.enqueue(note("mine")))).toMatchObject({
    code: "ATLAS_CORE_STORAGE_FAILED",
    message: expect.stringContaining("another process has taken over the database"),
  });
  expect(store.health()).toMatchObject({ status: "failed", reason: "taken" });
  await store.stop();
  expect(JSON.parse(readFileSync(`${store.path}.owner`, "utf8"))).toEqual({ pid: host.pid });
  host.kill();
  await host.ended;
  expect(countRows(store.path, "entities")).toBe(1);
});

it("never gives a number that another writer has given, however soon it comes", async () => {
  const { store } = await watched();
  const program = `
    import Sqlite from "better-sqlite3";
    const database = new Sqlite(process.argv[1]);
    database.prepare("insert into journal (seq, type, payload, actor, enqueued_at) values (2, 't', '{}', 'other', 'now')").run();
    database.close();`;
  execFileSync(process.execPath, ["--input-type=module", "-e", program, store.path], {
    cwd: import.meta.dirname,
  });
  expect(await rejection(store.commands.enqueue(note("second")))).toMatchObject({
    message: expect.stringContaining("another process has taken over the database"),
  });
  expect(store.health()).toMatchObject({ status: "failed", reason: "taken" });
});

it("goes on beside a program that changes other rows", async () => {
  const { store } = await watched();
  const program = `
    import Sqlite from "better-sqlite3";
    const database = new Sqlite(process.argv[1]);
    database.prepare("update entities set title = 'by hand'").run();
    database.close();`;
  execFileSync(process.execPath, ["--input-type=module", "-e", program, store.path], {
    cwd: import.meta.dirname,
  });
  expect(await store.commands.enqueue(note("second"))).toMatchObject({ seq: 2, changed: true });
});

it("removes its owner file when it stops", async () => {
  const { store } = await watched();
  await store.stop();
  expect(existsSync(`${store.path}.owner`)).toBe(false);
});
