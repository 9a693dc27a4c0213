import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { createFakeClock } from "@atlas/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { claimFile } from "../src/file/claim-file.ts";
import type { DriverName } from "../src/file/driver.ts";
import {
  createStore,
  type FileStore,
  openReadOnly,
  restore,
  type StoreOptions,
  silentLogger,
} from "../src/index.ts";
import { startHost } from "./support/host-process.ts";
import { rejection } from "./support/rejection.ts";
import { databasePath, temporaryFolder } from "./support/temporary-folder.ts";

const pairs: readonly (readonly [DriverName, DriverName])[] = [
  ["better-sqlite3", "node:sqlite"],
  ["node:sqlite", "better-sqlite3"],
];

async function openWith(
  driver: DriverName,
  options: Partial<StoreOptions<readonly []>> = {},
): Promise<FileStore> {
  const store = await createStore({ database: databasePath(), driver, log: silentLogger, ...options });
  onTestFinished(() => store.stop());
  return store;
}

/** Some of everything, through the store alone: a connection of the other library would free its locks. */
async function writeHistory({ commands, flush }: FileStore): Promise<void> {
  const at = "2026-11-20T09:00:00.000Z";
  const entity = {
    id: "note",
    type: "note",
    title: "ä\u{1f980}",
    data: { b: 1.5, a: [2 ** 40, -1, 1e21, null] },
  };
  await commands.enqueue({ type: "entity.upsert", entity }, { command_id: "once" });
  await commands.enqueue({ type: "entity.upsert", entity }, { command_id: "once" });
  await commands.enqueue({
    type: "event.insert",
    event: { id: "push", type: "push", entity_id: "note", occurred_at: at },
  });
  await commands.enqueueAll([
    { type: "job.create", job: { id: "job", workflow_id: "digest.v1", input: { topic: "a\0b" } } },
    { type: "job.updateStatus", id: "job", status: "running" },
  ]);
  const refused = commands.enqueue({ type: "job.updateStatus", id: "none", status: "running" });
  await refused.catch(() => undefined);
  const artifact = { id: "a", type: "digest", job_id: "job", content_md: "x".repeat(10_000) };
  await commands.enqueue({ type: "artifact.create", artifact });
  await flush();
}

it("writes the same journal and the same rows with each driver", async () => {
  const written = async (driver: DriverName) => {
    const store = await openWith(driver, { clock: createFakeClock("2026-11-21T09:00:00.000Z") });
    await writeHistory(store);
    const verified = await store.verify();
    const { items } = await store.repo.listJournal();
    return { journal: items, verified };
  };
  const [left, right] = [await written("better-sqlite3"), await written("node:sqlite")];
  expect(left.verified).toMatchObject({ status: "verified" });
  expect(right).toEqual(left);
});

describe.each(pairs)("a database that %s wrote", (first, second) => {
  it(`is verified, backed up and gone on with by ${second}`, async () => {
    const before = await openWith(first);
    await writeHistory(before);
    const { path } = before;
    const verified = await before.verify();
    const last = (await before.repo.listJournal({ limit: 1_000 })).items.at(-1)?.seq ?? 0;
    const kept = await before.backup(join(temporaryFolder(), "first.db"));
    await before.stop();

    const after = await openWith(second, { database: path });
    expect(await after.verify()).toEqual(verified);
    const again = await after.backup(join(temporaryFolder(), "second.db"));
    expect(again).toMatchObject({ digest: kept.digest, last_seq: kept.last_seq, rows: kept.rows });
    const receipt = await after.commands.enqueue({
      type: "entity.upsert",
      entity: { id: "new", type: "note" },
    });
    expect(receipt).toEqual({ seq: last + 1, changed: true });
    await using past = await after.asOf(last);
    expect(await past.repo.getEntity("new")).toBeUndefined();
    await after.stop();
    expect(await (await openWith(first, { database: path })).verify()).toMatchObject({ status: "verified" });
  });

  it(`is restored and read by ${second}`, async () => {
    const store = await openWith(first);
    await writeHistory(store);
    const from = join(temporaryFolder(), "backup.db");
    const manifest = await store.backup(from);
    const to = databasePath();
    expect(await restore({ from, to, driver: second })).toEqual(manifest);
    using reading = await openReadOnly(to, { driver: second });
    expect((await reading.repo.listJournal()).items).toEqual((await store.repo.listJournal()).items);
  });

  it(`is refused to ${second} while it is open in the same process, and not after`, async () => {
    const store = await openWith(first);
    const refused = {
      code: "ATLAS_CORE_DATABASE_IN_USE",
      message: expect.stringContaining(`with the driver "${first}"`),
    };
    expect(await rejection(openWith(second, { database: store.path }))).toMatchObject(refused);
    expect(await rejection(openReadOnly(store.path, { driver: second }))).toMatchObject(refused);
    // Neither attempt freed what it holds.
    expect((await rejection(openWith(first, { database: store.path }))).code).toBe(
      "ATLAS_CORE_DATABASE_IN_USE",
    );
    const reading = await openReadOnly(store.path, { driver: first });
    await store.stop();
    expect(await rejection(openWith(second, { database: store.path }))).toMatchObject(refused);
    reading.close();
    await openWith(second, { database: store.path });
  });

  it(`is refused to ${second} in another process too`, async () => {
    const store = await openWith(first);
    const program = `
      import { createStore, silentLogger } from ${JSON.stringify(new URL("../src/index.ts", import.meta.url).href)};
      const options = { database: ${JSON.stringify(store.path)}, driver: "${second}", log: silentLogger };
      await createStore(options).then(() => console.log("opened"), ({ code }) => console.log(code));`;
    const said = execFileSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
    expect(said.trim()).toBe("ATLAS_CORE_DATABASE_IN_USE");
  });
});

it("claims a file until the last one has let go of it", () => {
  const path = databasePath();
  const [one, two] = [claimFile(path, "node:sqlite"), claimFile(path, "node:sqlite")];
  one();
  one();
  expect(() => claimFile(path, "better-sqlite3")).toThrow("open in this process");
  two();
  claimFile(path, "better-sqlite3")();
  claimFile(path, "node:sqlite")();
});

it("refuses a driver that it does not know, and names those that it does", async () => {
  // What a caller without types may write.
  const driver = "sqlite" as DriverName;
  const message = 'driver must be "better-sqlite3" or "node:sqlite"; got "sqlite"';
  await expect(createStore({ database: ":memory:", driver })).rejects.toThrow(
    new TypeError(`createStore: ${message}.`),
  );
  await expect(openReadOnly("a.db", { driver })).rejects.toThrow(message);
  await expect(restore({ from: "a.db", to: "b.db", driver })).rejects.toThrow(message);
});

it("needs no native package for node:sqlite, in no thread", async () => {
  const folder = temporaryFolder();
  const source = new URL("..", import.meta.url).pathname;
  cpSync(join(source, "src"), join(folder, "core/src"), { recursive: true });
  cpSync(join(source, "package.json"), join(folder, "core/package.json"));
  mkdirSync(join(folder, "node_modules"));
  for (const name of ["kysely", "leven", "zod"])
    symlinkSync(join(source, "../../node_modules", name), join(folder, "node_modules", name));
  const host = startHost("native-free-host.ts", {
    core: join(folder, "core/src/index.ts"),
    database: databasePath(),
    backup: databasePath(),
  });
  await host.ended;
  expect(JSON.parse(host.lines[0] ?? "")).toEqual({
    byDefault: "ERR_MODULE_NOT_FOUND",
    warnings: [],
    status: "verified",
    id: "c",
  });
});
