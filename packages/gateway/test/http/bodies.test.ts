import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { exchange, open, parse, readAll, request } from "../support/raw-http.ts";
import { served } from "../support/served.ts";

const JSON_TYPE = "Content-Type: application/json";
const MIB = 1024 * 1024;
const VALID = '{"workflow_id":"hello.v1"}';

const nested = (levels: number): string => `${"[".repeat(levels)}${"]".repeat(levels)}`;
const keys = (count: number): string => `{${Array.from({ length: count }, (_, at) => `"k${at}":0`).join()}}`;
/** A job with this input. */
const job = (input: string): string => `{"workflow_id":"hello.v1","input":${input}}`;

it.each([
  ["nothing", ""],
  ["blanks", "  \n "],
  ["a word", "hello"],
  ["half an object", '{"workflow_id":'],
  ["two values", `${VALID}${VALID}`],
  ["a byte order mark", `\uFEFF${VALID}`],
  ["a key twice", '{"workflow_id":"hello.v1","workflow_id":"other.v1"}'],
  ["a key twice further down", job('{"a":[{"b":1,"b":2}]}')],
  ["a key twice in two spellings", job('{"a":1,"\\u0061":2}')],
  ["__proto__", job('{"__proto__":{"isAdmin":true}}')],
  ["__proto__ in another spelling", job('{"\\u005f_proto__":{"isAdmin":true}}')],
  ["constructor", job('{"a":[{"constructor":{"prototype":{}}}]}')],
  ["an unclosed key with an escape", '{"a\\'],
  ["a wrong escape in a key", '{"\\x":1}'],
  ["more than 64 levels", job(`{"a":${nested(63)}}`)],
  ["very many levels", nested(100_000)],
  ["more than 10,000 keys", job(keys(10_001))],
])("refuses a body with %s", async (_, body) => {
  const { port, headers } = await served();
  const sizeBytes = Buffer.byteLength(body);
  const answer = await exchange(
    port,
    request("POST /jobs", [...headers, JSON_TYPE, `Content-Length: ${sizeBytes}`]),
    Buffer.from(body),
  );
  expect(answer.status).toBe(400);
  expect(JSON.parse(answer.text)).toMatchObject({ code: "ATLAS_HTTP_BODY_INVALID" });
  expect(answer.text).not.toContain("isAdmin");
});

it.each([
  ["64 levels", job(`{"a":${nested(62)}}`)],
  ["nearly 10,000 keys", job(keys(9_998))],
  ["the same key in different objects", job('{"a":{"k":1},"b":{"k":1}}')],
  ["a value that looks like a key", job('{"a":"__proto__","b":["constructor"]}')],
  ["quotes and backslashes in texts", job('{"a":"\\\\\\"","b":"{[\\"a\\":1"}')],
])("takes a body with %s", async (_, body) => {
  const { port, headers } = await served();
  const lines = [...headers, JSON_TYPE, `Content-Length: ${body.length}`];
  expect((await exchange(port, request("POST /jobs", lines, body))).status).toBe(201);
});

it("refuses bytes that are not UTF-8", async () => {
  const { port, headers } = await served();
  const body = Buffer.concat([Buffer.from('{"workflow_id":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]);
  const lines = [...headers, JSON_TYPE, `Content-Length: ${body.length}`];
  const answer = await exchange(port, request("POST /jobs", lines), body);
  expect(answer.status).toBe(400);
  expect(answer.text).toContain("not UTF-8");
});

it.each([
  ["text/plain", 415],
  ["application/x-www-form-urlencoded", 415],
  ["multipart/form-data; boundary=x", 415],
  ["application/json-patch+json", 415],
  ["application/jsonp", 415],
  ["application/json; charset=latin1", 415],
  ["text/plain; application/json", 415],
  ["", 415],
  [undefined, 415],
  ["application/json", 201],
  ["Application/JSON;charset=UTF-8", 201],
])("takes JSON only: %s", async (type, status) => {
  const { port, headers } = await served();
  const lines = type === undefined ? headers : [...headers, `Content-Type: ${type}`];
  const text = request("POST /jobs", [...lines, `Content-Length: ${VALID.length}`], VALID);
  expect((await exchange(port, text)).status).toBe(status);
});

it("takes no packed body", async () => {
  const { port, headers } = await served();
  const body = gzipSync(Buffer.alloc(MIB));
  for (const encoding of ["gzip", "deflate", "br", "identity"]) {
    const lines = [...headers, JSON_TYPE, `Content-Encoding: ${encoding}`, `Content-Length: ${body.length}`];
    expect((await exchange(port, request("POST /jobs", lines), body)).status).toBe(415);
  }
});

it("refuses a large body by its length, before it comes", async () => {
  const { port, headers } = await served();
  const lines = [...headers, JSON_TYPE, `Content-Length: ${2 * MIB}`];
  const answer = await exchange(port, request("POST /jobs", lines));
  expect(answer.status).toBe(413);
  expect(JSON.parse(answer.text)).toMatchObject({ code: "ATLAS_HTTP_BODY_TOO_LARGE" });
});

it("refuses a large body in chunks once it has become too large, and keeps none of it", async () => {
  const { port, headers } = await served({ maxBodyBytes: 10_000 });
  const socket = await open(port);
  const all = readAll(socket);
  socket.write(request("POST /jobs", [...headers, JSON_TYPE, "Transfer-Encoding: chunked"]));
  const chunk = `2710\r\n${" ".repeat(10_000)}\r\n`;
  // It would go on for ever.
  const write = (): void => {
    if (!socket.destroyed) socket.write(chunk, () => setImmediate(write));
  };
  write();
  const before = process.memoryUsage().rss;
  expect(parse(await all).status).toBe(413);
  expect(process.memoryUsage().rss - before).toBeLessThan(64 * MIB);
});

it("takes a small body in chunks", async () => {
  const { port, headers } = await served();
  const [first, second] = [VALID.slice(0, 9), VALID.slice(9)];
  const body = [first, second].map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join("");
  const lines = [...headers, JSON_TYPE, "Transfer-Encoding: chunked"];
  expect((await exchange(port, request("POST /jobs", lines, `${body}0\r\n\r\n`))).status).toBe(201);
});

it("takes what a body has beyond its length for another request, which nobody sent", async () => {
  const { port, headers } = await served();
  const lines = [...headers, JSON_TYPE, `Content-Length: ${VALID.length - 1}`];
  const answer = await exchange(port, request("POST /jobs", lines, VALID));
  expect(answer.status).toBe(400);
});

it("does not wait for a body that no route asks for", async () => {
  const { port, headers } = await served();
  const lines = [...headers, JSON_TYPE, "Content-Length: 1000"];
  expect((await exchange(port, request("GET /health", lines))).status).toBe(200);
});

it("bounds the bodies of routes of extensions, too", async () => {
  const echo = {
    name: "echo",
    routes: () => [
      {
        method: "POST",
        path: "/echo/:id",
        handle: async (given: Request) => new Response(await given.text()),
      } as const,
    ],
  };
  const { ask } = await served({ maxBodyBytes: 100 }, { extensions: [echo] });
  const answer = await ask("/echo/1", { method: "POST", body: "hello" });
  expect([answer.status, await answer.text()]).toEqual([200, '"hello"']);
  expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  expect((await ask("/echo/1", { method: "POST", body: "x".repeat(200) })).status).toBe(413);
  expect((await ask("/echo/1", { method: "POST", headers: { authorization: "" } })).status).toBe(401);
});
