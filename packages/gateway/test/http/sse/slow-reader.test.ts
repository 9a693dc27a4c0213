import { expect, it } from "vitest";
import { open } from "../../support/raw-http.ts";
import { served } from "../../support/served.ts";
import { until } from "../../support/until.ts";

it("closes the connection of a client that reads nothing, and serves the others", async () => {
  const { gateway, port, headers, ask } = await served();
  const socket = await open(port);
  socket.pause();
  socket.write(`${["GET /domain-events/stream HTTP/1.1", ...headers].join("\r\n")}\r\n\r\n`);
  let isClosed = false;
  socket.on("close", () => {
    isClosed = true;
  });
  const text = "x".repeat(500_000);
  // The buffers of the system take some megabytes first.
  for (let index = 0; index < 100; index += 1)
    await gateway.commands.enqueue({
      type: "domainEvent.emit",
      event: { type: "test.large", payload: { text } },
    });
  const { seq } = (await gateway.repo.listDomainEvents({ after: 99 })).items[0] ?? { seq: 0 };
  expect(seq).toBe(100);
  // Only now does it see what became of its connection.
  let taken = 0;
  socket.on("data", (chunk: Buffer) => {
    taken += chunk.length;
  });
  socket.resume();
  await until(() => isClosed);
  expect(taken).toBeLessThan(100 * text.length);
  expect((await ask("/status")).status).toBe(200);
});
