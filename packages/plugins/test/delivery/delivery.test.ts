import type { Clock, DomainEvent } from "@atlas/core";
import { createFakeClock } from "@atlas/testing/clock";
import { describe, expect, it } from "vitest";
import type { SinkPlugin } from "../../src/index.ts";
import { createDelivery, MAX_EVENT_DEPTH } from "../../src/runtime.ts";
import { openStore } from "../support/open-store.ts";
import { until } from "../support/until.ts";

async function delivering(sinks: readonly SinkPlugin[], clock?: Clock) {
  const opened = await openStore(clock === undefined ? {} : { clock });
  const create = (
    others: readonly SinkPlugin[] = sinks,
    more: Pick<Parameters<typeof createDelivery>[0], "keepDeadLettersMs"> &
      Partial<Pick<Parameters<typeof createDelivery>[0], "repo">> = {},
  ) => createDelivery({ ...opened, sinks: others, random: () => 0, ...more });
  const start = async () => {
    const delivery = create();
    opened.store.onCommitted(delivery.wake);
    await delivery.start();
    return delivery;
  };
  const emit = (type: string) => opened.commands.enqueue({ type: "domainEvent.emit", event: { type } });
  const delivered = async () =>
    (await opened.repo.listDomainEvents()).items
      .filter(({ delivered_at }) => delivered_at !== undefined)
      .map(({ type }) => type);
  return { ...opened, create, start, emit, delivered };
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

  it("brings what was there before to a new sink that asks for it", async () => {
    const { sink, types } = recorder("late");
    const { create, emit } = await delivering([{ ...sink, from: "start" }]);
    await emit("before");
    const delivery = create();
    await delivery.start();
    await delivery.stop(1_000);
    expect(types).toEqual(["before"]);
  });

  it("brings a sink only what it names", async () => {
    const { sink, types } = recorder("choosy");
    const { create, emit } = await delivering([{ ...sink, on: ["note.written", "job.*"] }]);
    const delivery = create();
    await delivery.start();
    for (const type of ["note.read", "note.written", "jobs", "job.failed", "job.a.b"]) await emit(type);
    await delivery.stop(1_000);
    expect(types).toEqual(["note.written", "job.failed", "job.a.b"]);
  });

  it("brings a sink the events that its filters ask for", async () => {
    const { sink, types } = recorder("choosy");
    const on = ["note.*", { type: "job.created", aggregate_id: "j2" }];
    const { create, emit, commands, repo } = await delivering([{ ...sink, on }]);
    const delivery = create();
    await delivery.start();
    for (const id of ["j1", "j2"])
      await commands.enqueue({ type: "job.create", job: { id, workflow_id: "w" } });
    await emit("note.read");
    await delivery.stop(1_000);
    expect(types).toEqual(["job.created", "note.read"]);
    expect(await repo.plugins.listSinkLags()).toMatchObject([{ sink_id: "choosy", event_seq: 3 }]);
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

  it("brings an event again after a failure, and holds up no other event and no other sink", async () => {
    const clock = createFakeClock();
    let failures = 2;
    const ids: string[] = [];
    const attempts: number[] = [];
    const sound = recorder("sound");
    const types: string[] = [];
    const failing: SinkPlugin = {
      id: "failing",
      async handle({ id, type }, { attempt }) {
        if (type === "b") {
          ids.push(id);
          attempts.push(attempt);
          if (failures > 0) {
            failures -= 1;
            throw new Error("not now");
          }
        }
        types.push(type);
      },
    };
    const { start, emit, repo, delivered } = await delivering([failing, sound.sink], clock);
    const delivery = await start();
    for (const type of ["a", "b", "c"]) await emit(type);
    await until(() => types.length === 2 && sound.types.length === 3);
    expect(types).toEqual(["a", "c"]);
    expect(await repo.plugins.listFailedDeliveries()).toMatchObject([
      { sink_id: "failing", status: "retrying", attempts: 1, error: { message: "not now" } },
    ]);
    expect(delivery.health()[0]).toMatchObject({ id: "failing", status: "ok" });
    await until(() => {
      clock.advance(250);
      return types.length === 3;
    });
    await delivery.stop(1_000);
    expect(types).toEqual(["a", "c", "b"]);
    expect(new Set(ids).size).toBe(1);
    expect(attempts).toEqual([1, 2, 3]);
    expect(await repo.plugins.listFailedDeliveries()).toEqual([]);
    expect(await delivered()).toEqual(["a", "b", "c"]);
  });

  it("retries an event for a day, keeps it as a dead letter, and delivers it again when it is redriven", async () => {
    const clock = createFakeClock();
    const calls: number[] = [];
    let works = false;
    const sink: SinkPlugin = {
      id: "down",
      async handle() {
        calls.push(clock.now());
        if (!works) throw new Error("down");
      },
    };
    const { start, emit, commands, repo, delivered } = await delivering([sink], clock);
    const delivery = await start();
    const job = { id: "j1", workflow_id: "w" };
    await commands.enqueue({ type: "job.create", job });
    const dead = await until(async () => {
      const [found] = await repo.plugins.listFailedDeliveries();
      if (found?.status === "dead") return found;
      // A sink's loop sleeps for five seconds at most.
      if (found?.attempts === calls.length)
        clock.advance(Math.min(5_000, Date.parse(found.next_at) - clock.now()));
      return undefined;
    });
    const [lost] = (await repo.listDomainEvents()).items;
    expect(dead).toMatchObject({
      sink_id: "down",
      event_id: lost?.id,
      event_seq: 1,
      event_type: "job.created",
      aggregate_id: "j1",
      attempts: 60,
      error: { message: "down" },
    });
    expect(calls).toHaveLength(60);
    // The jitter is at its lower bound here.
    expect((calls.at(-1) ?? 0) - (calls[0] ?? 0)).toBeGreaterThanOrEqual(24 * 60 * 60 * 1_000);
    await emit("after");
    works = true;
    expect(await delivery.redrive("down", { event_id: dead.event_id })).toBe(1);
    await until(async () => (await repo.plugins.listFailedDeliveries()).length === 0);
    await delivery.stop(1_000);
    expect(calls).toHaveLength(62);
    expect(await delivered()).toEqual(["job.created", "after"]);
  });

  it("gives an event up at once when the sink says that trying again is no use", async () => {
    const sink: SinkPlugin = {
      id: "strict",
      handle: () => Promise.reject(Object.assign(new Error("never"), { retryable: false })),
    };
    const { start, emit, repo } = await delivering([sink]);
    const delivery = await start();
    await emit("a");
    await until(async () => (await repo.plugins.listFailedDeliveries())[0]?.status === "dead");
    await delivery.stop(1_000);
    expect(await repo.plugins.listSinkLags()).toEqual([
      { sink_id: "strict", event_seq: 1, behind: 0, retrying: 0, dead: 1 },
    ]);
  });

  it("does not bring an event again before its time, however much is committed", async () => {
    const clock = createFakeClock();
    let attempts = 0;
    const sink: SinkPlugin = {
      id: "broken",
      on: ["once"],
      handle() {
        attempts += 1;
        return Promise.reject(new Error("down"));
      },
    };
    const { repo, start, emit } = await delivering([sink], clock);
    const delivery = await start();
    await emit("once");
    await until(async () => (await repo.plugins.listFailedDeliveries()).length === 1);
    for (let commit = 0; commit < 20; commit += 1) await emit("more");
    expect(attempts).toBe(1);
    clock.advance(500);
    await until(() => attempts === 2);
    await delivery.stop(1_000);
  });

  it("delivers a new event while the retries of twenty others run out of time, one after the other", async () => {
    const clock = createFakeClock();
    const retried: string[] = [];
    const types: string[] = [];
    let under = 0;
    let most = 0;
    const sink: SinkPlugin = {
      id: "hangs",
      timeoutMs: 5_000,
      async handle({ id, type }, { attempt, signal }) {
        if (type !== "slow") return void types.push(type);
        if (attempt === 1) throw new Error("not now");
        retried.push(id);
        under += 1;
        most = Math.max(most, under);
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        under -= 1;
      },
    };
    const { start, emit, repo } = await delivering([sink], clock);
    const delivery = await start();
    for (let event = 0; event < 20; event += 1) await emit("slow");
    await until(async () => (await repo.plugins.listFailedDeliveries()).length === 20);
    clock.advance(1_000);
    await until(() => retried.length === 1);
    await emit("fresh 1");
    await until(() => types.length === 1);
    clock.advance(5_000);
    await until(() => retried.length === 2);
    await emit("fresh 2");
    await until(() => types.length === 2);
    expect(types).toEqual(["fresh 1", "fresh 2"]);
    expect(most).toBe(1);
    const stopped = delivery.stop(1_000);
    clock.advance(1_000);
    await stopped;
  });

  it("ends a catch-up over events that the sink does not ask for when its time to stop is up", async () => {
    const clock = createFakeClock();
    const { sink, types } = recorder("late");
    const { create, commands } = await delivering([{ ...sink, on: ["never"], from: "start" }], clock);
    for (let page = 0; page < 3; page += 1)
      await commands.enqueueAll(
        Array.from(
          { length: 1_000 },
          () => ({ type: "domainEvent.emit", event: { type: "other" } }) as const,
        ),
      );
    const delivery = create();
    await delivery.start();
    const stopped = delivery.stop(1_000);
    clock.advance(1_000);
    await stopped;
    expect(types).toEqual([]);
    expect(delivery.health()[0]?.eventSeq).toBeLessThan(3_000);
  });

  it("reads large events in small pages, and one that is larger than a page alone", async () => {
    const KIB = 1024;
    const sizes = [...Array<number>(60).fill(1), ...Array<number>(12).fill(100), 600, 1, 1, 300];
    const { types, sink } = recorder("late");
    const { create, commands, repo } = await delivering([]);
    for (const [index, kib] of sizes.entries())
      await commands.enqueue({
        type: "domainEvent.emit",
        event: { type: `event ${index}`, payload: { text: "x".repeat(kib * KIB) } },
      });
    const pages: number[][] = [];
    const watched = {
      ...repo,
      async listDomainEvents(...options: Parameters<typeof repo.listDomainEvents>) {
        const page = await repo.listDomainEvents(...options);
        pages.push(page.items.map(({ payload }) => String(payload["text"]).length));
        return page;
      },
    };
    const delivery = create([{ ...sink, from: "start" }], { repo: watched });
    await delivery.start();
    await until(() => types.length === sizes.length);
    await delivery.stop(1_000);
    expect(types).toEqual(sizes.map((_, index) => `event ${index}`));
    expect(pages.flat().length).toBeGreaterThanOrEqual(sizes.length);
    const bytes = pages.map((page) => page.reduce((sum, size) => sum + size, 0));
    expect(pages.filter((page, index) => page.length > 1 && (bytes[index] ?? 0) > 256 * KIB)).toEqual([]);
    expect(Math.max(...bytes)).toBe(600 * KIB);
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

  it("ends a loop of a sink that answers its own answers", async () => {
    let calls = 0;
    const sink: SinkPlugin = {
      id: "echo",
      async handle(_, ctx) {
        calls += 1;
        await ctx.commands.enqueue({ type: "domainEvent.emit", event: { type: "echo" } });
      },
    };
    const { start, emit, repo } = await delivering([sink]);
    const delivery = await start();
    await emit("echo");
    const dead = await until(async () => (await repo.plugins.listFailedDeliveries())[0]);
    expect(calls).toBe(MAX_EVENT_DEPTH);
    expect(dead).toMatchObject({ status: "dead", error: { code: "ATLAS_PLUGINS_EVENT_TOO_DEEP" } });
    await delivery.stop(1_000);
    expect((await repo.listDomainEvents()).items).toHaveLength(MAX_EVENT_DEPTH + 1);
  });

  it("takes a refused command of a sink as a failure", async () => {
    const sink: SinkPlugin = {
      id: "careless",
      async handle(_, ctx) {
        void ctx.commands.enqueue({ type: "artifact.update", id: "missing", patch: {} });
      },
    };
    const { create, emit, repo } = await delivering([sink]);
    const delivery = create();
    await delivery.start();
    await emit("a");
    await delivery.stop(1_000);
    expect(await repo.plugins.listFailedDeliveries()).toMatchObject([
      { sink_id: "careless", event_seq: 1, error: { code: "ATLAS_CORE_NOT_FOUND" } },
    ]);
  });

  it("takes a sink's own markDelivered as its acknowledgement, and leaves the event to the others", async () => {
    const seen: string[] = [];
    const eager: SinkPlugin = {
      id: "eager",
      async handle(event, ctx) {
        seen.push("eager");
        void ctx.commands.enqueueAll([
          { type: "domainEvent.markDelivered", id: event.id },
          { type: "entity.upsert", entity: { id: "e1", type: "seen" } },
        ]);
        throw new Error("after it had acknowledged");
      },
    };
    const blocked: SinkPlugin = {
      id: "blocked",
      on: ["a"],
      handle: () => Promise.reject(new Error("not yet")),
    };
    const { start, emit, repo, delivered } = await delivering([eager, blocked]);
    const delivery = await start();
    await emit("a");
    await until(async () => (await repo.getEntity("e1")) !== undefined);
    await delivery.stop(1_000);
    expect(seen[0]).toBe("eager");
    expect(await delivered()).not.toContain("a");
    expect((await repo.plugins.listFailedDeliveries()).map(({ sink_id }) => sink_id)).toEqual(["blocked"]);
  });

  it("ends a call whose time is up, and refuses what it sends later", async () => {
    const clock = createFakeClock();
    let late: (() => Promise<unknown>) | undefined;
    let aborted = false;
    const sink: SinkPlugin = {
      id: "slow",
      timeoutMs: 2_000,
      handle(_, ctx) {
        late = () => ctx.commands.enqueue({ type: "domainEvent.emit", event: { type: "late" } });
        ctx.signal.addEventListener("abort", () => {
          aborted = true;
        });
        return new Promise(() => undefined);
      },
    };
    const { start, emit, repo } = await delivering([sink], clock);
    const delivery = await start();
    await emit("a");
    await until(() => late);
    clock.advance(2_000);
    const failed = await until(async () => (await repo.plugins.listFailedDeliveries())[0]);
    expect(failed).toMatchObject({ status: "retrying", error: { code: "ATLAS_PLUGINS_TIMEOUT" } });
    expect(aborted).toBe(true);
    await expect(late?.()).rejects.toMatchObject({ code: "ATLAS_PLUGINS_CONTEXT_ENDED" });
    await delivery.stop(0);
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
    const clock = createFakeClock();
    const { create, emit } = await delivering([sink], clock);
    const first = create();
    await first.start();
    await emit("a");
    first.wake();
    await until(() => seen.length === 1);
    const stopped = first.stop(1_000);
    clock.advance(1_000);
    await stopped;
    const second = create();
    await second.start();
    await second.stop(1_000);
    expect(seen).toHaveLength(2);
    expect(seen[1]).toBe(seen[0]);
  });
});

describe("what is noted as delivered", () => {
  it("is what every sink has had, so that prune leaves the rest", async () => {
    const { sink: quick } = recorder("quick");
    const blocked: SinkPlugin = {
      id: "blocked",
      async handle({ type }) {
        if (type === "b") throw new Error("not yet");
      },
    };
    const { create, emit, delivered, commands, repo } = await delivering([quick, blocked]);
    const delivery = create();
    await delivery.start();
    for (const type of ["a", "b", "c"]) await emit(type);
    await delivery.stop(1_000);
    expect(await delivered()).toEqual(["a", "c"]);
    await commands.enqueue({
      type: "maintenance.prune",
      policy: { domain_events_before: "2999-01-01T00:00:00Z" },
    });
    expect((await repo.listDomainEvents()).items.map(({ type }) => type)).toEqual(["b"]);
  });

  it("is marked page after page while there is more, though each page is a commit of its own", async () => {
    const clock = createFakeClock();
    const { start, commands, repo } = await delivering([], clock);
    for (let unit = 0; unit < 3; unit += 1)
      await commands.enqueueAll(
        Array.from(
          { length: 1_000 },
          () => ({ type: "domainEvent.emit", event: { type: "other" } }) as const,
        ),
      );
    const { timers } = clock;
    const delivery = await start();
    let waitedMs = 0;
    await until(async () => {
      for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
      clock.advance(20);
      waitedMs += 20;
      const { marked } = await repo.select
        .selectFrom("domain_events")
        .select(({ fn }) => fn.count<number>("delivered_at").as("marked"))
        .executeTakeFirstOrThrow();
      return marked === 3_000;
    });
    // One pause of a second before the first page, and short ones before the others.
    expect(waitedMs).toBeLessThan(2_000);
    await delivery.stop(0);
    expect(clock.timers).toBe(timers);
  });

  it("is everything where there is no sink", async () => {
    const { create, emit, delivered } = await delivering([]);
    const delivery = create();
    await delivery.start();
    await emit("a");
    await delivery.stop(1_000);
    expect(await delivered()).toEqual(["a"]);
  });

  it("waits seven days for a sink that is gone", async () => {
    const clock = createFakeClock();
    const stays = recorder("stays");
    const leaves = recorder("leaves");
    const { create, emit, delivered, repo } = await delivering([stays.sink, leaves.sink], clock);
    const first = create();
    await first.start();
    await first.stop(0);
    await emit("a");
    const restart = async () => {
      const delivery = create([stays.sink]);
      await delivery.start();
      await delivery.stop(0);
    };
    await restart();
    expect(stays.types).toEqual(["a"]);
    expect(await delivered()).toEqual([]);
    clock.advance(7 * 24 * 60 * 60 * 1_000);
    await restart();
    expect(await delivered()).toEqual(["a"]);
    expect(await repo.plugins.getSinkCursor("leaves")).toBeUndefined();
  });

  it("waits seven days from when the gateway last had the sink, although nothing happened meanwhile", async () => {
    const clock = createFakeClock();
    const stays = recorder("stays");
    const leaves = recorder("leaves");
    const { store, emit, delivered, create, repo } = await delivering([stays.sink, leaves.sink], clock);
    // This gateway is killed: it does not stop.
    const killed = create();
    store.onCommitted(killed.wake);
    await killed.start();
    await emit("first");
    await until(() => stays.types.length === 1 && leaves.types.length === 1);
    const seenAt = async () =>
      (await repo.plugins.listSinkCursors()).find(({ sink_id }) => sink_id === "leaves")?.seen_at ?? "";
    for (let hour = 0; hour < 8 * 24; hour += 1) {
      const before = await seenAt();
      clock.advance(60 * 60 * 1_000);
      await until(async () => (await seenAt()) > before);
    }
    await emit("a");
    const next = create([stays.sink]);
    await next.start();
    await next.stop(0);
    expect(await delivered()).toEqual(["first"]);
    await killed.stop(0);
  });

  it("includes what a sink that is gone for good had not taken", async () => {
    const clock = createFakeClock();
    const { sink: stays } = recorder("stays");
    const leaves: SinkPlugin = { id: "leaves", handle: () => Promise.reject(new Error("down")) };
    const { create, emit, delivered, repo } = await delivering([stays, leaves], clock);
    const first = create();
    await first.start();
    for (const type of ["a", "b"]) await emit(type);
    await first.stop(0);
    expect(await delivered()).toEqual([]);
    clock.advance(7 * 24 * 60 * 60 * 1_000);
    const second = create([stays]);
    await second.start();
    await second.stop(0);
    expect(await repo.plugins.listFailedDeliveries()).toEqual([]);
    expect(await delivered()).toEqual(["a", "b"]);
  });

  it("includes an event that two sinks take after all at the same time", async () => {
    const clock = createFakeClock();
    let isDown = true;
    const failing = (id: string): SinkPlugin => ({
      id,
      handle: async () => {
        if (isDown) throw new Error("down");
      },
    });
    const { start, emit, delivered, repo } = await delivering([failing("one"), failing("two")], clock);
    const delivery = await start();
    await emit("a");
    await until(async () => (await repo.plugins.listFailedDeliveries()).length === 2);
    await emit("b");
    await until(async () => (await repo.plugins.listFailedDeliveries()).length === 4);
    // Both have passed: only the failed deliveries hold the events.
    clock.advance(250);
    await until(async () => ((await repo.plugins.getSinkCursor("$delivered")) ?? 0) === 0);
    isDown = false;
    clock.advance(5_000);
    await until(async () => (await repo.plugins.listFailedDeliveries()).length === 0);
    await delivery.stop(0);
    expect(await delivered()).toEqual(["a", "b"]);
  });
});

describe("a dead letter", () => {
  async function withDeadLetters(more: { readonly keepDeadLettersMs?: number } = {}) {
    const clock = createFakeClock();
    const types: string[] = [];
    let isDown = true;
    const down: SinkPlugin = {
      id: "down",
      retry: { maxAttempts: 1 },
      async handle({ type }) {
        if (isDown) throw new Error("down");
        types.push(type);
      },
    };
    const opened = await delivering([down, recorder("sound").sink], clock);
    const { emit, create, repo, store } = opened;
    const delivery = create(undefined, more);
    store.onCommitted(delivery.wake);
    await delivery.start();
    for (const type of ["a", "b", "c"]) await emit(type);
    const left = async () => (await repo.plugins.listFailedDeliveries()).map(({ event_type }) => event_type);
    await until(async () => (await left()).length === 3);
    const recover = () => {
      isDown = false;
    };
    return { ...opened, clock, delivery, types, left, recover };
  }

  it("keeps its event from being pruned until it is dismissed", async () => {
    const { delivery, left, delivered, repo, commands, clock } = await withDeadLetters();
    clock.advance(2_000);
    const [, second] = (await repo.listDomainEvents()).items;
    await until(async () => (await repo.plugins.getSinkCursor("$delivered")) === 3);
    expect(await delivered()).toEqual([]);
    expect(await delivery.dismiss("down", { event_id: second?.id ?? "" })).toBe(1);
    expect(await left()).toEqual(["a", "c"]);
    expect(await delivered()).toEqual(["b"]);
    expect(await delivery.dismiss("down", { event_id: second?.id ?? "" })).toBe(0);
    expect(await delivery.dismiss("sound")).toBe(0);
    expect(await delivery.dismiss("down")).toBe(2);
    expect(await delivered()).toEqual(["a", "b", "c"]);
    await commands.enqueue({
      type: "maintenance.prune",
      policy: { domain_events_before: "2999-01-01T00:00:00Z" },
    });
    expect((await repo.listDomainEvents()).items).toEqual([]);
    await delivery.stop(0);
  });

  it("keeps its event from being pruned as long as another sink has not taken it", async () => {
    const clock = createFakeClock();
    const failing = (id: string): SinkPlugin => ({
      id,
      retry: { maxAttempts: 1 },
      handle: () => Promise.reject(new Error("down")),
    });
    const { start, emit, delivered, repo } = await delivering([failing("one"), failing("two")], clock);
    const delivery = await start();
    await emit("a");
    await until(async () => (await repo.plugins.listFailedDeliveries()).length === 2);
    clock.advance(2_000);
    await until(async () => (await repo.plugins.getSinkCursor("$delivered")) === 1);
    expect(await delivery.dismiss("one")).toBe(1);
    expect(await delivered()).toEqual([]);
    expect(await delivery.dismiss("two")).toBe(1);
    expect(await delivered()).toEqual(["a"]);
    await delivery.stop(0);
  });

  it("is not a delivery that is still retried", async () => {
    const clock = createFakeClock();
    const sink: SinkPlugin = { id: "down", handle: () => Promise.reject(new Error("down")) };
    const { start, emit, repo } = await delivering([sink], clock);
    const delivery = await start();
    await emit("a");
    const retried = await until(async () => (await repo.plugins.listFailedDeliveries())[0]);
    expect(await delivery.dismiss("down")).toBe(0);
    expect(await delivery.redrive("down", { event_id: retried.event_id })).toBe(0);
    expect(await repo.plugins.listFailedDeliveries()).toEqual([retried]);
    await delivery.stop(0);
  });

  it("is delivered again by a redrive that says how many there were", async () => {
    const { delivery, types, left, recover } = await withDeadLetters();
    recover();
    expect(await delivery.redrive("down")).toBe(3);
    await until(async () => (await left()).length === 0);
    expect(types).toEqual(["a", "b", "c"]);
    expect(await delivery.redrive("down")).toBe(0);
    await delivery.stop(0);
  });

  it("is not chosen by an id that an event of the same number has in another store", async () => {
    const { delivery, left } = await withDeadLetters();
    expect(await delivery.dismiss("down", { event_id: "evt_zzzzzzzz_2" })).toBe(0);
    expect(await delivery.redrive("down", { event_id: "evt_zzzzzzzz_2" })).toBe(0);
    await expect(delivery.dismiss("down", { event_id: "2" })).rejects.toThrow("evt_k3v9x0ab_17");
    expect(await left()).toHaveLength(3);
    await delivery.stop(0);
  });

  it.each([
    ["30 days after its last attempt", {}, 30 * 24 * 60 * 60 * 1_000],
    ["as long after its last attempt as the host says", { keepDeadLettersMs: 5_000 }, 5_000],
  ])("is given up %s", async (_, more, keepMs) => {
    const { delivery, left, clock, delivered, emit, create } = await withDeadLetters(more);
    clock.advance(1_000);
    await emit("later");
    await until(async () => (await left()).length === 4);
    await delivery.stop(0);
    clock.advance(keepMs - 1_000);
    const next = create(undefined, more);
    await next.start();
    await until(async () => (await left()).length < 4);
    expect(await left()).toEqual(["later"]);
    expect(await delivered()).toEqual(["a", "b", "c"]);
    await next.stop(0);
  });

  it("is given up while the gateway runs", async () => {
    const { delivery, left, clock, delivered } = await withDeadLetters({ keepDeadLettersMs: 1_000 });
    clock.advance(60 * 60 * 1_000);
    await until(async () => (await left()).length === 0);
    await delivery.stop(0);
    expect(await delivered()).toEqual(["a", "b", "c"]);
  });

  it("is kept for ever when the host says so", async () => {
    const { delivery, left, clock, create } = await withDeadLetters();
    await delivery.stop(0);
    clock.advance(10_000 * 24 * 60 * 60 * 1_000);
    const next = create(undefined, { keepDeadLettersMs: Number.POSITIVE_INFINITY });
    await next.start();
    await next.stop(0);
    expect(await left()).toHaveLength(3);
  });
});
