import { cpSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { findWorkerFile } from "../../src/file/worker-file.ts";
import { findDatabaseWorker } from "../../src/history/database-task.ts";
import { startHost } from "../support/host-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

it("finds the worker beside the sources", () => {
  expect(findDatabaseWorker().pathname).toMatch(/\/history\/database-worker\.ts$/);
});

it.each([
  ["a folder without the worker", "file:///nowhere/bundle.js"],
  ["a module that is not a file", "webpack://app/bundle.js"],
  ["a CommonJS bundle, which has no module URL", ""],
])("says that it was bundled in %s", (_, moduleUrl) => {
  expect(() => findWorkerFile("database-worker", moduleUrl)).toThrow(
    expect.objectContaining({
      code: "ATLAS_CORE_BUNDLED",
      message: expect.stringContaining("mark @atlas/* as external"),
    }),
  );
});

it("warns at the start and rejects what needs the thread, if the worker was left behind", async () => {
  const folder = temporaryFolder();
  const source = new URL("../..", import.meta.url).pathname;
  mkdirSync(join(folder, "core"));
  cpSync(join(source, "src"), join(folder, "core/src"), { recursive: true });
  cpSync(join(source, "package.json"), join(folder, "core/package.json"));
  symlinkSync(join(source, "../../node_modules"), join(folder, "node_modules"));
  const options = { core: join(folder, "core/src/index.ts"), database: join(folder, "a.db") };

  const whole = startHost("bundled-host.ts", { ...options, backup: join(folder, "whole.db") });
  await whole.ended;
  const works = { warnings: [], backup: "done", verify: "verified", asOf: "opened", restore: "done" };
  expect(JSON.parse(whole.lines[0] as string)).toEqual(works);

  rmSync(join(folder, "core/src/history/database-worker.ts"));
  const bundled = startHost("bundled-host.ts", { ...options, backup: join(folder, "bundled.db") });
  await bundled.ended;
  expect(JSON.parse(bundled.lines[0] as string)).toEqual({
    warnings: ["Atlas was bundled: backup() and verify() will fail."],
    backup: "ATLAS_CORE_BUNDLED",
    verify: "ATLAS_CORE_BUNDLED",
    // Its epoch starts from a copy that the first run made, and that a thread has to check.
    asOf: "ATLAS_CORE_BUNDLED",
    restore: "ATLAS_CORE_BACKUP_INVALID",
  });
});
