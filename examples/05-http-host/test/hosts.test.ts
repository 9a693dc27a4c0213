import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";

const TOKEN = "Kq3vX8mZ1rT6wB9yN4cF7hJ2pL5sD0gA";
const folder = join(import.meta.dirname, "..");

/** Starts a host in a process of its own, and resolves with where it listens. */
async function start(file: string) {
  const home = mkdtempSync(join(tmpdir(), "http-host-"));
  const child = spawn(process.execPath, [join(folder, file)], {
    cwd: home,
    env: {
      ...process.env,
      PORT: "0",
      ATLAS_TOKEN: TOKEN,
      ATLAS_DATABASE: join(home, "atlas.db"),
      ATLAS_FOLDER: home,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "exit");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
    rmSync(home, { recursive: true });
  });
  let printed = "";
  const port = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (data: Buffer) => {
        printed += data.toString();
        const found = /port: (\d+)/.exec(printed)?.[1];
        if (found !== undefined) resolve(found);
      });
    void ended.then(() => reject(new Error(`${file} ended:\n${printed}`)));
  });
  return { url: `http://127.0.0.1:${port}`, child, ended };
}

const mounted = { at: "/atlas", page: "A page of my own" };

it.each([
  ["express.ts", mounted],
  ["fastify.ts", mounted],
  ["hono.ts", mounted],
  ["node.ts", mounted],
  ["test/next-server.ts", { at: "/api/atlas", page: "A page of my own" }],
  ["commonjs.cjs", { at: "", page: undefined }],
  ["service.ts", { at: "", page: undefined }],
])(
  "%s serves a gateway, runs a job that came over HTTP, and stops",
  async (file, { at, page }) => {
    const { url, child, ended } = await start(file);
    const send = (path: string, init: RequestInit = {}) =>
      fetch(`${url}${at}${path}`, {
        ...init,
        headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
      });

    const body = JSON.stringify({ workflow_id: "greet.v1", input: { name: "Ada" } });
    const created = await send("/jobs", { method: "POST", body });
    expect([created.status, created.headers.get("content-type")]).toEqual([201, "application/json"]);
    const { id } = (await created.json()) as { readonly id: string };
    const waited = await send(`/jobs/${id}/wait?timeout_ms=10000`);
    expect(await waited.json()).toMatchObject({ status: "succeeded", result: { greeting: "Hello Ada!" } });
    expect((await fetch(`${url}${at}/jobs/${id}`)).status).toBe(401);
    expect((await send("/jobs", { method: "POST", body: "{" })).status).toBe(400);
    if (page !== undefined) expect(await (await fetch(url)).text()).toBe(page);

    child.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
  },
  60_000,
);

it.each(["express.ts", "fastify.ts", "hono.ts", "node.ts", "next-route.ts", "commonjs.cjs", "service.ts"])(
  "%s has at most 40 lines",
  (file) => {
    expect(readFileSync(join(folder, file), "utf8").trimEnd().split("\n").length).toBeLessThanOrEqual(40);
  },
);
