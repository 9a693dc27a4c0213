import { expect, it } from "vitest";
import { createClient } from "../../src/client/index.ts";
import { readServerSentEvents } from "../../src/client/server-sent-events.ts";
import { openHttp, TOKEN } from "../http/support/open-http.ts";

/** Breaks each stream of a server off after so many pieces. */
async function breaking(pieces: number) {
  const { gateway, application } = await openHttp();
  const asked: (string | null)[] = [];
  const client = createClient({
    url: "http://localhost",
    token: TOKEN,
    wait: async () => undefined,
    async fetch(url, init) {
      asked.push(new Headers(init.headers).get("last-event-id"));
      const response = await application.fetch(new Request(url, init));
      const reader = response.body?.getReader();
      let left = pieces;
      const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
          const read = await reader?.read();
          left -= 1;
          if (read?.done !== false || left === 0) {
            await reader?.cancel();
            controller.error(new Error("The connection broke."));
          } else controller.enqueue(read.value);
        },
        cancel: () => reader?.cancel(),
      });
      return new Response(body, { status: response.status, headers: response.headers });
    },
  });
  return { gateway, client, asked };
}

it("goes on where it was cut, without a gap and nothing twice", async () => {
  const { gateway, client, asked } = await breaking(5);
  for (let index = 0; index < 20; index += 1)
    await gateway.commands.enqueue({ type: "domainEvent.emit", event: { type: "test.one" } });
  const seqs: number[] = [];
  for await (const event of client.domainEvents.follow({ after: 0, types: ["test.one"] })) {
    seqs.push(event.seq);
    if (seqs.length === 10)
      for (let index = 0; index < 20; index += 1)
        await gateway.commands.enqueue({ type: "domainEvent.emit", event: { type: "test.one" } });
    if (seqs.length === 40) break;
  }
  expect(seqs).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
  expect(asked.length).toBeGreaterThan(5);
  expect(asked[0]).toBeNull();
});

it("does not go on silently where events were pruned", async () => {
  const { gateway, client } = await openHttp();
  for (let index = 0; index < 3; index += 1)
    await gateway.commands.enqueue({ type: "domainEvent.emit", event: { type: "test.one" } });
  const [first] = (await gateway.repo.listDomainEvents()).items;
  await gateway.commands.enqueue({ type: "domainEvent.markDelivered", id: first?.id ?? "", through_seq: 2 });
  await gateway.commands.enqueue({
    type: "maintenance.prune",
    policy: { domain_events_before: "2099-01-01T00:00:00Z" },
  });
  const kept = (await gateway.repo.listDomainEvents()).items[0]?.seq ?? 4;
  const follow = async (onMissed?: (missed: object) => void) => {
    const options = { after: 0, ...(onMissed === undefined ? {} : { onMissed }) };
    for await (const event of client.domainEvents.follow(options)) return event.seq;
    return undefined;
  };
  await expect(follow()).rejects.toMatchObject({ code: "ATLAS_CLIENT_EVENTS_MISSED" });
  const missed: object[] = [];
  const reading = follow((one) => void missed.push(one));
  await gateway.commands.enqueue({ type: "domainEvent.emit", event: { type: "test.one" } });
  expect(await reading).toBe(kept);
  expect(missed).toEqual([{ after: 0, first_seq: kept }]);
});

it("stops for good where it is refused, and with its signal", async () => {
  const { client } = await openHttp();
  const read = async (options: object) => {
    for await (const _ of client.domainEvents.follow(options)) return;
  };
  await expect(read({ after: 99 })).rejects.toMatchObject({ status: 400 });
  const controller = new AbortController();
  const reading = read({ signal: controller.signal });
  controller.abort(new Error("Enough."));
  await expect(reading).rejects.toThrow("Enough.");
  const followed = async () => {
    for await (const _ of client.jobs.follow("nobody")) return;
  };
  await expect(followed()).rejects.toMatchObject({ code: "ATLAS_PLUGINS_JOB_NOT_FOUND" });
});

it("reads a stream in whatever pieces it comes", async () => {
  const text =
    ': hello\r\nid: 1\r\nevent: one\r\ndata: {"a":1}\r\n\r\nid: 2\ndata:first\ndata: sécond\n\n: beat\nid: 3\n\nretry: 5\rdata: last\r\rdata: cut off';
  const bytes = new TextEncoder().encode(text);
  for (const size of [1, 2, 3, 7, bytes.length]) {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
        controller.close();
      },
    });
    const read = [];
    for await (const event of readServerSentEvents(body)) read.push(event);
    expect(read).toEqual([
      { event: "one", data: '{"a":1}', id: "1" },
      { event: "message", data: "first\nsécond", id: "2" },
      { event: "message", data: undefined, id: "3" },
      { event: "message", data: "last", id: "3" },
    ]);
  }
});
