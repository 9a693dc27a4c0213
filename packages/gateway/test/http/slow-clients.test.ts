import { expect, it } from "vitest";
import { exchange, open, parse, readAll, request } from "../support/raw-http.ts";
import { served } from "../support/served.ts";

// Node looks at its connections once a second.
const LONG = { timeout: 30_000 };

it("ends a connection whose headers or body do not come, and serves others meanwhile", LONG, async () => {
  const { port, headers } = await served({ headersTimeoutMs: 100, requestTimeoutMs: 200 });
  const silent = await open(port);
  const slow = await open(port);
  const half = await open(port);
  const ends = [readAll(silent), readAll(slow), readAll(half)];
  slow.write("GET /health HTTP/1.1\r\nHost:");
  half.write(
    request("POST /jobs", [...headers, "Content-Type: application/json", "Content-Length: 100"], "{"),
  );
  expect((await exchange(port, request("GET /health", headers))).status).toBe(200);
  const [none, first, second] = await Promise.all(ends);
  expect(parse(none ?? "").status).toBe(408);
  expect(parse(first ?? "").status).toBe(408);
  expect(parse(second ?? "").status).toBe(408);
});

it("takes no more connections than it may, and still serves those that it has", LONG, async () => {
  const { port, headers } = await served({ maxConnections: 20 });
  const good = await open(port);
  const sockets = await Promise.all(Array.from({ length: 500 }, () => open(port)));
  const closed = sockets.map((socket) => new Promise((resolve) => socket.on("close", resolve)));
  // Nineteen of them have a place beside the good one; the others are closed at once.
  let count = 0;
  await new Promise<void>((resolve) => {
    for (const one of closed)
      void one.then(() => {
        count += 1;
        if (count === 481) resolve();
      });
  });
  const answer = readAll(good);
  good.write(request("GET /health", headers));
  expect(parse(await answer).status).toBe(200);
  for (const socket of sockets) socket.destroy();
  await Promise.all(closed);
});
