import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { afterEach, expect, it } from "vitest";
import { createHarnessRouter } from "../../src/index.ts";
import { removeLeftFiles } from "../../src/router/left-files.ts";
import { createCopiedWorkspaces } from "../support/copied-workspaces.ts";

afterEach(() => rmSync("state", { recursive: true, force: true }));

// No process has this number: it is above the largest that Linux gives.
const GONE = 4_194_305;

it("removes the files of runs whose process is gone, and leaves those of others", async () => {
  mkdirSync(`state/atlas-run-${GONE}-abc`, { recursive: true });
  writeFileSync(`state/atlas-run-${GONE}-abc/prompt.txt`, "secret");
  mkdirSync(`state/atlas-run-${process.pid}-abc`);
  mkdirSync("state/atlas-run-1-abc");
  mkdirSync("state/other");
  expect(await removeLeftFiles("state")).toBe(1);
  expect(readdirSync("state").sort()).toEqual(
    ["atlas-run-1-abc", `atlas-run-${process.pid}-abc`, "other"].sort(),
  );
  expect(await removeLeftFiles("nowhere")).toBe(0);
});

it("removes all that killed processes have left, once", async () => {
  mkdirSync(`state/files/atlas-run-${GONE}-abc`, { recursive: true });
  const workspaces = createCopiedWorkspaces("state");
  const router = createHarnessRouter({ stateDir: "state", workspaces });
  expect(router.start()).toBe(router.start());
  await router.start();
  expect(workspaces.calls).toEqual(["removeLeftOvers"]);
  expect(existsSync(`state/files/atlas-run-${GONE}-abc`)).toBe(false);
  await router.stop();
});

it("refuses options that it does not have", () => {
  expect(() => createHarnessRouter({ stateDir: "state", root: [] } as never)).toThrow(
    '"root" is not an option. Did you mean "roots"?',
  );
  expect(() => createHarnessRouter({ stateDir: "state", policy: { retry: 1 } } as never)).toThrow(
    "is not an option",
  );
  expect(() => createHarnessRouter({} as never)).toThrow(TypeError);
});
