import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { refuseStarters } from "../../src/programs/starts-from.ts";

describe("a file from which an agent would start programs", () => {
  beforeEach(() => mkdirSync("outer/repo/src/deep", { recursive: true }));
  afterEach(() => rmSync("outer", { recursive: true }));
  const check = (folder: string): Promise<void> =>
    refuseStarters("gemini-cli", join(process.cwd(), folder), [".gemini/settings.json"]);
  const plant = (folder: string): void => {
    mkdirSync(`${folder}/.gemini`);
    symlinkSync("/nowhere", `${folder}/.gemini/settings.json`);
  };

  it("is refused in the folder and in those above it, up to the root of the repository", async () => {
    mkdirSync("outer/repo/.git");
    await check("outer/repo/src/deep");
    plant("outer/repo");
    await expect(check("outer/repo/src/deep")).rejects.toMatchObject({
      code: "ATLAS_HARNESS_INPUT_REFUSED",
      details: { harness: "gemini-cli", input: ".gemini/settings.json" },
    });
  });

  it("is not looked for above the repository, nor above a folder outside of one", async () => {
    plant("outer");
    writeFileSync("outer/repo/.git", "gitdir: elsewhere");
    await check("outer/repo/src");
    rmSync("outer/repo/.git");
    await check("outer/repo");
    await expect(check("outer")).rejects.toMatchObject({ code: "ATLAS_HARNESS_INPUT_REFUSED" });
  });
});
