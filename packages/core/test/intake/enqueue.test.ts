import { expect, it } from "vitest";
import { z } from "zod";
import {
  defineCommand,
  defineModule,
  type Failpoint,
  isCoreError,
  MAX_UNIT_COMMANDS,
} from "../../src/index.ts";
import { lab } from "../support/lab.ts";
import { openStore } from "../support/open-store.ts";
import { countRows, dumpTables } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";

const note = (id: string) => ({ type: "entity.upsert", entity: { id, type: "note" } }) as const;

/** Counts the commits of a store. */
function countingCommits(): { readonly failpoint: Failpoint; readonly commits: () => number } {
  let commits = 0;
  return {
    failpoint: (name) => {
      if (name === "flush:committed") commits += 1;
    },
    commits: () => commits,
  };
}

it("numbers commands in the order in which they were enqueued, from 1 and without gaps", async () => {
  const store = await openStore({ modules: [lab] });
  const sent = Array.from({ length: 2_500 }, (_, index) =>
    index % 10 === 3
      ? store.commands.enqueue({ type: "lab.refuse", id: "none" }).catch(() => undefined)
      : store.commands.enqueue({ type: "lab.put", id: `${index}` }),
  );
  const seqs = (await Promise.all(sent)).flatMap((receipt) => (receipt === undefined ? [] : [receipt.seq]));
  expect(seqs).toEqual(Array.from({ length: 2_250 }, (_, index) => index + 1));
});

it("goes on with the numbers after a restart", async () => {
  const first = await openStore();
  await first.commands.enqueueAll([note("a"), note("b")]);
  await first.stop();
  const second = await openStore({ database: first.path });
  expect(await second.commands.enqueue(note("c"))).toEqual({ seq: 3, changed: true });
  expect((await second.repo.listDomainEvents()).items.map(({ seq }) => seq)).toEqual([1, 2, 3]);
});

it("commits the commands of one turn together", async () => {
  const { failpoint, commits } = countingCommits();
  const store = await openStore({ failpoint });
  await Promise.all(Array.from({ length: 50 }, (_, index) => store.commands.enqueue(note(`${index}`))));
  expect(commits()).toBe(1);
});

it("has committed everything that waited when a flush of it is over", async () => {
  const { failpoint, commits } = countingCommits();
  const store = await openStore({ failpoint });
  for (let index = 0; index < 50; index += 1) void store.commands.enqueue(note(`${index}`));
  await store.flush();
  expect(countRows(store.path, "entities")).toBe(50);
  await store.flush();
  expect(commits()).toBe(1);
});

it("acknowledges the other 99 commands of a turn when one of them is refused", async () => {
  const store = await openStore({ modules: [lab] });
  const sent = Array.from({ length: 100 }, (_, index) =>
    store.commands.enqueue(index === 41 ? { type: "lab.throw" } : { type: "lab.put", id: `${index}` }),
  );
  const outcomes = await Promise.allSettled(sent);
  expect(outcomes.filter(({ status }) => status === "rejected")).toEqual([
    { status: "rejected", reason: expect.objectContaining({ code: "ATLAS_CORE_HANDLER_FAILED" }) },
  ]);
  expect(outcomes[42]).toEqual({ status: "fulfilled", value: { seq: 42, changed: true } });
  expect(countRows(store.path, "lab_rows")).toBe(99);
});

it("applies a unit as a whole or not at all", async () => {
  const store = await openStore({ modules: [lab] });
  const unit = store.commands.enqueueAll([
    { type: "lab.put", id: "a" },
    note("e1"),
    { type: "lab.put", id: "a" },
  ]);
  const other = store.commands.enqueueAll([note("e2"), { type: "lab.put", id: "b" }]);
  expect(await rejection(unit)).toMatchObject({ code: "ATLAS_CORE_CONSTRAINT" });
  expect(await other).toEqual([
    { seq: 1, changed: true },
    { seq: 2, changed: true },
  ]);
  expect(await store.repo.getEntity("e1")).toBeUndefined();
  expect((await store.repo.listDomainEvents()).items.map(({ aggregate_id }) => aggregate_id)).toEqual([
    "e2",
    "b",
  ]);
});

it("queues nothing of a unit of which one command is not valid", async () => {
  const store = await openStore();
  const { refused_commands: _, ...before } = dumpTables(store.path);
  const bad = { type: "entity.upsert", entity: { type: "" } } as const;
  expect(await rejection(store.commands.enqueueAll([note("a"), bad]))).toMatchObject({
    code: "ATLAS_CORE_COMMAND_INVALID",
    details: { path: "entity.type" },
  });
  await store.flush();
  const { refused_commands, ...after } = dumpTables(store.path);
  expect(after).toEqual(before);
  expect(refused_commands?.length).toBe(2);
});

it("takes a hole in a list of commands for a command that is none", async () => {
  const store = await openStore();
  const list = [note("a"), note("b"), note("c")];
  delete list[1];
  expect(await rejection(store.commands.enqueueAll(list))).toMatchObject({
    code: "ATLAS_CORE_COMMAND_INVALID",
  });
  expect(countRows(store.path, "entities")).toBe(0);
});

it("gives a receipt for each command of a unit, and none for an empty one", async () => {
  const store = await openStore();
  await store.commands.enqueue(note("a"));
  expect(await store.commands.enqueueAll([note("b"), note("a"), note("c")])).toEqual([
    { seq: 2, changed: true },
    { seq: 0, changed: false },
    { seq: 3, changed: true },
  ]);
  expect(await store.commands.enqueueAll([])).toEqual([]);
});

it("takes a unit of 1,000 commands and no larger one", async () => {
  const store = await openStore();
  const unit = Array.from({ length: MAX_UNIT_COMMANDS }, (_, index) => note(`${index}`));
  expect((await store.commands.enqueueAll(unit)).at(-1)).toEqual({ seq: 1_000, changed: true });
  expect(() => store.commands.enqueueAll([...unit, note("more")])).toThrow(
    new TypeError("enqueueAll takes at most 1000 commands; got 1001. Send several units."),
  );
  expect(() => store.commands.enqueueAll(note("a") as never)).toThrow(TypeError);
});

it("refuses at once what does not fit the queue, as retryable, and takes it later", async () => {
  const store = await openStore({ maxQueuedCommands: 3 });
  const waiting = [1, 2, 3].map((id) => store.commands.enqueue(note(`${id}`)));
  const error = await rejection(store.commands.enqueue(note("4")));
  expect(error).toMatchObject({ code: "ATLAS_CORE_QUEUE_FULL", retryable: true });
  expect(isCoreError(error, "ATLAS_CORE_QUEUE_FULL") && error.details.queued).toBe(3);
  expect((await Promise.all(waiting)).map(({ seq }) => seq)).toEqual([1, 2, 3]);
  expect(await store.commands.enqueue(note("4"))).toEqual({ seq: 4, changed: true });
});

it("bounds the queue by bytes too", async () => {
  const store = await openStore({ maxQueuedBytes: 10_000 });
  const large = (id: string) =>
    ({ type: "entity.upsert", entity: { id, type: "note", title: "x".repeat(3_000) } }) as const;
  const waiting = store.commands.enqueue(large("a"));
  expect((await rejection(store.commands.enqueue(large("b")))).code).toBe("ATLAS_CORE_QUEUE_FULL");
  await waiting;
  await store.commands.enqueue(large("b"));
});

it("takes a command as it is when it is enqueued: what the caller changes later is not seen", async () => {
  const store = await openStore();
  const data = { list: [1, 2] };
  const waiting = store.commands.enqueue({ type: "entity.upsert", entity: { id: "e1", type: "note", data } });
  data.list.push(3);
  await waiting;
  expect((await store.repo.getEntity("e1"))?.data).toEqual({ list: [1, 2] });
});

it("never makes an unhandled rejection of a promise that nobody awaits", async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on("unhandledRejection", note);
  try {
    const store = await openStore({ modules: [lab], maxQueuedCommands: 4 });
    void store.commands.enqueue({ type: "lab.throw" });
    void store.commands.enqueue({ type: "lab.refuse", id: "none" });
    void store.commands.enqueueAll([{ type: "lab.refuse", id: "none" }]);
    void store.commands.enqueue({ type: "no.such" } as never);
    void store.commands.enqueueAll([{ type: "lab.put" } as never]);
    // The queue is full with the next.
    void store.commands.enqueue({ type: "lab.put", id: "a" });
    void store.commands.enqueue({ type: "lab.put", id: "b" });
    await store.flush();
    await store.stop();
    void store.commands.enqueue({ type: "lab.put", id: "c" });
    // Node tells of unhandled rejections when a turn's microtasks are done.
    await new Promise((resolve) => void setImmediate(resolve));
    await new Promise((resolve) => void setImmediate(resolve));
    expect(unhandled).toEqual([]);
  } finally {
    process.off("unhandledRejection", note);
  }
});

it.each([
  ["command_id", { command_id: "a\uD800" }],
  ["actor", { actor: "a\uDC00" }],
  ["cause.id", { cause: { kind: "job", id: "\uD800b", depth: 0 } }],
] as const)(
  "refuses an envelope whose %s holds half a surrogate pair, which two ids would share",
  async (path, envelope) => {
    const store = await openStore();
    const error = await rejection(store.commands.enqueue(note("a"), envelope));
    expect(error).toMatchObject({
      code: "ATLAS_CORE_COMMAND_INVALID",
      details: { path: `envelope.${path}` },
    });
  },
);

it("refuses a command with an id whose content cannot be recognised again, instead of ignoring the id", async () => {
  const loose = defineModule({
    name: "loose",
    version: 1,
    migrations: {},
    commands: {
      "loose.say": defineCommand<unknown>()({
        schema: z.object({ at: z.date() }),
        prepare: ({ at }) => ({ at: at.toISOString() }),
        apply: (_, change) => change.emit({ type: "loose.said" }),
      }),
    },
  });
  const store = await openStore({ modules: [loose] });
  const command = { type: "loose.say", at: new Date(0) } as const;
  const error = await rejection(store.commands.enqueue(command, { command_id: "once" }));
  expect(error).toMatchObject({
    code: "ATLAS_CORE_COMMAND_INVALID",
    details: { path: "envelope.command_id" },
  });
  expect(await store.commands.enqueue(command)).toMatchObject({ changed: true });
});
