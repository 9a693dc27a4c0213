import { chmodSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openRaw } from "../../../test/support/test-driver.ts";
import { atlas } from "./support/atlas.ts";
import { CONFIG, emptyFolder, project } from "./support/project.ts";

/** What a check found. */
interface Check {
  readonly check: string;
  readonly status: string;
  readonly found: string;
}

async function examine(cwd: string, env: Readonly<Record<string, string>> = {}) {
  const { code, stdout, stderr } = await atlas(["doctor", "--json"], { cwd, env });
  expect(stderr).toBe("");
  const { checks, ...counts } = JSON.parse(stdout) as {
    readonly problems: number;
    readonly warnings: number;
    readonly checks: readonly Check[];
  };
  return { code, stdout, ...counts, of: (name: string) => checks.find(({ check }) => check === name) };
}

it("finds no problem in a project that can run, and shows each check", async () => {
  const cwd = project();
  const { code, stdout } = await atlas(["doctor"], { cwd });
  expect(stdout).toMatch(/✓ node: Node \d[\s\S]*✓ sqlite: SQLite 3[\s\S]*0 problems, 2 warnings\n$/);
  expect(code).toBe(0);
});

it("tells of a database what others can read, and who has it open", async () => {
  const cwd = project();
  await atlas(["sync", "notes"], { cwd });
  const fresh = await examine(cwd);
  expect(fresh.of("file modes")).toMatchObject({ status: "ok" });
  expect(fresh.of("schema")).toMatchObject({ status: "ok" });
  expect(fresh.of("gateway")).toMatchObject({ found: "no gateway has it open" });
  const database = join(cwd, "data/atlas.db");
  chmodSync(database, 0o644);
  chmodSync(join(cwd, "data"), 0o755);
  expect((await examine(cwd)).of("file modes")).toMatchObject({
    status: "warning",
    found: `others can read ${database}`,
  });
  writeFileSync(`${database}.owner`, JSON.stringify({ pid: process.pid }));
  expect((await examine(cwd)).of("gateway")).toMatchObject({
    found: `process ${process.pid} has it open, without HTTP`,
  });
});

it("finds a database that a newer Atlas wrote", async () => {
  const cwd = project();
  await atlas(["sync", "notes"], { cwd });
  const database = openRaw(join(cwd, "data/atlas.db"));
  database.exec(
    "insert into schema_migrations values ('core', '999_future', 'x', '2030-01-01T00:00:00.000Z')",
  );
  database.close();
  const found = await examine(cwd);
  expect(found.of("schema")).toMatchObject({
    status: "problem",
    found: expect.stringContaining("core 999_future"),
  });
  expect(found.code).toBe(1);
});

it("finds a file that is no database", async () => {
  const cwd = project({ "atlas.config.ts": CONFIG, "data/atlas.db": "This is text. ".repeat(100) });
  const found = await examine(cwd);
  expect(found.of("schema")).toMatchObject({ status: "problem" });
  expect(found.code).toBe(1);
});

it("reports a mistake in the configuration, and still checks what it can", async () => {
  const found = await examine(
    project({ "atlas.config.ts": 'export default { database: "a.db", sink: [] };' }),
  );
  expect(found.of("gateway options")).toMatchObject({
    status: "problem",
    found: expect.stringContaining('"sinks"'),
  });
  expect(found.of("free space")).toBeDefined();
  expect(found.code).toBe(1);
  const missing = await examine(emptyFolder());
  expect(missing.of("configuration")).toMatchObject({ found: expect.stringContaining("Run `atlas init`") });
  expect(missing.code).toBe(1);
});

it("says which models can be asked and why not, without a value of the environment", async () => {
  const routing = { llm: { profiles: { fast: ["openai-mini", "mock"], other: ["anthropic-haiku"] } } };
  const cwd = project({
    "atlas.config.ts": CONFIG.replace("http:", 'routing: "gateway.routing.json", http:'),
    "gateway.routing.json": JSON.stringify(routing),
  });
  const found = await examine(cwd, { ANTHROPIC_API_KEY: "canary-key" });
  expect(found.of("profile fast")).toMatchObject({
    status: "warning",
    found: expect.stringContaining("the environment variable OPENAI_API_KEY is not set"),
  });
  expect(found.stdout).not.toContain("canary");
  expect(found.code).toBe(0);
});

it("names the place of a mistake in the routing file", async () => {
  const cwd = project({
    "atlas.config.ts": CONFIG.replace("http:", 'routing: "gateway.routing.json", http:'),
    "gateway.routing.json": '{ "llm": { "profile": {} } }',
  });
  const found = await examine(cwd);
  expect(found.of("gateway options")).toMatchObject({
    status: "problem",
    found: expect.stringMatching(/gateway\.routing\.json.*profile/),
  });
});

it("says which agents are found, and why not", async () => {
  const routing = { harness: { profiles: { code: ["codex-cli"] } } };
  const cwd = project({
    "atlas.config.ts": CONFIG.replace("http:", `routing: ${JSON.stringify(routing)}, http:`),
  });
  const found = await examine(cwd, { PATH: emptyFolder() });
  expect(found.of("agent codex-cli")).toMatchObject({ status: "warning" });
});

it("finds that the port is taken", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
  const { port } = server.address() as { readonly port: number };
  const found = await examine(project({ "atlas.config.ts": CONFIG.replace("port: 0", `port: ${port}`) }));
  expect(found.of("http port")).toMatchObject({
    status: "problem",
    found: `127.0.0.1:${port} is taken by another program`,
  });
});

it("checks no port where HTTP is switched off", async () => {
  const found = await examine(project({ "atlas.config.ts": CONFIG.replace("{ port: 0 }", "false") }));
  expect(found.of("http port")).toMatchObject({ found: "HTTP is switched off" });
});
