import { createFakeClock } from "@atlas/testing";
import { expect, it, onTestFinished } from "vitest";
import { readServerSentEvents, type ServerSentEvent } from "../../../src/client/server-sent-events.ts";
import { until } from "../../support/until.ts";
import { openHttp, TOKEN } from "../support/open-http.ts";

type Opened = Awaited<ReturnType<typeof openHttp>>;

/** Opens the stream, and reads it event by event. */
async function follow({ send }: Pick<Opened, "send">, query = "", headers: Record<string, string> = {}) {
  const response = await send("GET", `/domain-events/stream${query}`, { headers });
  expect([response.status, response.headers.get("content-type")]).toEqual([
    200,
    "text/event-stream; charset=utf-8",
  ]);
  if (response.body === null) throw new Error("A stream has a body.");
  const events = readServerSentEvents(response.body);
  const stop = () => events.return(undefined);
  onTestFinished(async () => void (await stop()));
  const next = async (): Promise<ServerSentEvent> => {
    const { done, value } = await events.next();
    if (done === true) throw new Error("The stream has ended.");
    return value;
  };
  return {
    stop,
    next,
    /** The numbers of so many events. */
    async seqs(count: number): Promise<readonly number[]> {
      const seqs: number[] = [];
      while (seqs.length < count) {
        const { data, event, id } = await next();
        if (data === undefined) continue;
        expect(event).toBe("message");
        const { seq } = JSON.parse(data) as { readonly seq: number };
        expect(id).toBe(String(seq));
        seqs.push(seq);
      }
      return seqs;
    },
  };
}

async function emit({ gateway }: Pick<Opened, "gateway">, type: string, count = 1): Promise<void> {
  for (let index = 0; index < count; index += 1)
    await gateway.commands.enqueue({ type: "domainEvent.emit", event: { type } });
}

const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

it("sends stored events and then each new one, once and in order, to everybody from where they are", async () => {
  const opened = await openHttp();
  await emit(opened, "test.old", 250);
  const all = await follow(opened, "?after=0");
  const late = await follow(opened, "?after=200");
  const fresh = await follow(opened);
  const some = await follow(opened, "?after=240&types=test.new,test.other");
  const writing = emit(opened, "test.new", 100);
  expect(await all.seqs(350)).toEqual(range(1, 350));
  expect(await late.seqs(150)).toEqual(range(201, 350));
  expect(await some.seqs(100)).toEqual(range(251, 350));
  expect(await fresh.seqs(100)).toEqual(range(251, 350));
  await writing;
});

it("says at once where it begins, so that a client can resume that was cut before the first event", async () => {
  const opened = await openHttp();
  await emit(opened, "test.old", 3);
  const stream = await follow(opened);
  expect(await stream.next()).toEqual({ event: "message", data: undefined, id: "3" });
  await stream.stop();
  await emit(opened, "test.missed", 2);
  const resumed = await follow(opened, "", { "last-event-id": "3" });
  expect(await resumed.seqs(2)).toEqual([4, 5]);
});

it("resumes after the last id, whatever the address says", async () => {
  const opened = await openHttp();
  await emit(opened, "test.old", 9);
  const resumed = await follow(opened, "?after=1", { "last-event-id": "7" });
  expect(await resumed.seqs(2)).toEqual([8, 9]);
  for (const [id, path] of [
    ["-1", "header.last-event-id"],
    ["seven", "header.last-event-id"],
    ["10", "header.last-event-id"],
    ["99999999999999999999", "header.last-event-id"],
  ] as const) {
    const response = await opened.send("GET", "/domain-events/stream", { headers: { "last-event-id": id } });
    expect(await response.json()).toMatchObject({ status: 400, errors: [{ path }] });
  }
});

it("tells of events that were pruned, also in the middle and also when nothing is left", async () => {
  const opened = await openHttp();
  const { gateway } = opened;
  await emit(opened, "test.old", 6);
  const { items } = await gateway.repo.listDomainEvents();
  const mark = async (seq: number) =>
    gateway.commands.enqueue({ type: "domainEvent.markDelivered", id: items[seq - 1]?.id ?? "" });
  await until(async () => (await gateway.repo.listDomainEvents()).items.every((one) => one.delivered_at));
  await mark(6);
  await gateway.store.prune({ domain_events_before: "2099-01-01T00:00:00Z" });
  expect((await gateway.repo.listDomainEvents()).items).toEqual([]);

  const empty = await follow(opened, "?after=2");
  expect((await empty.next()).id).toBe("2");
  const resync = { event: "resync", id: "6", data: JSON.stringify({ after: 2, first_seq: 7 }) };
  expect(await empty.next()).toEqual(resync);
  // Nobody is told of events that they have had, or whose loss they know of.
  const resumed = await follow(opened, "?types=test.new", { "last-event-id": "6" });
  await emit(opened, "test.new", 1);
  expect(await empty.seqs(1)).toEqual([7]);
  expect(await resumed.seqs(1)).toEqual([7]);
  const behind = await follow(opened, "?after=3&types=none");
  expect((await behind.next()).id).toBe("3");
  expect(await behind.next()).toMatchObject({ event: "resync", data: '{"after":3,"first_seq":7}' });
});

it("reads new events once, however many listen, and not at all when nobody does", async () => {
  const opened = await openHttp();
  const { gateway } = opened;
  const reads: unknown[] = [];
  const { follow: original } = gateway;
  Object.assign(gateway, {
    follow: (options: Parameters<typeof original>[0]) => {
      reads.push(options);
      return original(options);
    },
  });
  const streams = await Promise.all(Array.from({ length: 100 }, () => follow(opened)));
  await emit(opened, "test.new", 3);
  for (const stream of streams) expect(await stream.seqs(3)).toEqual([1, 2, 3]);
  expect(reads).toHaveLength(1);
  for (const stream of streams) await stream.stop();
  await until(() => (reads[0] as { signal: AbortSignal }).signal.aborted);
});

it("sends a heartbeat with its place every 15 seconds, and keeps no timer when nobody listens", async () => {
  const clock = createFakeClock();
  const opened = await openHttp({ clock });
  const before = clock.timers;
  const stream = await follow(opened, "?types=none");
  expect((await stream.next()).id).toBe("0");
  expect(clock.timers).toBe(before + 1);
  await emit(opened, "test.new", 2);
  const place = async () => {
    await new Promise(setImmediate);
    clock.advance(15_000);
    return (await stream.next()).id;
  };
  while ((await place()) !== "2");
  await stream.stop();
  expect(clock.timers).toBe(before);
});

it("cuts a client that stops reading, which then resumes without a gap", async () => {
  const clock = createFakeClock();
  const opened = await openHttp({ clock });
  const response = await opened.send("GET", "/domain-events/stream?after=0");
  const reader = response.body?.getReader();
  expect((await reader?.read())?.done).toBe(false);
  await emit(opened, "test.new", 5);
  // Nothing is read any more: the first beat sees what is left, the second that nobody took it.
  await until(async () => (await opened.gateway.repo.lastDomainEventSeq()) === 5);
  for (let beat = 0; beat < 4; beat += 1) {
    await new Promise(setImmediate);
    clock.advance(15_000);
  }
  await expect(
    (async () => {
      for (;;) if ((await reader?.read())?.done !== false) return;
    })(),
  ).rejects.toThrow("Resume with Last-Event-ID");
  const resumed = await follow(opened, "", { "last-event-id": "0" });
  expect(await resumed.seqs(5)).toEqual([1, 2, 3, 4, 5]);
});

it("holds no more than 1 MiB for a client", async () => {
  const opened = await openHttp();
  const response = await opened.send("GET", "/domain-events/stream");
  const reader = response.body?.getReader();
  await reader?.read();
  await emit(opened, "test.small");
  // From here on it gets new events as they come.
  await reader?.read();
  const text = "x".repeat(100_000);
  for (let index = 0; index < 30; index += 1)
    await opened.gateway.commands.enqueue({
      type: "domainEvent.emit",
      event: { type: "test.large", payload: { text } },
    });
  await expect(
    (async () => {
      for (;;) if ((await reader?.read())?.done !== false) return;
    })(),
  ).rejects.toThrow("unread");
});

it("opens no more streams than it may, and others when some have ended", async () => {
  const opened = await openHttp({}, { maxStreams: 100 });
  const statuses = new Map<number, number>();
  const controllers: AbortController[] = [];
  for (let index = 0; index < 10_000; index += 1) {
    const controller = new AbortController();
    const { status, body } = await opened.application.fetch(
      new Request("http://localhost/domain-events/stream", {
        headers: { authorization: `Bearer ${TOKEN}` },
        signal: controller.signal,
      }),
    );
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status === 200) controllers.push(controller);
    else await body?.cancel();
  }
  expect([...statuses]).toEqual([
    [200, 100],
    [503, 9_900],
  ]);
  controllers[0]?.abort();
  const again = await opened.send("GET", "/domain-events/stream");
  expect(again.status).toBe(200);
});

it("ends with the gateway", async () => {
  const opened = await openHttp();
  const stream = await follow(opened);
  expect((await stream.next()).id).toBe("0");
  await opened.gateway.stop();
  await expect(stream.next()).rejects.toThrow("ended");
});
