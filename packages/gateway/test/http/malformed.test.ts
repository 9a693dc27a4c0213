import { expect, it } from "vitest";
import { exchange, request } from "../support/raw-http.ts";
import { served } from "../support/served.ts";

it.each([
  ["two lengths", ["Content-Length: 5", "Content-Length: 6"], 400],
  ["a length and chunks", ["Content-Length: 5", "Transfer-Encoding: chunked"], 400],
  ["chunks in two spellings", ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], 400],
  ["a length that is none", ["Content-Length: -5"], 400],
  ["a blank before the colon", ["Content-Length : 5"], 400],
  ["a line that goes on", ["X-A: b", " Transfer-Encoding: chunked"], 400],
  ["a NUL in a header", ["X-A: a\0b"], 400],
  ["a line break in a header", ["X-A: a\rInjected: b"], 400],
  ["17 KB of headers", [`X-A: ${"a".repeat(17 * 1024)}`], 431],
])("refuses a request with %s", async (_, lines, status) => {
  const { port, headers } = await served();
  const answer = await exchange(port, request("POST /jobs", [...headers, ...lines], "0\r\n\r\n"));
  expect(answer.status).toBe(status);
});

it.each([
  ["GET", "/../health", 400],
  ["GET", "/health/../tokens", 400],
  ["GET", "/%2e%2e/health", 400],
  ["GET", "/./health", 400],
  ["GET", "/jobs/%2E%2E/x", 400],
  ["GET", "/..\\health", 400],
  ["GET", "/jobs/%00", 400],
  ["GET", "/jobs/a%0d%0aSet-Cookie:x", 400],
  ["GET", "/jobs/%", 400],
  ["GET", "/jobs/%zz", 400],
  ["GET", "/jobs/%ff", 400],
  ["GET", "/jobs/..%2f..%2fetc", 404],
  ["GET", "/jobs/none", 404],
  ["GET", "/nothing", 404],
  ["GET", "//health", 400],
  ["GET", "/health/", 404],
  ["DELETE", "/health", 405],
  ["PATCH", "/jobs", 405],
  ["TRACE", "/health", 405],
  ["PROPFIND", "/health", 405],
])("answers %s %s with %i", async (method, path, status) => {
  const { port, headers } = await served();
  const answer = await exchange(port, request(`${method} ${path}`, headers));
  expect(answer.status).toBe(status);
  expect(answer.text).not.toContain("Bearer atl");
});

it("names the nearest path, and the methods of a known one", async () => {
  const { port, headers } = await served();
  const unknown = await exchange(port, request("GET /helth", headers));
  expect(JSON.parse(unknown.text)).toMatchObject({ code: "ATLAS_HTTP_ROUTE_UNKNOWN" });
  expect(unknown.text).toContain('Did you mean \\"/health\\"?');
  const wrong = await exchange(port, request("PUT /tokens", headers));
  expect(JSON.parse(wrong.text)).toMatchObject({ code: "ATLAS_HTTP_METHOD_NOT_ALLOWED" });
  expect(wrong.headers["allow"]).toBe("GET, HEAD, POST");
});

it("answers HEAD as GET, without the body", async () => {
  const { port, headers } = await served();
  const answer = await exchange(port, request("HEAD /health", headers));
  expect([answer.status, answer.text]).toEqual([200, ""]);
});

it("looks at no header that names another method", async () => {
  const { port, headers } = await served();
  const lines = [...headers, "X-HTTP-Method-Override: DELETE", "X-Method-Override: DELETE"];
  expect((await exchange(port, request("GET /tokens", lines))).status).toBe(200);
});

it("refuses a query with 10,000 names, an unknown name, and a name twice", async () => {
  const { port, headers } = await served();
  const many = Array.from({ length: 1_000 }, (_, at) => `a${at}=1`).join("&");
  const ask = (query: string) => exchange(port, request(`GET /tokens?${query}`, headers));
  expect((await ask(many)).status).toBe(400);
  expect((await ask("limit=1")).status).toBe(400);
  const twice = await exchange(port, request("GET /jobs?limit=1&limit=2", headers));
  expect(twice.status).toBe(400);
  const misspelt = await exchange(port, request("GET /jobs?limt=1", headers));
  expect(JSON.parse(misspelt.text)).toMatchObject({
    code: "ATLAS_HTTP_REQUEST_INVALID",
    errors: [{ path: "query.limt", message: 'This name is not known. Did you mean "limit"?' }],
  });
  for (const name of ["__proto__=1", "constructor=1", "toString=1"])
    expect((await exchange(port, request(`GET /jobs?${name}`, headers))).status).toBe(400);
});

it("puts security headers on every answer, and nothing that names the server", async () => {
  const { port, headers } = await served();
  for (const line of ["GET /health", "GET /nothing", "GET /tokens", "GET /../x"]) {
    const answer = await exchange(port, request(line, headers));
    expect(answer.headers).toMatchObject({
      "cache-control": "no-store",
      "content-security-policy": expect.stringContaining("frame-ancestors 'none'"),
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "x-request-id": expect.stringMatching(/^[\w-]+$/),
    });
    expect(answer.headers["server"] ?? answer.headers["x-powered-by"]).toBeUndefined();
  }
});

it.each([
  ["my-request.1", "my-request.1"],
  ["x".repeat(128), "x".repeat(128)],
  ["x".repeat(129), undefined],
  ["a b", undefined],
])("gives back the id of a request, or another one: %s", async (id, expected) => {
  const { port, headers } = await served();
  const answer = await exchange(port, request("GET /nothing", [...headers, `X-Request-Id: ${id}`]));
  const given = expected ?? expect.stringMatching(/^[0-9a-f-]{36}$/);
  expect(answer.headers["x-request-id"]).toEqual(given);
  expect(JSON.parse(answer.text)).toMatchObject({ request_id: given });
});
