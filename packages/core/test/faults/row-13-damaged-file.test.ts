import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { silentLogger } from "../../src/index.ts";
import { startAcknowledging } from "../support/acknowledged.ts";
import { createStore } from "../support/driver.ts";
import { openStore } from "../support/open-store.ts";
import { readRows, readValue } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";
import { databasePath, temporaryFolder } from "../support/temporary-folder.ts";

const PAGE_BYTES = 4_096;

const contentOf = (path: string): string =>
  [path, `${path}-wal`]
    .map((file) =>
      existsSync(file) ? createHash("sha256").update(readFileSync(file)).digest("hex") : "none",
    )
    .join(" ");

/** A database that was stopped in good order. */
async function closedDatabase(): Promise<string> {
  const store = await openStore();
  const artifacts = Array.from({ length: 14 }, (_, index) => ({
    type: "artifact.create" as const,
    artifact: { id: `${index}`, type: "report", content_md: `${index} `.repeat(index * 100) },
  }));
  await store.commands.enqueueAll(artifacts);
  await store.stop();
  return store.path;
}

/** A database whose host was killed, with the log that it left. */
async function killedDatabase(): Promise<string> {
  const path = databasePath();
  await (await createStore({ log: silentLogger, database: path })).stop();
  const strike = { at: "flush:committed", hit: 40 } as const;
  const host = startAcknowledging({ database: path, prefix: "d", strike });
  await host.ended;
  expect(statSync(`${path}-wal`).size).toBeGreaterThan(0);
  return path;
}

function overwrite(path: string, at: number, bytes: Buffer): void {
  const content = readFileSync(path);
  bytes.copy(content, at);
  writeFileSync(path, content);
}

const damages: readonly (readonly [string, string, (path: string) => void])[] = [
  ["a page of 0xFF", "CORRUPT", (path) => overwrite(path, PAGE_BYTES, Buffer.alloc(PAGE_BYTES, 0xff))],
  ["a first page of 0xFF", "FOREIGN", (path) => overwrite(path, 0, Buffer.alloc(PAGE_BYTES, 0xff))],
  ["text for its beginning", "FOREIGN", (path) => overwrite(path, 0, Buffer.from("Dear diary, today"))],
  ["its last pages missing", "CORRUPT", (path) => truncateSync(path, statSync(path).size - 5 * PAGE_BYTES)],
  ["half a page", "FOREIGN", (path) => truncateSync(path, 300)],
];

describe.each(damages)("a database with %s", (_, code, damage) => {
  it("is refused and stays as it is, byte for byte", async () => {
    const path = await closedDatabase();
    damage(path);
    const before = contentOf(path);
    const error = await rejection(createStore({ log: silentLogger, database: path }));
    expect(error).toMatchObject({ code: `ATLAS_CORE_DATABASE_${code}`, details: { path }, retryable: false });
    expect(contentOf(path)).toBe(before);
  });

  it("is refused and stays as it is with the log that a killed host left beside it", async () => {
    const path = await killedDatabase();
    damage(path);
    const before = contentOf(path);
    const opened = await createStore({ log: silentLogger, database: path }).then(
      (store) => store.stop().then(() => undefined),
      (error: unknown) => error,
    );
    if (opened === undefined) {
      // The log held every page that was damaged.
      expect(readValue(path, "pragma integrity_check")).toBe("ok");
    } else {
      expect(opened).toMatchObject({ details: { path }, retryable: false });
      expect(contentOf(path)).toBe(before);
    }
  }, 20_000);
});

it("finds 0xFF in any page of the file that holds something, and changes nothing then", async () => {
  const path = await closedDatabase();
  const pages = statSync(path).size / PAGE_BYTES;
  const missed: number[] = [];
  for (let page = 1; page <= pages; page += 1) {
    const copy = join(temporaryFolder(), "atlas.db");
    copyFileSync(path, copy);
    overwrite(copy, (page - 1) * PAGE_BYTES, Buffer.alloc(PAGE_BYTES, 0xff));
    const before = contentOf(copy);
    const error = await createStore({ log: silentLogger, database: copy }).then(
      (store) => store.stop().then(() => undefined),
      (thrown: unknown) => thrown,
    );
    if (error === undefined) missed.push(page);
    else expect(contentOf(copy), `page ${page}`).toBe(before);
  }
  expect(missed).toEqual([]);
}, 20_000);

it("drops the commits from a wrong bit in the log on, whole and without noticing, as SQLite does", async () => {
  const path = await closedDatabase();
  const copy = join(temporaryFolder(), "atlas.db");
  copyFileSync(path, copy);
  const store = await openStore({ database: path });
  for (let unit = 0; unit < 10; unit += 1) {
    await store.commands.enqueueAll(
      ["a", "b"].map((part) => ({ type: "entity.upsert", entity: { id: `${unit}-${part}`, type: "note" } })),
    );
  }
  const wal = readFileSync(`${path}-wal`);
  await store.stop();
  const at = wal.length >> 1;
  wal.writeUInt8(wal.readUInt8(at) ^ 1, at);
  writeFileSync(`${copy}-wal`, wal);
  await (await createStore({ log: silentLogger, database: copy })).stop();
  expect(readValue(copy, "pragma integrity_check")).toBe("ok");
  const ids = readRows<{ id: string }>(copy, "select id from entities order by rowid").map(({ id }) => id);
  expect(ids.length).toBeGreaterThan(0);
  expect(ids.length).toBeLessThan(20);
  expect(ids).toEqual(Array.from({ length: ids.length / 2 }, (_, unit) => [`${unit}-a`, `${unit}-b`]).flat());
});

it("opens as it was at the last checkpoint when its log was taken away, and says that commits may be missing", async () => {
  const path = await killedDatabase();
  for (const suffix of ["-wal", "-shm"]) rmSync(`${path}${suffix}`);
  const warnings: string[] = [];
  const warn = (_: object, message: string): number => warnings.push(message);
  const log = { debug: () => undefined, info: () => undefined, warn, error: () => undefined };
  const store = await openStore({ database: path, log });
  expect(warnings).toEqual([expect.stringContaining("The last commits may be lost")]);
  expect(await store.verify()).toMatchObject({ status: "verified" });
  await store.stop();
  // Said once: the file was closed in good order now.
  await openStore({ database: path, log });
  expect(warnings).toHaveLength(1);
});

it("checks a large file in a thread after an unclean end, and finds the damage", async () => {
  const path = databasePath();
  const store = await createStore({ log: silentLogger, database: path });
  const content_md = "x".repeat(1_000_000);
  for (let n = 0; n < 18; n += 1) {
    await store.commands.enqueue({ type: "artifact.create", artifact: { type: "report", content_md } });
  }
  await store.stop();
  expect(statSync(path).size).toBeGreaterThan(16 * 1024 * 1024);
  let threads = 0;
  const count = (): void => {
    threads += 1;
  };
  process.on("worker", count);
  onTestFinished(() => void process.off("worker", count));
  const start = async () => (await createStore({ log: silentLogger, database: path })).stop();
  await start();
  expect(threads).toBe(0);
  const leaveBehind = () => writeFileSync(`${path}.owner`, '{"pid":1}');
  leaveBehind();
  await start();
  expect(threads).toBe(1);
  const page = readValue<number>(path, "select rootpage from sqlite_master where name = 'jobs_ready'");
  overwrite(path, (page - 1) * PAGE_BYTES, Buffer.alloc(PAGE_BYTES, 0xff));
  leaveBehind();
  const before = contentOf(path);
  expect((await rejection(start())).code).toBe("ATLAS_CORE_DATABASE_CORRUPT");
  expect(contentOf(path)).toBe(before);
});
