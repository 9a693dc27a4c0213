import { readdirSync, readFileSync } from "node:fs";
import { createFakeClock } from "@atlas/testing/clock";
import { expect, it } from "vitest";
import { type CommittedBatch, type Logger, silentLogger } from "../src/index.ts";
import { createStore } from "./support/driver.ts";
import { lab } from "./support/lab.ts";
import { openStore } from "./support/open-store.ts";
import { countRows } from "./support/read-file.ts";
import { rejection } from "./support/rejection.ts";

const note = (id: string) => ({ type: "entity.upsert", entity: { id, type: "note" } }) as const;

it("commits everything that was accepted before it stops", async () => {
  const store = await openStore();
  const waiting = Array.from({ length: 3_000 }, (_, index) => store.commands.enqueue(note(`${index}`)));
  await store.stop();
  expect((await Promise.all(waiting)).at(-1)).toEqual({ seq: 3_000, changed: true });
  expect(countRows(store.path, "entities")).toBe(3_000);
});

it("keeps the note of a refusal that came just before the stop", async () => {
  const store = await openStore();
  const refused = rejection(store.commands.enqueue({ type: "nope" } as never));
  await store.stop();
  await refused;
  expect(countRows(store.path, "refused_commands")).toBe(1);
});

it("stops once, whoever asks: every call gives the same promise", async () => {
  const store = await openStore();
  const stopped = store.stop();
  expect(store.stop()).toBe(stopped);
  await stopped;
  expect(store.stop()).toBe(stopped);
  await store[Symbol.asyncDispose]();
  expect(store.health()).toEqual({ status: "stopped" });
});

it("refuses commands from the call of stop on, and flushing it is harmless", async () => {
  const store = await openStore();
  const stopped = store.stop();
  expect(await rejection(store.commands.enqueue(note("a")))).toMatchObject({ code: "ATLAS_CORE_STOPPED" });
  expect(await rejection(store.commands.enqueueAll([note("a")]))).toMatchObject({
    code: "ATLAS_CORE_STOPPED",
  });
  await stopped;
  await store.flush();
  expect((await rejection(store.commands.enqueue(note("a")))).code).toBe("ATLAS_CORE_STOPPED");
  expect(countRows(store.path, "entities")).toBe(0);
});

it("tells its listeners of each commit that changed something, with its numbers and events", async () => {
  const store = await openStore({ clock: createFakeClock(), modules: [lab] });
  const batches: CommittedBatch[] = [];
  const end = store.onCommitted((batch) => batches.push(batch));
  await store.commands.enqueueAll([note("a"), { type: "domainEvent.emit", event: { type: "greeted" } }]);
  await store.commands.enqueue(note("a"));
  await rejection(store.commands.enqueue({ type: "lab.throw" }));
  expect(batches).toEqual([
    {
      first_seq: 1,
      last_seq: 2,
      events: [
        expect.objectContaining({ seq: 1, type: "entity.upserted", aggregate_id: "a", command_seq: 1 }),
        expect.objectContaining({ seq: 2, type: "greeted", payload: {}, command_seq: 2 }),
      ],
    },
  ]);
  const { items } = await store.repo.listDomainEvents();
  expect(batches[0]?.events).toEqual(items);
  end();
  await store.commands.enqueue(note("b"));
  expect(batches.length).toBe(1);
});

it("lets who awaits a command go on before its listeners hear of it", async () => {
  const store = await openStore();
  const order: string[] = [];
  store.onCommitted(() => order.push("listener"));
  const lone = store.commands.enqueue(note("a")).then(() => order.push("lone"));
  const unit = store.commands.enqueueAll([note("b")]).then(() => order.push("unit"));
  await Promise.all([lone, unit, store.flush()]);
  expect(order).toEqual(["lone", "unit", "listener"]);
});

it("logs a listener that throws, and tells the others", async () => {
  const errors: object[] = [];
  const log: Logger = { ...silentLogger, error: (fields) => void errors.push(fields) };
  const store = await openStore({ log });
  let heard = 0;
  store.onCommitted(() => {
    throw new RangeError("broken listener");
  });
  store.onCommitted(() => {
    heard += 1;
  });
  for (const id of ["a", "b"]) await store.commands.enqueue(note(id));
  await store.flush();
  expect(heard).toBe(2);
  expect(errors).toEqual([
    { error: new RangeError("broken listener") },
    { error: new RangeError("broken listener") },
  ]);
});

it("takes its times from the clock that it was given, also where the clock is an instance of a class", async () => {
  class StandingClock {
    readonly #now = Date.parse("2026-01-01T00:00:00.000Z");
    now(): number {
      return this.#now;
    }
    monotonic(): number {
      return this.#now;
    }
    after(): () => void {
      return () => undefined;
    }
  }
  const store = await openStore({ clock: new StandingClock() });
  await store.commands.enqueue(note("a"));
  expect((await store.repo.getEntity("a"))?.updated_at).toBe("2026-01-01T00:00:00.000Z");
});

it("goes on after a round that broke in the middle", async () => {
  let broken = true;
  const store = await openStore({
    failpoint: (name) => {
      if (broken && name === "flush:drained") throw new RangeError("struck");
    },
  });
  void store.commands.enqueue(note("lost to the strike"));
  await store.flush();
  broken = false;
  expect(await store.commands.enqueue(note("a"))).toEqual({ seq: 1, changed: true });
});

it("does not keep the file when a module's queries cannot be made", async () => {
  const store = await openStore();
  await store.stop();
  const broken = {
    name: "broken",
    version: 1,
    migrations: {},
    commands: {},
    queries: () => {
      throw new RangeError("no queries today");
    },
  };
  await expect(createStore({ log: silentLogger, database: store.path, modules: [broken] })).rejects.toThrow(
    "no queries today",
  );
  await openStore({ database: store.path });
});

it("has one caller of the writer, the flush loop, and does not export it", () => {
  const folder = new URL("../src/", import.meta.url);
  const sources = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  const callers = sources.filter((name) =>
    readFileSync(new URL(name, folder), "utf8").includes(".applyBatch("),
  );
  expect(callers).toEqual(["writing/flush-loop.ts"]);
  const index = readFileSync(new URL("index.ts", folder), "utf8");
  expect(index).not.toMatch(/writer|createFlushLoop|export \{[^}]*\} from "[^"]*flush-loop\.ts"/i);
});

it("settles every promise of a batch though its logger throws", async () => {
  const broken = (): never => {
    throw new Error("the log is full");
  };
  const log: Logger = { debug: broken, info: broken, warn: broken, error: broken };
  const store = await openStore({ log });
  const refused = rejection(store.commands.enqueue({ type: "artifact.update", id: "missing", patch: {} }));
  const applied = store.commands.enqueue(note("a"));
  expect((await refused).code).toBe("ATLAS_CORE_NOT_FOUND");
  expect(await applied).toEqual({ seq: 1, changed: true });
});
