import type { Clock, DomainEvent } from "@atlas/core";
import { describe, expect, it } from "vitest";
import { createDelivery, type SinkPlugin } from "../src/index.ts";
import { createManualClock } from "./support/manual-clock.ts";
import { openStore } from "./support/open-store.ts";

async function delivering(sinks: readonly SinkPlugin[], clock?: Clock) {
  const opened = await openStore(clock === undefined ? {} : { clock });
  const create = () => createDelivery({ ...opened, sinks });
  const emit = (type: string) => opened.commands.enqueue({ type: "domainEvent.emit", event: { type } });
  return { ...opened, create, emit };
}

function recorder(id: string, onEvent: (event: DomainEvent) => void = () => undefined) {
  const types: string[] = [];
  const sink: SinkPlugin = {
    id,
    async handle(event) {
      onEvent(event);
      types.push(event.type);
    },
  };
  return { sink, types };
}

describe("delivery", () => {
  it("brings every event once and in order to each sink, from its start on", async () => {
    const one = recorder("one");
    const two = recorder("two");
    const { create, emit } = await delivering([one.sink, two.sink]);
    await emit("before");
    const delivery = create();
    await delivery.start();
    for (const type of ["a", "b", "c"]) await emit(type);
    await delivery.stop(1_000);
    expect(one.types).toEqual(["a", "b", "c"]);
    expect(two.types).toEqual(["a", "b", "c"]);
  });

  it("goes on where it stopped", async () => {
    const { sink, types } = recorder("one");
    const { create, emit } = await delivering([sink]);
    const first = create();
    await first.start();
    await emit("a");
    await first.stop(1_000);
    await emit("meanwhile");
    const second = create();
    await second.start();
    await second.stop(1_000);
    expect(types).toEqual(["a", "meanwhile"]);
  });

  it("brings an event again after a failure, without holding up another sink", async () => {
    const { clock, advance } = createManualClock();
    let failures = 2;
    const ids: string[] = [];
    const failing = recorder("failing", ({ id, type }) => {
      ids.push(id);
      if (type === "b" && failures > 0) {
        failures -= 1;
        throw new Error("not now");
      }
    });
    const sound = recorder("sound");
    const { store, create, emit } = await delivering([failing.sink, sound.sink], clock);
    const delivery = create();
    await delivery.start();
    store.onCommitted(delivery.wake);
    for (const type of ["a", "b", "c"]) await emit(type);
    while (failing.types.length < 3) {
      advance(10_000);
      await new Promise(setImmediate);
    }
    await delivery.stop(1_000);
    expect(failing.types).toEqual(["a", "b", "c"]);
    expect(sound.types).toEqual(["a", "b", "c"]);
    expect(ids[1]).toBe(ids[2]);
  });

  it("does not shorten the pause after a failure when more is committed", async () => {
    const { clock, advance } = createManualClock();
    let attempts = 0;
    const sink: SinkPlugin = {
      id: "broken",
      handle() {
        attempts += 1;
        return Promise.reject(new Error("down"));
      },
    };
    const { store, create, emit } = await delivering([sink], clock);
    const delivery = create();
    await delivery.start();
    store.onCommitted(delivery.wake);
    while (attempts === 0) await emit("more");
    for (let commit = 0; commit < 20; commit += 1) await emit("more");
    expect(attempts).toBe(1);
    advance(1_000);
    while (attempts === 1) await emit("more");
    expect(attempts).toBe(2);
    await delivery.stop(1_000);
  });

  it("counts how many events led to what a sink sends", async () => {
    const sink: SinkPlugin = {
      id: "echo",
      async handle({ type }, ctx) {
        if (type === "call")
          await ctx.commands.enqueue({ type: "domainEvent.emit", event: { type: "answer" } });
      },
    };
    const { create, emit, repo } = await delivering([sink]);
    const delivery = create();
    await delivery.start();
    await emit("call");
    await delivery.stop(1_000);
    const events = (await repo.listDomainEvents()).items;
    expect(events.map(({ type, depth }) => [type, depth])).toEqual([
      ["call", 0],
      ["answer", 1],
    ]);
    const journal = (await repo.listJournal()).items.filter(({ type }) => type === "domainEvent.emit");
    expect(journal.at(-1)).toMatchObject({
      actor: "sink:echo",
      cause: { kind: "event", id: events[0]?.id, depth: 1 },
    });
  });

  it("takes a refused command of a sink as a failure", async () => {
    let handled = 0;
    const sink: SinkPlugin = {
      id: "careless",
      async handle(_, ctx) {
        handled += 1;
        void ctx.commands.enqueue({ type: "artifact.update", id: "missing", patch: {} });
      },
    };
    const { create, emit, repo } = await delivering([sink]);
    const delivery = create();
    await delivery.start();
    await emit("a");
    await delivery.stop(1_000);
    expect(handled).toBeGreaterThan(0);
    expect(await repo.plugins.getSinkCursor("careless")).toBe(0);
  });

  it("gives up a sink that never ends when it stops, and brings the event again next time", async () => {
    const seen: string[] = [];
    const sink: SinkPlugin = {
      id: "deaf",
      handle({ id }) {
        seen.push(id);
        return seen.length === 1 ? new Promise(() => undefined) : Promise.resolve();
      },
    };
    const { clock, advance } = createManualClock();
    const { create, emit } = await delivering([sink], clock);
    const first = create();
    await first.start();
    await emit("a");
    first.wake();
    while (seen.length === 0) await new Promise(setImmediate);
    const stopped = first.stop(1_000);
    advance(1_000);
    await stopped;
    const second = create();
    await second.start();
    await second.stop(1_000);
    expect(seen).toHaveLength(2);
    expect(seen[1]).toBe(seen[0]);
  });
});
