import { createTestGateway } from "@atlas/testing";
import { expect, it, onTestFinished } from "vitest";
import { serve } from "../../src/http/index.ts";
import { isGatewayError, silentLogger } from "../../src/index.ts";
import { exchange, open, parse, readAll, request } from "../support/raw-http.ts";
import { served } from "../support/served.ts";
import { until } from "../support/until.ts";

const STRONG = "k3v9x0abQWERTZuiopasdfghjklYXCVB";

async function gateway() {
  const made = await createTestGateway({ log: silentLogger });
  onTestFinished(() => made.stop());
  return made;
}

it.each([
  ["0.0.0.0", {}],
  ["::", {}],
  ["192.168.1.5", {}],
  ["127.0.0.1.evil.example", {}],
  ["0.0.0.0", { token: "a".repeat(40) }],
  ["0.0.0.0", { token: "changemechangemechangemechangeme" }],
])("does not listen on %s with %j", async (host, options) => {
  const error = await serve(await gateway(), { host, ...options }).catch((thrown: unknown) => thrown);
  expect(isGatewayError(error, "ATLAS_HTTP_TOKEN_REQUIRED") && error.details.host).toBe(host);
});

it("listens elsewhere with a strong token, or one that is stored", async () => {
  const made = await gateway();
  await using first = await serve(made, { host: "0.0.0.0", token: STRONG });
  const lines = [`Host: 127.0.0.1:${first.port}`, `Authorization: Bearer ${STRONG}`];
  expect((await exchange(first.port, request("GET /tokens", lines))).status).toBe(200);
  const { record } = await made.tokens.create({ name: "x", scopes: ["*"] });
  const second = await serve(made, { host: "0.0.0.0" });
  await second.stop();
  await made.tokens.revoke(record.id);
  await expect(serve(made, { host: "0.0.0.0" })).rejects.toThrow("there is no token");
});

it.each([
  [{ token: "short" }, "token must be"],
  [{ token: "x".repeat(31) }, "token must be"],
  [{ token: `${"x".repeat(32)}\n` }, "token must be"],
  [{ port: 70_000 }, "port must be"],
  [{ port: 1.5 }, "port must be"],
  [{ maxConnections: 0 }, "maxConnections must be"],
  [{ graceMs: -1 }, "graceMs must be"],
  [{ headersTimeoutMs: 0 }, "headersTimeoutMs must be"],
  [{ requestTimeoutMs: Number.NaN }, "requestTimeoutMs must be"],
  [{ maxBodyBytes: 0 }, "maxBodyBytes must be"],
  [{ maxRequestsPer10s: 0 }, "maxRequestsPer10s must be"],
  [{ basePath: "atlas" }, "basePath must be"],
  [{ basePath: "/atlas/" }, "basePath must be"],
  [{ auth: "basic" }, "auth must be"],
  [{ host: "" }, "host must be"],
  [{ hosst: "x" }, 'Did you mean "host'],
  [{ auth: "none", host: "0.0.0.0", token: STRONG }, 'auth "none" is possible on this machine only'],
])("refuses the options %j", async (options, message) => {
  await expect(serve(await gateway(), options as never)).rejects.toThrow(message);
});

it("refuses what is no gateway", async () => {
  await expect(serve({} as never)).rejects.toThrow("serve: expected a gateway");
});

it("trusts everybody on this machine where it is told, and says so", async () => {
  const lines: string[] = [];
  const log = { ...silentLogger, warn: (_: object, message: string) => void lines.push(message) };
  const { port } = await served({ auth: "none" }, { log });
  const host = [`Host: 127.0.0.1:${port}`];
  expect((await exchange(port, request("GET /tokens", host))).status).toBe(200);
  expect(lines).toEqual([expect.stringContaining("auth is none")]);
  // That is no reason to let pages of others in.
  const evil = [...host, "Origin: http://evil.example"];
  expect((await exchange(port, request("GET /tokens", evil))).status).toBe(403);
});

it("says which port is taken", async () => {
  const { gateway: made, port } = await served();
  await expect(serve(made, { port })).rejects.toMatchObject({ code: "EADDRINUSE" });
});

it("has a token of its own for each server, which ends with it", async () => {
  const { gateway: made, server } = await served();
  const other = await serve(made);
  expect(other.token).not.toBe(server.token);
  const lines = [`Host: 127.0.0.1:${other.port}`, `Authorization: Bearer ${server.token}`];
  expect((await exchange(other.port, request("GET /tokens", lines))).status).toBe(401);
  await other.stop();
});

it("stops: ends streams, waits for requests that are being answered, and takes no more", async () => {
  const { server, port, headers, gateway: made } = await served();
  const stream = await open(port);
  const streamed = readAll(stream);
  stream.write(request("GET /domain-events/stream", headers));
  const waiting = await open(port);
  const waited = readAll(waiting);
  const { id } = await made.jobs.create({ workflow_id: "hello.v1", run_at: "2200-01-01T00:00:00Z" });
  waiting.write(request(`GET /jobs/${id}/wait?timeout_ms=60000`, headers));
  const idle = await open(port);
  const idled = readAll(idle);
  await until(() => stream.bytesRead > 0);
  const stopped = server.stop();
  expect(server.stop()).toBe(stopped);
  await stopped;
  expect(await idled).toBe("");
  expect(parse(await streamed).status).toBe(200);
  expect(parse(await waited).status).toBeGreaterThanOrEqual(200);
  await expect(fetch(`${server.url}/health`)).rejects.toThrow("fetch failed");
  expect(made.health().status).toBe("ok");
});

it("closes connections whose requests outlast the grace", async () => {
  let isCalled = false;
  const slow = {
    name: "slow",
    routes: () => [
      {
        method: "GET",
        path: "/slow/x",
        handle: () => {
          isCalled = true;
          return new Promise<Response>(() => undefined);
        },
      } as const,
    ],
  };
  const { server, port, headers } = await served({ graceMs: 20 }, { extensions: [slow] });
  const socket = await open(port);
  const all = readAll(socket);
  socket.write(request("GET /slow/x", headers));
  await until(() => isCalled);
  await server.stop();
  expect(await all).toBe("");
});

it("answers 503 once the gateway has stopped", async () => {
  const { gateway: made, ask } = await served();
  await made.stop();
  const answer = await ask("/jobs", { method: "POST", body: { workflow_id: "hello.v1" } });
  expect(answer.status).toBe(503);
  expect(answer.headers.get("retry-after")).toBe("1");
  expect((await ask("/ready")).status).toBe(503);
  expect((await ask("/health")).status).toBe(200);
});

it("asks for a token on streams, and lets no foreign page read them", async () => {
  const { port, headers } = await served();
  for (const path of ["/domain-events/stream", "/jobs/x/events"]) {
    const line = `GET ${path}`;
    expect((await exchange(port, request(line, [`Host: 127.0.0.1:${port}`]))).status).toBe(401);
    const token = headers[1]?.split(" ").at(-1);
    const inQuery = request(`${line}?token=${token}`, [`Host: 127.0.0.1:${port}`]);
    expect((await exchange(port, inQuery)).status).toBe(401);
    for (const origin of ["http://evil.example", "null"])
      expect((await exchange(port, request(line, [...headers, `Origin: ${origin}`]))).status).toBe(403);
  }
});

it("ends the streams of a token that is revoked, and no other ones", async () => {
  const { port, headers, gateway: made } = await served();
  const { token, record } = await made.tokens.create({ name: "x", scopes: ["*"] });
  const stream = async (lines: readonly string[]) => {
    const socket = await open(port);
    const all = readAll(socket);
    socket.write(request("GET /domain-events/stream", lines));
    await until(() => socket.bytesRead > 0);
    return { socket, all };
  };
  const mine = await stream(headers);
  const theirs = await stream([`Host: 127.0.0.1:${port}`, `Authorization: Bearer ${token}`]);
  await made.tokens.revoke(record.id);
  expect(parse(await theirs.all).status).toBe(200);
  expect(mine.socket.destroyed).toBe(false);
  mine.socket.destroy();
});
