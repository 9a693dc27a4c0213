import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, it } from "vitest";
import { readServeFile, removeServeFile, serveFilePath, writeServeFile } from "../../src/reach/serve-file.ts";
import { emptyFolder } from "../support/project.ts";

const own = { url: "http://127.0.0.1:4400", token: "secret", pid: process.pid };

it("is written whole, for its user only, over one that was left", () => {
  const database = join(emptyFolder(), "atlas.db");
  writeFileSync(serveFilePath(database), "left", { mode: 0o644 });
  writeServeFile(database, own);
  expect(readServeFile(database)).toEqual(own);
  expect(statSync(serveFilePath(database)).mode & 0o777).toBe(0o600);
  expect(readdirSync(dirname(database))).toEqual([basename(serveFilePath(database))]);
});

it("is removed by the process that wrote it, and by no other", () => {
  const database = join(emptyFolder(), "atlas.db");
  writeServeFile(database, { ...own, pid: process.ppid });
  removeServeFile(database);
  expect(existsSync(serveFilePath(database))).toBe(true);
  writeServeFile(database, own);
  removeServeFile(database);
  expect(existsSync(serveFilePath(database))).toBe(false);
});
