import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, silentLogger, systemClock } from "@atlas/core";
import { createFakeClock, type FakeClock } from "@atlas/testing";
import { expect, it, onTestFinished } from "vitest";
import { createGateway, type GatewayOptions, restore, toPrometheus } from "../../src/index.ts";
import { startHost } from "../support/host-process.ts";
import { until } from "../support/until.ts";

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "backups-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A gateway with its database and its backups in a folder, and a clock that stands still. */
async function open<Time extends Clock = FakeClock>(
  given: Partial<GatewayOptions> & { readonly home?: string } = {},
  clock: Time = createFakeClock("2026-11-22T03:00:00.000Z") as unknown as Time,
) {
  const { home = temporaryFolder(), ...options } = given;
  const folder = join(home, "backups");
  const gateway = await createGateway({
    database: join(home, "atlas.db"),
    clock,
    log: silentLogger,
    ...options,
    backups: { ...options.backups, folder },
  });
  onTestFinished(() => gateway.stop());
  const { backups } = gateway;
  if (backups === undefined) throw new Error("There are none.");
  const names = async () => (await backups.list()).map(({ name }) => name);
  const write = (id: string) =>
    gateway.commands.enqueue({ type: "entity.upsert", entity: { id, type: "note" } });
  return { gateway, backups, clock, home, folder, names, write };
}

/** Moves the clock in the steps in which it is looked at. */
async function forward(clock: FakeClock, byMs: number): Promise<void> {
  for (let left = byMs; left > 0; left -= 30_000) {
    clock.advance(Math.min(left, 30_000));
    await new Promise(setImmediate);
  }
}

it("makes one at the start, and one a day, which can be restored", async () => {
  const { gateway, backups, home, folder, names, write, clock } = await open();
  await write("first");
  await gateway.start();
  await until(async () => (await backups.list()).length === 1);
  expect(await names()).toEqual(["atlas-2026-11-22T03-00-00.000Z.db"]);
  await until(() => gateway.health().backups?.nextAt === "2026-11-23T03:00:00.000Z");
  await write("second");
  await forward(clock, DAY_MS - HOUR_MS);
  expect(await names()).toHaveLength(1);
  clock.advance(HOUR_MS);
  await until(async () => (await backups.list()).length === 2);
  const [newest] = await backups.list();
  expect(newest?.made_at).toBe("2026-11-23T03:00:00.000Z");
  await until(() => gateway.health().backups?.lastMadeAt === newest?.made_at);
  expect(gateway.health().backups).toMatchObject({
    status: "ok",
    failures: 0,
    lastBytes: newest?.size_bytes,
  });
  const stats = await gateway.stats();
  expect(stats.backups).toEqual({ failuresInARow: 0, sinceLastMs: 0, lastBytes: newest?.size_bytes });
  expect(toPrometheus(stats)).toContain("atlas_backup_age_seconds 0\n");

  const to = join(home, "restored.db");
  await restore({ from: join(folder, newest?.name ?? ""), to });
  const restored = await createGateway({ database: to, log: silentLogger });
  onTestFinished(() => restored.stop());
  expect(await restored.repo.getEntity("second")).toBeDefined();
  expect((await restored.store.verify()).status).toBe("verified");
});

it("makes one that was missed at the next start, and none that is not due", async () => {
  const home = temporaryFolder();
  const before = await open({ home });
  await before.gateway.start();
  await until(async () => (await before.backups.list()).length === 1);
  await before.gateway.stop();

  const early = await open({ home }, createFakeClock("2026-11-22T23:00:00.000Z"));
  await early.gateway.start();
  await until(() => early.gateway.health().backups?.nextAt === "2026-11-23T03:00:00.000Z");
  expect(await early.names()).toHaveLength(1);
  await early.gateway.stop();

  const late = await open({ home }, createFakeClock("2026-11-25T00:00:00.000Z"));
  await late.gateway.start();
  await until(async () => (await late.backups.list()).length === 2);
  await until(() => late.gateway.health().backups?.nextAt === "2026-11-26T00:00:00.000Z");
});

it("keeps to times of the calendar", async () => {
  const { gateway, backups } = await open({
    backups: { folder: "unused", schedule: { cron: "30 4 * * *", timeZone: "Europe/Vienna" } },
  });
  await gateway.start();
  await until(async () => (await backups.list()).length === 1);
  await until(() => gateway.health().backups?.nextAt === "2026-11-22T03:30:00.000Z");
});

it("keeps the last ones, and deletes nothing that it has not made", async () => {
  const { backups, folder, names, clock, write } = await open({ backups: { folder: "", keep: 2 } });
  const foreign = [
    "notes.txt",
    "atlas-2020-01-01T00-00-00.000Z.db",
    "atlas-2020-01-02T00-00-00.000Z.db",
    "atlas-2020-01-02T00-00-00.000Z.db.json",
    "other-2020-01-01T00-00-00.000Z.db",
    "atlas-2020-01-03T00-00-00.000Z.db.json",
  ];
  mkdirSync(folder, { recursive: true });
  const other = {
    format: 1,
    store_id: "another0",
    made_at: "2020-01-02T00:00:00.000Z",
    last_seq: 1,
    digest: "d",
    rows: {},
  };
  for (const name of foreign) writeFileSync(join(folder, name), JSON.stringify(other));
  const made: string[] = [];
  for (let number = 0; number < 4; number += 1) {
    clock.advance(HOUR_MS);
    await write(`n${number}`);
    made.push((await backups.make()).name);
  }
  const kept = made.slice(2);
  expect(await names()).toEqual([...kept].reverse());
  expect(readdirSync(folder).sort()).toEqual(
    [...foreign, ...kept, ...kept.map((name) => `${name}.json`)].sort(),
  );
});

it("never deletes the one that it has just made, also when the clock was set back", async () => {
  const { backups, clock, folder } = await open({ backups: { folder: "", keep: 1 } });
  await backups.make();
  clock.setWallClock(Date.parse("2020-01-01T00:00:00.000Z"));
  // Without a command in between, they hold the same.
  const { name } = await backups.make();
  expect(name).toBe("atlas-2020-01-01T00-00-00.000Z.db");
  expect((await backups.list()).map((one) => one.name)).toEqual([name]);
  expect(existsSync(join(folder, name))).toBe(true);
});

it("puts none off for longer than a day when the clock was set back", async () => {
  const { gateway, backups, clock } = await open();
  await gateway.start();
  await until(async () => (await backups.list()).length === 1);
  clock.setWallClock(Date.parse("2026-01-01T00:00:00.000Z"));
  await until(async () => {
    await forward(clock, DAY_MS / 8);
    return (await backups.list()).length === 2;
  });
});

it("removes what a kill left of a removal", async () => {
  const { backups, folder, clock } = await open();
  const { name } = await backups.make();
  rmSync(join(folder, name));
  clock.advance(1_000);
  const next = await backups.make();
  expect(readdirSync(folder).sort()).toEqual([next.name, `${next.name}.json`]);
});

it("says that one failed, tries again, and recovers", async () => {
  const home = temporaryFolder();
  writeFileSync(join(home, "backups"), "A file where the folder should be.");
  const { gateway, backups, clock } = await open({ home });
  await gateway.start();
  await until(() => gateway.health().backups?.status === "failing");
  expect(gateway.health()).toMatchObject({
    status: "ok",
    backups: { failures: 1, error: expect.any(String) },
  });
  expect((await gateway.stats()).backups?.failuresInARow).toBe(1);
  await forward(clock, 30_000);
  expect(gateway.health().backups?.failures).toBe(1);
  await until(async () => {
    await forward(clock, 60_000);
    return (gateway.health().backups?.failures ?? 0) >= 2;
  });
  rmSync(join(home, "backups"));
  await until(async () => {
    clock.advance(60_000);
    return gateway.health().backups?.status === "ok";
  });
  expect(await backups.list()).toHaveLength(1);
  expect(gateway.health().backups?.error).toBeUndefined();
});

it("makes one at a time, whoever asks", async () => {
  const { gateway, backups } = await open();
  await gateway.start();
  const made = await Promise.all([backups.make(), backups.make(), backups.make()]);
  expect(new Set(made.map(({ name }) => name)).size).toBe(3);
  await until(() => gateway.health().backups?.nextAt !== undefined);
});

it("stops while one is under way, and leaves no part of it", async () => {
  const { gateway, backups, folder, write } = await open();
  await write("n");
  const making = backups.make().catch((error: unknown) => error);
  await until(() => existsSync(folder));
  await gateway.stop();
  await making;
  const left = existsSync(folder) ? readdirSync(folder) : [];
  // It was whole already, or it is gone.
  expect([0, 2]).toContain(left.length);
  expect(left.filter((name) => name.includes(".partial"))).toEqual([]);
  expect(gateway.health().backups?.failures).toBe(0);
});

it("leaves only whole backups behind when it is killed in the middle of one", async () => {
  for (let round = 0; round < 3; round += 1) {
    const home = temporaryFolder();
    const folder = join(home, "backups");
    const host = startHost("backup-host.ts", { database: join(home, "atlas.db"), folder });
    await host.printed("made 1");
    for (let turns = 0; turns < round * 40; turns += 1) await new Promise(setImmediate);
    host.kill();
    await host.ended;
    const { backups, gateway } = await open({ home }, systemClock);
    const listed = await backups.list();
    expect(listed.length).toBeGreaterThanOrEqual(1);
    for (const { name } of listed) {
      const to = join(home, `restored-${name}`);
      await restore({ from: join(folder, name), to });
    }
    // Swept by the start of the gateway.
    expect(readdirSync(folder).filter((name) => name.includes(".partial"))).toEqual([]);
    await gateway.stop();
  }
}, 180_000);

it("makes files that only their owner can read", async () => {
  const { backups, folder } = await open();
  const { name } = await backups.make();
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  for (const file of [name, `${name}.json`]) expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"))).toMatchObject({ format: 1 });
});

it.each([
  [{}, /folder/],
  [{ folder: "" }, /folder/],
  [{ folder: "b", keep: 0 }, /keep/],
  [{ folder: "b", keep: 1.5 }, /keep/],
  [{ folder: "b", schedule: { everyMs: 10 } }, /everyMs/],
  [{ folder: "b", schedule: { cron: "x" } }, /cron/],
  [{ folder: "b", schedule: { everyMs: 5_000, onMissed: "all" } }, /onMissed/],
  [{ folder: "b", everyMs: 1_000 }, /everyMs/],
])("refuses %j at the door", async (backups, message) => {
  const given = { database: ":memory:", backups } as unknown as GatewayOptions;
  await expect(createGateway(given)).rejects.toThrow(message);
});
