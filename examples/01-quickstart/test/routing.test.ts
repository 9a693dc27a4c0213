import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFakeModelServer } from "@atlas/testing";
import { expect, it, onTestFinished } from "vitest";

const program = join(import.meta.dirname, "..", "quickstart.ts");

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "quickstart-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

function repositoryWithOneCommit(): string {
  const folder = temporaryFolder();
  const identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.invalid"];
  execFileSync("git", ["init", "--quiet"], { cwd: folder });
  execFileSync("git", [...identity, "commit", "--quiet", "--allow-empty", "-m", "Begin"], { cwd: folder });
  return folder;
}

async function quickstart(cwd: string, args: readonly string[]) {
  const child = spawn(process.execPath, [program, "--repo", repositoryWithOneCommit(), ...args], {
    cwd,
    env: { ...process.env, HOUSE_KEY: "canary-5d1e" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const [code] = await once(child, "close");
  return { code, output };
}

it("has the digest written by the models of a routing file, when asked", async () => {
  const server = await createFakeModelServer();
  onTestFinished(() => server.stop());
  server.reply("It has begun.");
  const cwd = temporaryFolder();
  const house = { base_url: server.urls.openai, model: "house-1", api_key_env: "HOUSE_KEY" };
  const routing = { llm: { profiles: { balanced: ["house"] }, providers: { house } } };
  writeFileSync(join(cwd, "gateway.routing.json"), JSON.stringify(routing));
  const { code, output } = await quickstart(cwd, ["--routing", "gateway.routing.json"]);
  expect(output).toContain("(written by: house)");
  expect(code).toBe(0);
  const [digest = ""] = readdirSync(join(cwd, "digest"));
  expect(readFileSync(join(cwd, "digest", digest), "utf8")).toContain("It has begun.");
  expect(output).not.toContain("canary-5d1e");
}, 30_000);

it("asks no model when it is not told to, and says which file is wrong", async () => {
  const cwd = temporaryFolder();
  const { code, output } = await quickstart(cwd, ["--routing", "nowhere.json"]);
  expect(output).toContain("The routing file nowhere.json cannot be used: there is no such file.");
  expect(code).toBe(1);
  expect(readdirSync(cwd)).toEqual([]);
}, 30_000);
