import { createFakeClock } from "@atlas/testing";
import { expect, it } from "vitest";
import { exchange, request } from "../support/raw-http.ts";
import { served } from "../support/served.ts";

/** Changes one character. */
const nearMiss = (token: string): string =>
  `${token.slice(0, 10)}${token[10] === "A" ? "B" : "A"}${token.slice(11)}`;

it.each([
  ["none", () => []],
  ["an empty one", () => ["Authorization: "]],
  ["no token after the word", () => ["Authorization: Bearer "]],
  ["the token alone", (token: string) => [`Authorization: ${token}`]],
  ["a near miss", (token: string) => [`Authorization: Bearer ${nearMiss(token)}`]],
  ["a token cut short", (token: string) => [`Authorization: Bearer ${token.slice(0, -1)}`]],
  ["a token with more at its end", (token: string) => [`Authorization: Bearer ${token}A`]],
  ["a token in other letters", (token: string) => [`Authorization: Bearer ${token.toUpperCase()}`]],
  ["the token and another", (token: string) => [`Authorization: Bearer ${token}, Bearer x`]],
  ["the token as a password", (token: string) => [`Authorization: Basic ${btoa(`x:${token}`)}`]],
  ["letters outside of ASCII", () => ["Authorization: Bearer atl_\u00fc\u00df"]],
  ["a very long one", () => [`Authorization: Bearer ${"a".repeat(8_000)}`]],
  ["a cookie", (token: string) => [`Cookie: token=${token}`]],
  ["another header", (token: string) => [`X-Api-Key: ${token}`]],
  ["the address of a proxy's client", () => ["X-Forwarded-For: 127.0.0.1", "X-Real-IP: 127.0.0.1"]],
])("answers 401 with one and the same body to a request with %s", async (_, lines) => {
  const { port, server } = await served();
  const host = `Host: 127.0.0.1:${port}`;
  const answer = await exchange(
    port,
    request("GET /jobs/x", [host, "X-Request-Id: r1", ...lines(server.token)]),
  );
  expect(answer.status).toBe(401);
  expect(answer.headers["www-authenticate"]).toBe('Bearer realm="atlas"');
  expect(JSON.parse(answer.text)).toEqual({
    type: "about:blank",
    title: "Unauthorized",
    status: 401,
    detail: "A valid token is needed. Send it as the header `Authorization: Bearer <token>`.",
    code: "ATLAS_HTTP_TOKEN_INVALID",
    request_id: "r1",
  });
});

it("takes no token from the query", async () => {
  const { port, server } = await served();
  for (const name of ["token", "access_token", "authorization"]) {
    const line = `GET /jobs/x?${name}=${server.token}`;
    expect((await exchange(port, request(line, [`Host: 127.0.0.1:${port}`]))).status).toBe(401);
  }
});

it("refuses two headers with tokens", async () => {
  const { port, headers } = await served();
  const answer = await exchange(port, request("GET /jobs/x", [...headers, "Authorization: Bearer x"]));
  expect(answer.status).toBe(400);
});

it("takes the word Bearer in any case", async () => {
  const { port, server } = await served();
  const lines = [`Host: 127.0.0.1:${port}`, `authorization: bearer ${server.token}`];
  expect((await exchange(port, request("GET /tokens", lines))).status).toBe(200);
});

it("answers 429 after five wrong tokens a minute, and still lets valid ones in", async () => {
  const clock = createFakeClock();
  const { ask } = await served({}, { clock });
  const wrong = () => ask("/tokens", { headers: { authorization: "Bearer wrong" } });
  for (let count = 0; count < 5; count += 1) expect((await wrong()).status).toBe(401);
  const refused = await wrong();
  expect(refused.status).toBe(429);
  expect(refused.headers.get("retry-after")).toBe("12");
  expect((await ask("/tokens")).status).toBe(200);
  await clock.advance(12_000);
  expect((await wrong()).status).toBe(401);
  expect((await wrong()).status).toBe(429);
});

it("answers 429 to a token that sends too much, and to no other one", async () => {
  const clock = createFakeClock();
  const { ask, gateway } = await served({ maxRequestsPer10s: 2 }, { clock });
  const { token } = await gateway.tokens.create({ name: "other", scopes: ["*:read"] });
  for (let count = 0; count < 2; count += 1) expect((await ask("/tokens")).status).toBe(200);
  const refused = await ask("/tokens");
  expect(refused.status).toBe(429);
  expect(refused.headers.get("retry-after")).toBe("5");
  expect(await refused.json()).toMatchObject({ code: "ATLAS_HTTP_RATE_LIMITED" });
  expect((await ask("/tokens", { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
  expect((await ask("/health")).status).toBe(200);
  await clock.advance(5_000);
  expect((await ask("/tokens")).status).toBe(200);
});

it("allows sixty requests in ten seconds unless it is told", async () => {
  const { gateway, ask } = await served({ maxRequestsPer10s: 60 }, { clock: createFakeClock() });
  expect(gateway.health().status).toBe("ok");
  const statuses: number[] = [];
  for (let count = 0; count < 61; count += 1) statuses.push((await ask("/tokens")).status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(60);
  expect(statuses.at(-1)).toBe(429);
});

it("stops a revoked token at once, and an expired one on time", async () => {
  const clock = createFakeClock();
  const { ask, gateway } = await served({}, { clock });
  const expires_at = new Date(clock.now() + 60_000).toISOString();
  const brief = await gateway.tokens.create({ name: "brief", scopes: ["*"], expires_at });
  const long = await gateway.tokens.create({ name: "long", scopes: ["*"] });
  const status = async (token: string) =>
    (await ask("/tokens", { headers: { authorization: `Bearer ${token}` } })).status;
  expect([await status(brief.token), await status(long.token)]).toEqual([200, 200]);
  await gateway.tokens.revoke(long.record.id);
  expect([await status(brief.token), await status(long.token)]).toEqual([200, 401]);
  await clock.advance(59_999);
  expect(await status(brief.token)).toBe(200);
  await clock.advance(1);
  expect(await status(brief.token)).toBe(401);
});

it.each([
  [["*"], [200, 404, 201]],
  [["*:read"], [200, 404, 403]],
  [["jobs:read"], [403, 404, 403]],
  [["jobs:write"], [403, 403, 201]],
  [["jobs:*"], [403, 404, 201]],
  [
    ["tokens:*", "jobs:write"],
    [200, 403, 201],
  ],
  [["data:*"], [403, 403, 403]],
])("lets a token with %j do that and no more", async (scopes, expected) => {
  const { ask, gateway } = await served();
  const { token } = await gateway.tokens.create({ name: "some", scopes });
  const headers = { authorization: `Bearer ${token}` };
  const answers = [
    await ask("/tokens", { headers }),
    await ask("/jobs/none", { headers }),
    await ask("/jobs", { headers, method: "POST", body: { workflow_id: "hello.v1" } }),
  ];
  expect(answers.map(({ status }) => status)).toEqual(expected);
});

it("creates, lists and revokes tokens, and never shows one again", async () => {
  const { ask } = await served();
  const request = { name: "bot", scopes: ["jobs:read"] };
  const created = await ask("/tokens", { method: "POST", body: request });
  expect(created.status).toBe(201);
  const { token, record } = (await created.json()) as { token: string; record: { id: string } };
  expect(token).toMatch(/^atl_[\w-]{49}$/);
  expect((await ask("/tokens", { method: "POST", body: request })).status).toBe(409);
  const list = await (await ask("/tokens")).text();
  expect(JSON.parse(list)).toEqual({ items: [record] });
  expect(list).not.toContain(token);
  const revoked = await ask(`/tokens/${record.id}`, { method: "DELETE" });
  expect(await revoked.json()).toMatchObject({ id: record.id, revoked_at: expect.any(String) });
  expect((await ask("/tokens/none", { method: "DELETE" })).status).toBe(404);
  const wrong = await ask("/tokens", { method: "POST", body: { name: "x", scopes: ["job:read"] } });
  expect(wrong.status).toBe(400);
  expect(await wrong.text()).toContain('Did you mean \\"jobs:read\\"?');
});

it("lets a token make and end only tokens that may do no more than itself", async () => {
  const { ask, gateway } = await served();
  const { token } = await gateway.tokens.create({ name: "small", scopes: ["tokens:*", "jobs:read"] });
  const strong = await gateway.tokens.create({ name: "strong", scopes: ["*"] });
  const headers = { authorization: `Bearer ${token}` };
  const create = async (scopes: readonly string[]) =>
    (await ask("/tokens", { method: "POST", headers, body: { name: scopes.join(), scopes } })).status;
  expect(await create(["*"])).toBe(403);
  expect(await create(["*:read"])).toBe(403);
  expect(await create(["jobs:*"])).toBe(403);
  expect(await create(["jobs:read", "jobs:write"])).toBe(403);
  expect(await create(["jobs:read", "tokens:*"])).toBe(201);
  expect((await ask(`/tokens/${strong.record.id}`, { method: "DELETE", headers })).status).toBe(403);
});
