import { chmodSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { createGateway, silentLogger } from "@atlas/gateway";
import { beforeEach, expect, it } from "vitest";
import { atlasHere as atlas } from "./support/atlas.ts";
import { emptyFolder, project } from "./support/project.ts";

const NOTE = "No gateway is running; this is what";

let cwd: string;
let failed: string;
let said: string;

/** A database with jobs that have ended, and the configuration beside it. */
beforeEach(async () => {
  cwd = project();
  await using gateway = await createGateway({
    database: join(cwd, "data/atlas.db"),
    log: silentLogger,
    workflows: [
      {
        id: "say.v1",
        async run(ctx) {
          ctx.log.info({}, "Asks a \u001b[31mmodel.");
          await ctx.step("ask", async () => (await ctx.llm.generateText({ prompt: "Ahoy" })).text);
          return { said: "Ahoy" };
        },
      },
      {
        id: "fail.v1",
        async run() {
          throw new Error("It cannot \u001b[31mwork.");
        },
        retry: { maxAttempts: 1 },
      },
    ],
  });
  await gateway.start();
  said = (await gateway.jobs.create({ workflow_id: "say.v1" })).id;
  await gateway.jobs.wait(said);
  failed = (await gateway.jobs.create({ workflow_id: "fail.v1" })).id;
  await gateway.jobs.wait(failed);
});

it("lists jobs from the file where no gateway runs, and says so", async () => {
  const { code, stdout, stderr } = await atlas(["jobs", "ls"], { cwd });
  expect(stderr).toContain(`${NOTE} ${join(cwd, "data/atlas.db")} holds.`);
  const lines = stdout.trimEnd().split("\n");
  expect(lines[0]).toMatch(/^ID +WORKFLOW +STATUS/);
  // The newest first; and an error keeps its control characters to itself.
  expect(lines[1]).toMatch(new RegExp(`^${failed} +fail\\.v1 +failed +1 .*It cannot \\\\x1b\\[31mwork`));
  expect(lines[2]).toMatch(new RegExp(`^${said} +say\\.v1 +succeeded`));
  expect([code, stdout.includes("\u001b")]).toEqual([0, false]);
});

it("lists jobs as one JSON object, and says nothing else", async () => {
  const { stdout, stderr } = await atlas(["jobs", "ls", "--json", "--status=failed", "--workflow=fail.v1"], {
    cwd,
  });
  expect(stdout.trimEnd().split("\n")).toHaveLength(1);
  expect(JSON.parse(stdout)).toMatchObject({ items: [{ id: failed, status: "failed" }] });
  expect(stderr).toBe("");
});

it("pages through jobs, from either end", async () => {
  const first = await atlas(["jobs", "ls", "--json", "--limit=1", "--oldest"], { cwd });
  const { items, cursor } = JSON.parse(first.stdout) as {
    readonly items: readonly unknown[];
    readonly cursor: string;
  };
  expect(items).toMatchObject([{ id: said }]);
  const next = await atlas(["jobs", "ls", "--limit=1", "--oldest", `--cursor=${cursor}`], { cwd });
  expect(next.stdout).toContain(failed);
  const last = await atlas(["jobs", "ls", "--limit=1", "--oldest"], { cwd });
  expect(last.stdout).toContain(`More: --cursor=${cursor}`);
  expect((await atlas(["jobs", "ls", "--cursor=nonsense"], { cwd })).stderr).toContain("atlas: ");
});

it("shows a job with its result, calls and log", async () => {
  const { stdout } = await atlas(["jobs", "show", said], { cwd });
  expect(stdout).toMatch(/result +\{"said":"Ahoy"\}[\s\S]*Model calls[\s\S]*mock \(stand-in\)[\s\S]*Log/);
  expect(stdout).toContain(String.raw`Asks a \x1b[31mmodel.`);
  expect(stdout).not.toContain("\u001b");
  const { stdout: json } = await atlas(["jobs", "show", said, "--json"], { cwd });
  expect(JSON.parse(json)).toMatchObject({
    job: { id: said, result: { said: "Ahoy" } },
    calls: [{ provider: "mock" }],
    runs: [],
    waits: [],
    log: [{ level: "info" }],
  });
});

it("lists model calls, of all jobs and of one", async () => {
  const all = await atlas(["calls"], { cwd });
  expect(all.stdout).toMatch(new RegExp(`${said}.*text.*mock \\(stand-in\\)`));
  const one = await atlas(["calls", `--job=${said}`, "--json"], { cwd });
  expect(JSON.parse(one.stdout)).toMatchObject({ items: [{ job_id: said, status: "answered" }] });
  expect((await atlas(["calls", `--job=${failed}`], { cwd })).stdout).toBe("No model calls.\n");
});

it("shows the last stored events, and ends", async () => {
  const { code, stdout, stderr } = await atlas(["events", "tail", "--types=job.created"], { cwd });
  expect(stderr).toContain("No gateway is running; these events are stored in");
  expect(stdout.trimEnd().split("\n")).toHaveLength(2);
  expect(stdout).toMatch(new RegExp(`job\\.created ${said}`));
  expect(code).toBe(0);
  const limited = await atlas(["events", "tail", "--after=0", "--limit=1", "--json"], { cwd });
  expect(JSON.parse(limited.stdout)).toMatchObject({ seq: 1 });
});

it.each([
  ["jobs", "show", "nobody"],
  ["calls", "--job=nobody"],
  ["jobs", "cancel", "nobody"],
  ["jobs", "redrive", "nobody"],
  ["jobs", "signal", "nobody", "answer", "1"],
  ["jobs", "create", "say.v2"],
  ["sync", "note"],
  ["token", "revoke", "nobody"],
  ["asof", "1", "--job=nobody"],
  ["asof", "1", "--entity=nobody"],
])("ends `atlas %s %s %s` with 3, since there is nothing with this id", async (...args) => {
  const { code, stderr, stdout } = await atlas([...args, "--json"], { cwd });
  expect(JSON.parse(stderr)).toMatchObject({ error: { exit_code: 3 } });
  expect([code, stdout]).toEqual([3, ""]);
});

it("reads a database that --database or ATLAS_DATABASE names, without a configuration", async () => {
  const elsewhere = emptyFolder();
  const database = join(cwd, "data/atlas.db");
  const named = await atlas(["jobs", "ls", "--json", `--database=${database}`], { cwd: elsewhere });
  expect(JSON.parse(named.stdout)).toMatchObject({ items: [{}, {}] });
  const byEnv = await atlas(["jobs", "show", said], { cwd: elsewhere, env: { ATLAS_DATABASE: database } });
  expect(byEnv.code).toBe(0);
  const writing = await atlas(["sync", `--database=${database}`], { cwd: elsewhere });
  expect(writing.stderr).toContain("this needs its configuration");
  expect(writing.code).toBe(2);
});

it("leaves a file alone that it only reads", async () => {
  const folder = join(cwd, "data");
  const before = readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mtimeMs]);
  await atlas(["jobs", "ls"], { cwd });
  const now = readdirSync(folder).filter((name) => !/-(wal|shm)$/.test(name));
  expect(now.map((name) => [name, statSync(join(folder, name)).mtimeMs])).toEqual(before);
});

it("says that there is no database, and makes none", async () => {
  const empty = project();
  const { code, stderr } = await atlas(["jobs", "ls"], { cwd: empty });
  expect(stderr).toContain(`There is no database at ${join(empty, "data/atlas.db")} yet. Start the gateway`);
  expect([code, readdirSync(empty)]).toEqual([3, ["atlas.config.ts"]]);
});

it("says what only a running gateway can do", async () => {
  const { code, stderr } = await atlas(["jobs", "watch", said], { cwd });
  expect(stderr).toContain("Jobs run only in a running gateway. Start it with `atlas start`");
  expect(code).toBe(4);
});

it("creates, cancels and redrives jobs of a gateway that does not run", async () => {
  const created = await atlas(["jobs", "create", "ask.v1", "--input-file=-", "--key=k1"], {
    cwd,
    input: "{}",
  });
  expect(created.stderr).toContain("The job is stored, and runs after `atlas start`.");
  const id = created.stdout.trim();
  expect((await atlas(["jobs", "create", "ask.v1", "--key=k1"], { cwd })).stdout.trim()).toBe(id);
  const conflict = await atlas(["jobs", "create", "ask.v1", "--key=k1", '--input={"a":1}'], { cwd });
  expect(conflict.code).toBe(5);
  expect((await atlas(["jobs", "cancel", id], { cwd })).stdout).toBe(`${id}  cancelled\n`);
  expect(JSON.parse((await atlas(["jobs", "redrive", id, "--json"], { cwd })).stdout)).toMatchObject({
    id,
    status: "queued",
  });
  expect((await atlas(["jobs", "redrive", id], { cwd })).code).toBe(5);
  const signal = await atlas(["jobs", "signal", id, "answer", '"yes"'], { cwd });
  expect(signal.stdout).toContain("buffered: ");
  expect(signal.code).toBe(0);
  expect((await atlas(["jobs", "signal", said, "answer", '"yes"'], { cwd })).code).toBe(5);
});

it("syncs without a running gateway, and reports a source that fails", async () => {
  const { code, stdout } = await atlas(["sync", "notes"], { cwd });
  expect(stdout).toMatch(/^SOURCE +CHANGED.*\nnotes +1 +0 +0\n$/);
  expect(code).toBe(0);
  const full = await atlas(["sync", "notes", "--full", "--json"], { cwd });
  expect(JSON.parse(full.stdout)).toMatchObject({ sources: [{ id: "notes", changed: 0, unchanged: 1 }] });
  const broken = await atlas(["sync", "broken"], { cwd });
  expect(broken.stderr).toContain("The service is away.");
  expect(broken.code).toBe(1);
});

it.runIf(process.getuid?.() !== 0)("says why a file cannot be read", async () => {
  chmodSync(join(cwd, "data/atlas.db"), 0o000);
  expect((await atlas(["jobs", "ls"], { cwd })).code).toBe(1);
});

it("shows control characters of a job's key and input, in text and in JSON", async () => {
  const key = "\u009b31m\u202ered";
  const args = ["jobs", "create", "ask.v1", `--key=${key}`, `--input=${JSON.stringify({ key })}`];
  const id = (await atlas(args, { cwd })).stdout.trim();
  const shown = await atlas(["jobs", "show", id], { cwd });
  expect(shown.stdout).toContain(String.raw`\x9b31m\u{202e}red`);
  expect(shown.stdout).not.toMatch(/[\u009b\u202e]/);
  const json = await atlas(["jobs", "show", id, "--json"], { cwd });
  expect(json.stdout).not.toContain("\u009b");
  expect(JSON.parse(json.stdout)).toMatchObject({ job: { idempotency_key: key } });
});
