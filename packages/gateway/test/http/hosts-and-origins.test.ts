import { expect, it } from "vitest";
import { createHttp } from "../../src/http/index.ts";
import { exchange, request } from "../support/raw-http.ts";
import { served } from "../support/served.ts";

const PORT = "{port}";

it.each([
  ["its own address", [`Host: 127.0.0.1:${PORT}`], 200],
  ["its own name", [`Host: localhost:${PORT}`], 200],
  ["its own name in capitals", [`Host: LOCALHOST:${PORT}`], 200],
  ["its own address of version 6", [`Host: [::1]:${PORT}`], 200],
  ["another name", ["Host: evil.example"], 421],
  ["another name at the port", [`Host: evil.example:${PORT}`], 421],
  ["a name that begins like an address", [`Host: 127.evil.com:${PORT}`], 421],
  ["a name that begins with the address", [`Host: 127.0.0.1.evil.com:${PORT}`], 421],
  ["a name that begins with localhost", [`Host: localhost.evil.com:${PORT}`], 421],
  ["a name that ends with localhost", [`Host: evil.localhost:${PORT}`], 421],
  ["another port", ["Host: 127.0.0.1:1"], 421],
  ["no port", ["Host: 127.0.0.1"], 421],
  ["another spelling of the address", [`Host: 127.1:${PORT}`], 421],
  ["another address of this machine", [`Host: 127.0.0.2:${PORT}`], 421],
  ["the address of all", [`Host: 0.0.0.0:${PORT}`], 421],
  ["a dot at the end", [`Host: localhost.:${PORT}`], 421],
  ["a user in front", [`Host: user@127.0.0.1:${PORT}`], 421],
  ["none", [], 421],
  ["an empty one", ["Host: "], 421],
  ["two", [`Host: 127.0.0.1:${PORT}`, "Host: evil.example"], 400],
  ["two, the other way round", ["Host: evil.example", `Host: 127.0.0.1:${PORT}`], 400],
  [
    "its own, and another as X-Forwarded-Host",
    [`Host: 127.0.0.1:${PORT}`, "X-Forwarded-Host: evil.example"],
    200,
  ],
  [
    "another, and its own as X-Forwarded-Host",
    ["Host: evil.example", `X-Forwarded-Host: 127.0.0.1:${PORT}`],
    421,
  ],
])("answers for its own hosts only: %s", async (_, hosts, status) => {
  const { port } = await served();
  const lines = hosts.map((line) => line.replace(PORT, String(port)));
  const answer = await exchange(port, request("GET /health", lines));
  expect(answer.status).toBe(status);
});

it.each([
  ["http://evil.example/health", 400],
  ["http://127.0.0.1/health", 400],
  ["//evil.example/health", 400],
  ["health", 400],
  ["*", 400],
])("refuses the target %s of a request line", async (target, status) => {
  const { port } = await served();
  expect((await exchange(port, request(`GET ${target}`, [`Host: 127.0.0.1:${port}`]))).status).toBe(status);
});

it.each([
  ["no origin", [], 201],
  ["its own origin", [`Origin: http://127.0.0.1:${PORT}`], 201],
  ["its own origin behind TLS", [`Origin: https://127.0.0.1:${PORT}`], 201],
  ["an origin on the list", ["Origin: https://app.example.com", "Sec-Fetch-Site: cross-site"], 201],
  ["another origin", ["Origin: http://evil.example"], 403],
  ["an origin that begins like one on the list", ["Origin: https://app.example.com.evil.example"], 403],
  ["an opaque origin", ["Origin: null"], 403],
  ["an empty origin", ["Origin: "], 403],
  ["another port of this machine", ["Origin: http://127.0.0.1:1"], 403],
  ["another name of this machine", [`Origin: http://localhost:${PORT}`], 403],
  ["a page of another site", ["Sec-Fetch-Site: cross-site"], 403],
  ["a page of the same site", ["Sec-Fetch-Site: same-site"], 403],
  ["its own page", [`Origin: http://127.0.0.1:${PORT}`, "Sec-Fetch-Site: same-origin"], 201],
  ["a line typed by a person", ["Sec-Fetch-Site: none"], 201],
  [
    "its own origin from another site",
    [`Origin: http://127.0.0.1:${PORT}`, "Sec-Fetch-Site: cross-site"],
    403,
  ],
])("lets a page of its own create a job, and a listed one: %s", async (_, lines, status) => {
  const { port, headers } = await served({ origins: ["https://app.example.com"] });
  const body = '{"workflow_id":"hello.v1"}';
  const given = lines.map((line) => line.replace(PORT, String(port)));
  const all = [...headers, ...given, "Content-Type: application/json", `Content-Length: ${body.length}`];
  const answer = await exchange(port, request("POST /jobs", all, body));
  expect(answer.status).toBe(status);
  const isListed = given[0]?.endsWith("app.example.com") === true;
  expect(answer.headers["access-control-allow-origin"]).toBe(
    isListed ? "https://app.example.com" : undefined,
  );
  expect(answer.headers["access-control-allow-credentials"]).toBeUndefined();
});

it("refuses a foreign page before it reads the body", async () => {
  const { port, headers } = await served();
  // The body never comes, and yet there is an answer.
  const lines = [
    ...headers,
    "Origin: http://evil.example",
    "Content-Type: application/json",
    "Content-Length: 100",
  ];
  expect((await exchange(port, request("POST /jobs", lines))).status).toBe(403);
});

it("tells a listed page beforehand what it may send, and no other", async () => {
  const { port } = await served({ origins: ["https://app.example.com"] });
  const preflight = (origin: string) =>
    exchange(
      port,
      request("OPTIONS /jobs", [
        `Host: 127.0.0.1:${port}`,
        `Origin: ${origin}`,
        "Access-Control-Request-Method: POST",
        "Access-Control-Request-Headers: authorization, content-type",
      ]),
    );
  const listed = await preflight("https://app.example.com");
  expect(listed.status).toBe(204);
  expect(listed.headers).toMatchObject({
    "access-control-allow-origin": "https://app.example.com",
    "access-control-allow-headers": expect.stringContaining("authorization"),
    vary: expect.stringContaining("Origin"),
  });
  const other = await preflight("https://evil.example");
  expect(other.status).toBe(403);
  expect(other.headers["access-control-allow-origin"]).toBeUndefined();
});

it.each([
  [undefined, "localhost:3000", 200],
  [undefined, "[::1]", 200],
  [undefined, "evil.example", 421],
  [undefined, "localhost.evil.example:3000", 421],
  [["atlas.example.com"], "atlas.example.com", 200],
  [["Atlas.example.com"], "ATLAS.example.com", 200],
  [["atlas.example.com"], "atlas.example.com:8080", 421],
  [["atlas.example.com"], "localhost", 421],
])("mounted with the hosts %j, answers %s with %i", async (hosts, host, status) => {
  const { gateway } = await served();
  const http = createHttp(gateway, hosts === undefined ? {} : { hosts });
  expect((await http.fetch(new Request(`http://${host}/health`))).status).toBe(status);
  // The header counts, where a server made the address of something else.
  const named = new Request("http://127.0.0.1/health", { headers: { host } });
  expect((await http.fetch(named)).status).toBe(status);
});

it("refuses wrong lists of hosts and origins", async () => {
  const { gateway } = await served();
  for (const hosts of [["https://a.example"], ["a.example/x"], ["*"], [1], "a.example"])
    expect(() => createHttp(gateway, { hosts: hosts as never })).toThrow("createHttp: hosts must");
  for (const origins of [["*"], ["a.example"], ["https://a.example/"], ["null"], "https://a.example"])
    expect(() => createHttp(gateway, { origins: origins as never })).toThrow("createHttp: origins must");
});
