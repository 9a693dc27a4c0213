import type { DomainEvent } from "@atlas/core";
import { createFakeClock } from "@atlas/testing";
import { expect, it } from "vitest";
import { createEventStream } from "../../../src/http/sse/event-stream.ts";
import { type EventListener, followLiveEvents } from "../../../src/http/sse/live-events.ts";

const event = (seq: number): DomainEvent => ({
  id: `evt_a_${seq}`,
  seq,
  type: "test.one",
  payload: {},
  command_seq: seq,
  depth: 0,
  created_at: "2026-01-01T00:00:00.000Z",
});

/** A log that grows when it is told to, and a listener that notes the ids it is sent. */
function scripted() {
  const clock = createFakeClock();
  let give: (events: readonly DomainEvent[]) => void = () => undefined;
  async function* follow() {
    for (;;) {
      const { promise, resolve } = Promise.withResolvers<readonly DomainEvent[]>();
      give = resolve;
      yield* await promise;
    }
  }
  const live = followLiveEvents({
    gateway: { follow: () => follow() },
    clock,
    after: 0,
    onOver: () => undefined,
  });
  const listen = (position: number) => {
    const ids: string[] = [];
    const stream = createEventStream({ mostBytes: 1_000_000, onOver: () => undefined });
    const noting = {
      ...stream,
      send: (bytes: Uint8Array) =>
        void ids.push(
          ...[
            ...Buffer.from(bytes)
              .toString()
              .matchAll(/^id: (\d+)$/gm),
          ].map(([, id = ""]) => id),
        ),
    };
    const listener: EventListener = { stream: noting, position, types: undefined };
    live.add(listener);
    return { ids, listener };
  };
  return {
    clock,
    live,
    listen,
    async commit(...seqs: readonly number[]) {
      await new Promise(setImmediate);
      give(seqs.map(event));
      await new Promise(setImmediate);
      await new Promise(setImmediate);
    },
  };
}

it("sends nothing again to a listener that has come further than the others", async () => {
  const { live, listen, commit } = scripted();
  const first = listen(0);
  const ahead = listen(2);
  const far = listen(5);
  await commit(1, 2, 3);
  await commit(4);
  await commit(5, 6);
  expect(first.ids).toEqual(["1", "2", "3", "4", "5", "6"]);
  expect(ahead.ids).toEqual(["3", "4", "5", "6"]);
  expect(far.ids).toEqual(["6"]);
  live.end();
});

it("gathers events for many listeners, for 20 milliseconds at most", async () => {
  const { clock, live, listen, commit } = scripted();
  const listeners = Array.from({ length: 65 }, () => listen(0));
  await commit(1);
  await commit(2);
  expect(listeners[0]?.ids).toEqual([]);
  clock.advance(20);
  for (const { ids } of listeners) expect(ids).toEqual(["1", "2"]);
  await commit(3);
  live.end();
  expect(clock.timers).toBe(0);
});
