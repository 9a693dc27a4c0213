import { existsSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { atlas, startAtlas } from "./support/atlas.ts";
import { CONFIG, emptyFolder, project } from "./support/project.ts";
import { readServed, startGateway } from "./support/running.ts";

const LONG_TOKEN = "dG9rZW4tb2YtYS10ZXN0LTAxMjM0NTY3ODkhIQ";
const serveFile = (cwd: string): string => join(cwd, "data/atlas.db.serve.json");

async function statusOf(url: string, token?: string): Promise<number> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`${url}/jobs`, { headers });
  await response.body?.cancel();
  return response.status;
}

it.each(["SIGTERM", "SIGINT"] as const)("says what it started, answers, and stops on %s", async (signal) => {
  const cwd = project();
  const running = startAtlas(["start"], { cwd });
  const [text, url = ""] = await running.printed(
    /The gateway runs on .*\(process \d+\)\. Ctrl-C stops it\.\n {2}sources +notes, broken\n {2}workflows +say\.v1.*\n {2}sinks +none\n {2}models +mock \(no real model answers\)\n {2}http +(\S+)\n {2}console +\S+\/console\n/,
  );
  const { token, pid } = readServed(cwd);
  expect(pid).toBe(running.child.pid);
  expect(text).not.toContain(token);
  expect(statSync(serveFile(cwd)).mode & 0o777).toBe(0o600);
  expect(await Promise.all([statusOf(url), statusOf(url, token)])).toEqual([401, 200]);
  running.child.kill(signal);
  const { code, stdout } = await running.ended;
  expect(stdout).toMatch(/Stopped\. Everything that was accepted is on disk\.\n$/);
  expect([code, existsSync(serveFile(cwd))]).toEqual([0, false]);
});

it("prints one JSON object when it has started, and one when it has stopped, without the token", async () => {
  const cwd = project();
  const { child, ended, served } = await startGateway(cwd);
  child.kill("SIGTERM");
  const { stdout } = await ended;
  const [started, stopped, ...others] = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as object);
  expect(started).toMatchObject({
    status: "started",
    pid: served.pid,
    url: served.url,
    sources: ["notes", "broken"],
  });
  expect([stopped, others]).toEqual([{ status: "stopped", pid: served.pid }, []]);
  expect(stdout).not.toContain(served.token);
});

it("serves no HTTP with --no-http, and then other commands read the file", async () => {
  const cwd = project();
  const running = startAtlas(["start", "--no-http"], { cwd });
  await running.printed(/http +off/);
  expect(existsSync(serveFile(cwd))).toBe(false);
  expect((await atlas(["jobs", "ls"], { cwd })).stdout).toBe("No jobs.\n");
  // What writes needs the gateway, and only its own process can write.
  const { code, stderr } = await atlas(["jobs", "create", "say.v1"], { cwd });
  expect(stderr).toContain(`is in use by the gateway of process ${running.child.pid}.`);
  expect(code).toBe(5);
});

it("starts once on one database, and names the process that has it", async () => {
  const cwd = project();
  const { served } = await startGateway(cwd);
  const { code, stdout, stderr } = await atlas(["start"], { cwd });
  expect(stderr).toContain(`is in use by the gateway of process ${served.pid}. Stop it first`);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  expect([code, stdout]).toEqual([5, ""]);
  // The second one has left what belongs to the first.
  expect(readServed(cwd)).toEqual(served);
});

it("is recognised as gone after kill -9, and starts again", async () => {
  const cwd = project();
  const first = await startGateway(cwd);
  const created = await atlas(["jobs", "create", "say.v1", "--run-at=2999-01-01T00:00:00Z"], { cwd });
  first.child.kill("SIGKILL");
  await first.ended;
  expect(existsSync(serveFile(cwd))).toBe(true);
  const { code, stdout, stderr } = await atlas(["jobs", "ls"], { cwd });
  expect(stderr).toContain(`names process ${first.served.pid}, which has ended. No gateway is running;`);
  expect(stdout).toContain(created.stdout.trim());
  expect(code).toBe(0);
  const again = await startGateway(cwd);
  expect(again.served.pid).not.toBe(first.served.pid);
  const shown = await atlas(["jobs", "show", created.stdout.trim(), "--json"], { cwd });
  expect(JSON.parse(shown.stdout)).toMatchObject({ job: { status: "queued" } });
});

it("is recognised as gone where another process has its id", async () => {
  const cwd = project();
  await atlas(["sync", "notes"], { cwd });
  const gone = { url: "http://127.0.0.1:9", token: "x", pid: process.pid };
  writeFileSync(serveFile(cwd), JSON.stringify(gone));
  const { code, stderr } = await atlas(["jobs", "ls"], { cwd });
  expect(stderr).toContain("names http://127.0.0.1:9, where no gateway answers. No gateway is running;");
  expect(code).toBe(0);
});

it.each(["nonsense", "null", "[]", '{"url":1,"token":"x","pid":1}'])(
  "takes no notice of a file beside the database that holds %s",
  async (text) => {
    const cwd = project();
    await atlas(["sync", "notes"], { cwd });
    writeFileSync(serveFile(cwd), text);
    expect((await atlas(["jobs", "ls"], { cwd })).code).toBe(0);
  },
);

it("says that the port is taken before any job runs", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
  const { port } = server.address() as { readonly port: number };
  const cwd = project();
  const { code, stderr } = await atlas(["start", `--port=${port}`], { cwd });
  expect(stderr).toBe(
    `atlas: 127.0.0.1:${port} is taken by another program. Choose another port with --port, or stop that program.\n`,
  );
  expect([code, existsSync(serveFile(cwd))]).toEqual([5, false]);
});

it("refuses to listen for other machines without a strong token", async () => {
  const cwd = project();
  const { code, stderr } = await atlas(["start", "--host=0.0.0.0"], { cwd });
  expect(stderr).toContain('does not listen on "0.0.0.0"');
  expect(code).toBe(1);
  const weak = await atlas(["start"], { cwd, env: { ATLAS_TOKEN: "short" } });
  expect(weak.stderr).toContain("ATLAS_TOKEN");
  expect(weak.code).toBe(2);
});

it("takes a token from ATLAS_TOKEN", async () => {
  const { served } = await startGateway(project(), { env: { ATLAS_TOKEN: LONG_TOKEN } });
  expect(await statusOf(served.url, LONG_TOKEN)).toBe(200);
  expect(served.token).not.toBe(LONG_TOKEN);
});

it("refuses an option of HTTP that does not exist, and names the file", async () => {
  const cwd = project({ "atlas.config.ts": CONFIG.replace("port: 0", "prot: 0") });
  const { code, stderr } = await atlas(["start"], { cwd });
  expect(stderr).toContain(
    `${join(cwd, "atlas.config.ts")}: http, or ATLAS_TOKEN: serve: "prot" is not an option.`,
  );
  expect(code).toBe(2);
});

it("stops properly and ends with 1 when nobody catches an error", async () => {
  const config = CONFIG.replace(
    "workflows: [",
    `workflows: [
    { id: "crash.v1", run: async () => { setTimeout(() => { throw new Error("Nobody caught me."); }); } },`,
  );
  const cwd = project({ "atlas.config.ts": config });
  const { ended } = await startGateway(cwd);
  await atlas(["jobs", "create", "crash.v1"], { cwd });
  const { code, stdout } = await ended;
  expect(stdout).toContain('"status":"stopped"');
  expect([code, existsSync(serveFile(cwd))]).toEqual([1, false]);
});

it("ends at once on a second signal", async () => {
  const config = CONFIG.replace(
    "workflows: [",
    `workflows: [
    { id: "hang.v1", run: () => { console.error("hangs"); return new Promise(() => {}); } },`,
  ).replace("http:", "graceMs: 60_000, http:");
  const cwd = project({ "atlas.config.ts": config });
  const { child, ended } = await startGateway(cwd);
  const hangs = new Promise<void>((resolve) =>
    child.stderr.on("data", (text: Buffer) => text.includes("hangs") && resolve()),
  );
  await atlas(["jobs", "create", "hang.v1"], { cwd });
  await hangs;
  child.kill("SIGTERM");
  // Repeated, for nothing tells when the first was taken.
  const again = setInterval(() => child.kill("SIGTERM"), 50);
  const { code } = await ended;
  clearInterval(again);
  expect(code).toBe("SIGTERM");
});

it("needs the configuration", async () => {
  const { code, stderr } = await atlas(["start", "--json"], { cwd: emptyFolder() });
  expect(JSON.parse(stderr)).toMatchObject({ error: { code: "ATLAS_CLI_CONFIG_INVALID", exit_code: 2 } });
  expect(code).toBe(2);
});
