import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createGateway, silentLogger } from "@atlas/gateway";
import { beforeEach, expect, it } from "vitest";
import { openRaw } from "../../../test/support/test-driver.ts";
import { atlasHere as atlas } from "./support/atlas.ts";
import { CONFIG, emptyFolder, project } from "./support/project.ts";

let cwd: string;
let between: string;

/** A database whose one entity had another title before, in command 1. */
beforeEach(async () => {
  cwd = project();
  await using gateway = await createGateway({ database: join(cwd, "data/atlas.db"), log: silentLogger });
  const entity = { id: "tea", type: "note" };
  await gateway.commands.enqueue({ type: "entity.upsert", entity: { ...entity, title: "Green" } });
  between = new Date().toISOString();
  // The journal counts milliseconds.
  while (new Date().toISOString() === between);
  await gateway.commands.enqueue({ type: "entity.upsert", entity: { ...entity, title: "Black" } });
});

it("verifies the journal", async () => {
  const { code, stdout } = await atlas(["verify"], { cwd });
  expect(stdout).toBe("verified: replaying commands 1 to 2 gives the same rows, byte for byte.\n");
  expect(code).toBe(0);
  expect(JSON.parse((await atlas(["verify", "--json"], { cwd })).stdout)).toMatchObject({
    status: "verified",
  });
});

it("ends with 1 when the rows are not those of the journal", async () => {
  const database = openRaw(join(cwd, "data/atlas.db"));
  database.exec("update entities set title = 'White'");
  database.close();
  const { code, stdout } = await atlas(["verify"], { cwd });
  expect(stdout).toMatch(/^diverged: .*entities/);
  expect(code).toBe(1);
});

it("counts the rows of the past, by a number and by a time", async () => {
  const { stdout } = await atlas(["asof", "0", "--json"], { cwd });
  expect(JSON.parse(stdout)).toMatchObject({ seq: 0, rows: { entities: 0, jobs: 0 } });
  expect((await atlas(["asof", between], { cwd })).stdout).toMatch(
    /^After command 1:\nTABLE.*\nentities +1\n/,
  );
});

it("shows an entity as it was", async () => {
  const then = await atlas(["asof", "1", "--entity=tea", "--json"], { cwd });
  expect(JSON.parse(then.stdout)).toMatchObject({ seq: 1, entity: { title: "Green" } });
  expect((await atlas(["asof", "2", "--entity=tea"], { cwd })).stdout).toContain('"title": "Black"');
});

it("writes the past into a file of its own", async () => {
  expect((await atlas(["asof", "1", "--to=past.db"], { cwd })).stdout).toContain(
    "is the database after command 1.",
  );
  const again = await atlas(["asof", "1", "--to=past.db"], { cwd });
  expect([again.code, again.stdout]).toEqual([5, ""]);
});

it.each([
  ["99", 1],
  ["2001-01-01", 3],
  ["-1", 2],
  ["yesterday", 2],
])("ends `atlas asof %s` with %i", async (when, code) => {
  const ended = await atlas(["asof", when], { cwd });
  expect([ended.code, ended.stdout]).toEqual([code, ""]);
  expect(ended.stderr).toMatch(/^atlas: .+\.\n$/);
});

it("backs a database up and restores it", async () => {
  const backup = await atlas(["backup", "copy.db"], { cwd });
  expect(backup.stdout).toBe(
    `${join(cwd, "copy.db")} holds everything up to command 2, and was read back and compared.\n`,
  );
  expect(statSync(join(cwd, "copy.db")).mode & 0o777).toBe(0o600);
  const elsewhere = emptyFolder();
  const restored = await atlas(["restore", join(cwd, "copy.db"), "new.db", "--json"], { cwd: elsewhere });
  expect(JSON.parse(restored.stdout)).toMatchObject({ path: join(elsewhere, "new.db"), last_seq: 2 });
  expect((await atlas(["jobs", "ls", "--database=new.db"], { cwd: elsewhere })).stdout).toBe("No jobs.\n");
});

it("overwrites nothing, neither with a backup nor with a restored database", async () => {
  await atlas(["backup", "copy.db"], { cwd });
  expect((await atlas(["backup", "copy.db"], { cwd })).code).toBe(5);
  const { code, stderr } = await atlas(["restore", "copy.db", "data/atlas.db"], { cwd });
  expect(stderr).toContain("data/atlas.db");
  expect(code).toBe(5);
});

it("backs up and restores nothing that is damaged or is no database", async () => {
  await atlas(["backup", "copy.db"], { cwd });
  writeFileSync(join(cwd, "copy.db.json"), "{}");
  const damaged = await atlas(["restore", "copy.db", "new.db"], { cwd });
  expect([damaged.code, existsSync(join(cwd, "new.db"))]).toEqual([1, false]);
  writeFileSync(join(cwd, "text.db"), "This is no database. ".repeat(100));
  expect((await atlas(["backup", "other.db", "--database=text.db"], { cwd })).code).toBe(1);
  const missing = await atlas(["backup", "other.db", "--database=none.db"], { cwd });
  expect([missing.code, readdirSync(cwd).filter((name) => /^(none|other)/.test(name))]).toEqual([3, []]);
});

it("prunes what is older than a time, and only the kinds that are named", async () => {
  await using gateway = await createGateway({ database: join(cwd, "data/atlas.db"), log: silentLogger });
  await gateway.start();
  const occurred_at = "2026-01-01T00:00:00.000Z";
  await gateway.commands.enqueue({ type: "event.insert", event: { type: "rain", occurred_at } });
  await gateway.stop();
  const { code, stdout } = await atlas(["prune", "--before=0s", "--only=events", "--json"], { cwd });
  expect(JSON.parse(stdout)).toMatchObject({
    before: { rows: { events: 1 } },
    after: { rows: { events: 0 } },
  });
  expect(code).toBe(0);
  const only = await atlas(["prune", "--before=1d", "--only=refused,events"], { cwd });
  expect(
    only.stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split(" ")[0]),
  ).toEqual(["TABLE", "events", "refused_commands"]);
});

it("needs the configuration to look back", async () => {
  const { code, stderr } = await atlas(["asof", "1"], { cwd, env: { ATLAS_DATABASE: "data/atlas.db" } });
  expect(stderr).toContain("`atlas asof` needs the configuration.");
  expect(code).toBe(2);
});

it("reads a database with the SQLite of Node where the configuration says so", async () => {
  writeFileSync(join(cwd, "atlas.config.ts"), CONFIG.replace("http:", 'driver: "node:sqlite", http:'));
  expect((await atlas(["jobs", "ls"], { cwd })).stdout).toBe("No jobs.\n");
  expect((await atlas(["backup", "copy.db"], { cwd })).code).toBe(0);
  expect((await atlas(["restore", "copy.db", "new.db", "--driver=node:sqlite"], { cwd })).code).toBe(0);
});
