import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { atlasHere as atlas, startAtlas } from "./support/atlas.ts";
import { emptyFolder, project } from "./support/project.ts";
import { readServed, startGateway } from "./support/running.ts";

/** Creates a job, and returns its id once it has ended. */
async function finished(cwd: string, workflow: string): Promise<string> {
  const id = (await atlas(["jobs", "create", workflow], { cwd })).stdout.trim();
  await atlas(["jobs", "watch", id], { cwd });
  return id;
}

it("creates, watches and shows a job of a running gateway", async () => {
  const cwd = project();
  await startGateway(cwd);
  const created = await atlas(["jobs", "create", "say.v1", '--input={"word":"Ahoy"}', "--json"], { cwd });
  const { id } = JSON.parse(created.stdout) as { readonly id: string };
  expect(JSON.parse(created.stdout)).toEqual({ id, workflow_id: "say.v1", gateway: "running" });
  expect(created.stderr).toBe("");
  const watched = await atlas(["jobs", "watch", id], { cwd });
  expect(watched.stdout).toMatch(/Z succeeded\n$/);
  expect(watched.code).toBe(0);
  const shown = await atlas(["jobs", "show", id, "--json"], { cwd });
  expect(JSON.parse(shown.stdout)).toMatchObject({
    job: { id, result: { said: "Ahoy" } },
    steps: [],
    calls: [],
  });
  expect((await atlas(["jobs", "ls"], { cwd })).stdout).toContain(id);
  expect((await atlas(["jobs", "create", "say.v1", "--key=k"], { cwd })).stdout).toBe(
    (await atlas(["jobs", "create", "say.v1", "--key=k"], { cwd })).stdout,
  );
});

it("watches progress as lines of JSON, and ends with what the job returned", async () => {
  const cwd = project();
  await startGateway(cwd);
  const { stdout: id } = await atlas(["jobs", "create", "model.v1"], { cwd });
  const { stdout } = await atlas(["jobs", "watch", id.trim(), "--json"], { cwd });
  const events = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { readonly event: string });
  expect(events.at(-1)).toMatchObject({
    event: "end",
    job: { status: "succeeded", result: expect.any(String) },
  });
  expect(new Set(events.map(({ event }) => event))).toContain("status");
});

it("ends a watch with 1 when the job fails, and keeps its control characters", async () => {
  const cwd = project();
  await startGateway(cwd);
  const id = (await atlas(["jobs", "create", "fail.v1"], { cwd })).stdout.trim();
  expect((await atlas(["jobs", "watch", id], { cwd })).code).toBe(1);
  const shown = await atlas(["jobs", "show", id], { cwd });
  expect(shown.stdout).toContain("failed");
  expect(shown.stdout).not.toContain("\u001b");
});

it("answers what a job waits for, cancels and redrives", async () => {
  const cwd = project();
  await startGateway(cwd);
  const id = (await atlas(["jobs", "create", "ask.v1"], { cwd })).stdout.trim();
  const signal = await atlas(["jobs", "signal", id, "answer", '"yes"', "--json"], { cwd });
  expect(JSON.parse(signal.stdout)).toMatchObject({
    id,
    name: "answer",
    result: expect.stringMatching(/delivered|buffered/),
  });
  expect((await atlas(["jobs", "watch", id], { cwd })).code).toBe(0);
  const other = (await atlas(["jobs", "create", "ask.v1"], { cwd })).stdout.trim();
  expect((await atlas(["jobs", "cancel", other, "--no-children"], { cwd })).stdout).toBe(
    `${other}  cancelled\n`,
  );
  expect((await atlas(["jobs", "signal", other, "answer"], { cwd })).code).toBe(5);
  expect((await atlas(["jobs", "redrive", other], { cwd })).stdout).toContain(other);
  expect((await atlas(["jobs", "redrive", id], { cwd })).code).toBe(5);
});

it("follows domain events until as many came as were wanted", async () => {
  const cwd = project();
  await startGateway(cwd);
  const tail = startAtlas(["events", "tail", "--after=0", "--types=job.succeeded", "--limit=1", "--json"], {
    cwd,
  });
  const id = await finished(cwd, "say.v1");
  const { code, stdout } = await tail.ended;
  expect(JSON.parse(stdout)).toMatchObject({ type: "job.succeeded", aggregate_id: id });
  expect(code).toBe(0);
});

it.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("ends events on %s with %i", async (signal, exitCode) => {
  const cwd = project();
  await startGateway(cwd);
  await finished(cwd, "say.v1");
  const tail = startAtlas(["events", "tail", "--after=0"], { cwd });
  await tail.printed(/job\.succeeded/);
  tail.child.kill(signal);
  const { code, stderr } = await tail.ended;
  expect([code, stderr]).toEqual([exitCode, ""]);
});

it("ends events quietly when nobody reads on", async () => {
  const cwd = project();
  await startGateway(cwd);
  await finished(cwd, "say.v1");
  const tail = startAtlas(["events", "tail", "--after=0"], { cwd });
  await tail.printed(/job\.succeeded/);
  tail.child.stdout.destroy();
  await finished(cwd, "say.v1");
  const { code, stderr } = await tail.ended;
  expect([code, stderr]).toEqual([0, ""]);
});

it("says that the gateway stopped before the job ended", async () => {
  const cwd = project();
  const gateway = await startGateway(cwd);
  const id = (await atlas(["jobs", "create", "ask.v1"], { cwd })).stdout.trim();
  const watch = startAtlas(["jobs", "watch", id], { cwd });
  await watch.printed(/queued|running/);
  gateway.child.kill("SIGKILL");
  const { code, stderr } = await watch.ended;
  expect(stderr).toBe(
    `atlas: The gateway of process ${gateway.served.pid} has ended. Start it with \`atlas start\`, then try again.\n`,
  );
  expect(code).toBe(4);
});

it("carries out everything else through the running gateway", async () => {
  const cwd = project();
  await startGateway(cwd);
  const id = await finished(cwd, "model.v1");
  const run = async (...args: readonly string[]): Promise<unknown> => {
    const { code, stdout, stderr } = await atlas([...args, "--json"], { cwd });
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout);
  };
  expect(await run("sync", "notes", "--full")).toMatchObject({ sources: [{ id: "notes" }] });
  expect(await run("calls")).toMatchObject({ items: [{ job_id: id, provider: "mock" }] });
  expect(await run("calls", `--job=${id}`)).toMatchObject({ items: [{ job_id: id }] });
  expect(await run("explain-route")).toMatchObject({ candidates: [{ candidate: "mock", state: "ready" }] });
  expect(await run("verify")).toMatchObject({ status: "verified" });
  expect(await run("prune", "--before=1d", "--only=events")).toMatchObject({
    before: { rows: { events: 0 } },
  });
  expect(await run("backup", "copy.db")).toMatchObject({ path: join(cwd, "copy.db") });
  expect(await run("restore", "copy.db", "new.db")).toMatchObject({ path: join(cwd, "new.db") });
  // It looks back in a file that nobody else may write.
  const past = await atlas(["asof", "1"], { cwd });
  expect([past.code, past.stderr]).toEqual([
    5,
    expect.stringContaining("is in use by the gateway of process"),
  ]);
});

it.each([
  ["jobs", "show", "nobody"],
  ["jobs", "watch", "nobody"],
  ["jobs", "cancel", "nobody"],
  ["jobs", "create", "say.v2"],
  ["calls", "--job=nobody"],
  ["sync", "note"],
  ["token", "revoke", "nobody"],
])("ends `atlas %s %s %s` with 3 at a running gateway too", async (...args) => {
  const cwd = project();
  await startGateway(cwd);
  const { code, stderr, stdout } = await atlas([...args, "--json"], { cwd });
  expect(JSON.parse(stderr)).toMatchObject({
    error: { exit_code: 3, code: expect.stringMatching(/^ATLAS_/) },
  });
  expect([code, stdout]).toEqual([3, ""]);
});

it("reaches a gateway elsewhere by its URL, with a token from a file or the environment", async () => {
  const cwd = project();
  const { served } = await startGateway(cwd);
  const elsewhere = emptyFolder();
  writeFileSync(join(elsewhere, "token"), `${served.token}\n`);
  const byFile = await atlas(["jobs", "ls", `--url=${served.url}/`, "--token-file=token"], {
    cwd: elsewhere,
  });
  expect([byFile.code, byFile.stdout]).toEqual([0, "No jobs.\n"]);
  const env = { ATLAS_URL: served.url, ATLAS_TOKEN: served.token };
  expect((await atlas(["jobs", "ls"], { cwd: elsewhere, env })).code).toBe(0);
  const none = await atlas(["jobs", "ls"], { cwd: elsewhere, env: { ATLAS_URL: served.url } });
  expect(none.code).toBe(5);
  expect(
    (await atlas(["jobs", "ls", "--token-file=none"], { cwd: elsewhere, env: { ATLAS_URL: served.url } }))
      .code,
  ).toBe(2);
});

it("says so when no gateway answers at the URL", async () => {
  const { code, stderr } = await atlas(["jobs", "ls", "--url=http://127.0.0.1:9"], { cwd: emptyFolder() });
  expect(stderr).toContain("No gateway answers at http://127.0.0.1:9. Check --url or ATLAS_URL");
  expect(code).toBe(4);
});

it.each([true, false])("creates, lists and revokes tokens; a gateway runs: %s", async (isRunning) => {
  const cwd = project();
  if (isRunning) await startGateway(cwd);
  const create = ["token", "create", "--name=bot", "--scopes=jobs:read"];
  const created = await atlas(create, { cwd });
  expect(created.stdout).toMatch(/^atl_\S{49}\n$/);
  expect(created.stderr).toContain("This is the only time that the token is shown.");
  const token = created.stdout.trim();
  expect((await atlas(create, { cwd })).code).toBe(5);
  expect((await atlas(["token", "create", "--name=x", "--scopes=job:read"], { cwd })).code).toBe(2);
  expect((await atlas(["token", "create", "--name=x", "--scopes=*", "--expires=soon"], { cwd })).code).toBe(
    2,
  );
  const lasting = await atlas(
    ["token", "create", "--name=short", "--scopes=*:read,jobs:*", "--expires=1h", "--json"],
    { cwd },
  );
  expect(JSON.parse(lasting.stdout)).toMatchObject({
    record: { scopes: ["*:read", "jobs:*"], expires_at: expect.any(String) },
  });
  const listed = await atlas(["token", "ls", "--json"], { cwd });
  expect(listed.stdout).not.toContain(token);
  const { items } = JSON.parse(listed.stdout) as { readonly items: readonly { readonly id: string }[] };
  expect(items).toMatchObject([{ name: "bot" }, { name: "short" }]);
  const [{ id } = { id: "" }] = items;
  const gateway = isRunning ? undefined : await startGateway(cwd);
  const env = { ATLAS_TOKEN: token, ATLAS_URL: readServed(cwd).url };
  expect((await atlas(["jobs", "ls"], { cwd: emptyFolder(), env })).code).toBe(0);
  expect((await atlas(["sync"], { cwd: emptyFolder(), env })).code).toBe(5);
  expect((await atlas(["token", "revoke", id], { cwd })).stdout).toBe(
    `Revoked ${id}. It is refused from now on.\n`,
  );
  expect((await atlas(["jobs", "ls"], { cwd: emptyFolder(), env })).code).toBe(5);
  gateway?.child.kill("SIGTERM");
});
