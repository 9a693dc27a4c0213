import { expect, it } from "vitest";
import { z } from "zod";
import { defineCommand, defineModule, type StoreCommand, tables } from "../../src/index.ts";
import { openStore } from "../support/open-store.ts";
import { countRows } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";

const INVALID = "ATLAS_CORE_COMMAND_INVALID";
const UNKNOWN = "ATLAS_CORE_COMMAND_UNKNOWN";
const TOO_LARGE = "ATLAS_CORE_COMMAND_TOO_LARGE";

function nested(levels: number): object {
  let value: object = {};
  for (let level = 1; level < levels; level += 1) value = { in: value };
  return value;
}

function cycle(): object {
  const value: { self?: object } = {};
  value.self = value;
  return value;
}

const entity = (fields: object) => ({ type: "entity.upsert", entity: { type: "note", ...fields } });
const data = (value: unknown) => entity({ data: { at: [value] } });

/** What is wrong, the command, its code, and what `details` and the message must tell. */
const cases: readonly (readonly [string, unknown, string, object, string])[] = [
  [
    "an unknown type near a known one",
    { type: "entity.upsrt" },
    UNKNOWN,
    { nearest: "entity.upsert" },
    'Did you mean "entity.upsert"?',
  ],
  [
    "an unknown type near none",
    { type: "finops.cost.record" },
    UNKNOWN,
    { type: "finops.cost.record" },
    "Correct the type, or install its module.",
  ],
  [
    "a type from Object.prototype",
    { type: "constructor" },
    UNKNOWN,
    { type: "constructor" },
    "There is no command",
  ],
  ["no type", { entity: {} }, INVALID, { path: "type" }, 'an object with a "type"'],
  ["nothing", undefined, INVALID, { path: "type" }, 'an object with a "type"'],
  ["a list", [{ type: "entity.upsert" }], INVALID, { path: "type" }, 'an object with a "type"'],
  [
    "no payload",
    { type: "entity.upsert" },
    INVALID,
    { type: "entity.upsert", path: "entity" },
    '"entity" is not valid',
  ],
  ["a number as title", entity({ title: 7 }), INVALID, { path: "entity.title" }, "expected string"],
  ["an unknown key", entity({ titel: "x" }), INVALID, { path: "entity.titel" }, 'Did you mean "title"?'],
  [
    "an unknown key at the top",
    { ...entity({}), entitty: {} },
    INVALID,
    { path: "entitty" },
    'Did you mean "entity"?',
  ],
  ["an empty id", entity({ id: "" }), INVALID, { path: "entity.id" }, "must not be empty"],
  [
    "an id of 256 bytes",
    entity({ id: "ä".repeat(128) }),
    INVALID,
    { path: "entity.id" },
    "256 bytes long; at most 255",
  ],
  [
    "an origin that makes too long an id",
    entity({ source: "s".repeat(200), external_id: "x".repeat(200) }),
    INVALID,
    { path: "entity.external_id" },
    "401 bytes long",
  ],
  [
    "a time without a zone",
    entity({ updated_at: "2026-11-21T09:00:00" }),
    INVALID,
    { path: "entity.updated_at" },
    "with a zone",
  ],
  [
    "a day that does not exist",
    entity({ updated_at: "2026-02-30T09:00:00Z" }),
    INVALID,
    { path: "entity.updated_at" },
    "ISO-8601",
  ],
  ["a list as data", entity({ data: [] }), INVALID, { path: "entity.data" }, "plain JSON object"],
  ["a Date as data", entity({ data: new Date(0) }), INVALID, { path: "entity.data" }, "plain JSON object"],
  ["undefined in data", data(undefined), INVALID, { path: "entity.data.at[0]" }, "undefined"],
  ["NaN in data", data(Number.NaN), INVALID, { path: "entity.data.at[0]" }, "NaN"],
  ["Infinity in data", data(-Infinity), INVALID, { path: "entity.data.at[0]" }, "-Infinity"],
  ["a BigInt in data", data(1n), INVALID, { path: "entity.data.at[0]" }, "BigInt"],
  ["a Date in data", data(new Date(0)), INVALID, { path: "entity.data.at[0]" }, "toISOString"],
  ["a function in data", data(() => 0), INVALID, { path: "entity.data.at[0]" }, "function"],
  ["a Map in data", data(new Map()), INVALID, { path: "entity.data.at[0]" }, "Map"],
  ["a lone surrogate in data", data("\ud800"), INVALID, { path: "entity.data.at[0]" }, "surrogate"],
  ["a cycle in data", data(cycle()), INVALID, { path: "entity.data.at[0].self" }, "cycle"],
  [
    "5,000 levels of data",
    entity({ data: nested(5_000) }),
    INVALID,
    { path: expect.stringMatching(/^entity\.data\.in\.in/) },
    "nested deeper",
  ],
  [
    "an own __proto__ in data",
    data(JSON.parse('{"__proto__":1}')),
    INVALID,
    { path: "entity.data.at[0].__proto__" },
    "not allowed",
  ],
  [
    "a lone surrogate in a title",
    entity({ title: "\udc00" }),
    INVALID,
    { path: "entity.title" },
    "surrogate",
  ],
  ["a lone surrogate in an id", entity({ id: "\udc00" }), INVALID, { path: "entity.id" }, "surrogate"],
  [
    "an unknown status",
    { type: "job.updateStatus", id: "j", status: "done" },
    INVALID,
    { path: "status" },
    "queued",
  ],
  [
    "a priority out of range",
    { type: "job.create", job: { workflow_id: "w", priority: 1e9 } },
    INVALID,
    { path: "job.priority" },
    "1000000",
  ],
  ["what is no event id", { type: "domainEvent.markDelivered", id: "17" }, INVALID, { path: "id" }, "evt_"],
  [
    "1 MiB and one byte of content",
    { type: "artifact.create", artifact: { type: "a", content_md: "x".repeat(1_048_577) } },
    TOO_LARGE,
    { sizeBytes: 1_048_577, limitBytes: 1_048_576 },
    "artifact.content_md",
  ],
  [
    "5 MiB of data",
    entity({ data: { text: "x".repeat(5 * 1_048_576) } }),
    TOO_LARGE,
    { limitBytes: 4 * 1_048_576 },
    "The command",
  ],
  [
    "5 MiB of UTF-8 in fewer characters",
    entity({ data: { text: "€".repeat(1_700_000) } }),
    TOO_LARGE,
    { limitBytes: 4 * 1_048_576 },
    "The command",
  ],
];

it.each(cases)("refuses %s and says what is wrong", async (_, command, code, details, words) => {
  const store = await openStore();
  // What the compiler would refuse.
  const error = await rejection(store.commands.enqueue(command as StoreCommand<never>));
  expect(error).toMatchObject({ code, details, retryable: false });
  expect(error.message).toContain(words);
  expect(error.message.length).toBeLessThan(600);
  await store.flush();
  expect(countRows(store.path, "entities") + countRows(store.path, "journal")).toBe(0);
  expect((await store.repo.listRefusedCommands()).items.map((refused) => refused.code)).toEqual([code]);
});

const control = "\u0001".repeat(255);
const escaped = { correlation_id: control, tenant: control, job_id: control };

it.each([
  ["an unknown key", { command: "c1" }, "envelope"],
  ["an empty command id", { command_id: "" }, "envelope.command_id"],
  ["a number as actor", { actor: 7 }, "envelope.actor"],
  ["a cause of an unknown kind", { cause: { kind: "whim", id: "x", depth: 0 } }, "envelope.cause.kind"],
  ["a negative depth", { cause: { kind: "event", id: "x", depth: -1 } }, "envelope.cause.depth"],
  ["an unknown field in its context", { context: { correlation: "c" } }, "envelope.context"],
  ["an empty tenant", { context: { tenant: "" } }, "envelope.context.tenant"],
  ["an undefined tenant", { context: { tenant: undefined } }, "envelope.context.tenant"],
  [
    "a traceparent of zeros",
    { context: { traceparent: `00-${"0".repeat(32)}-${"a".repeat(16)}-01` } },
    "envelope.context.traceparent",
  ],
  [
    "a traceparent whose span is zeros",
    { context: { traceparent: `00-${"a".repeat(32)}-${"0".repeat(16)}-01` } },
    "envelope.context.traceparent",
  ],
  [
    "a traceparent in capitals",
    { context: { traceparent: `00-${"A".repeat(32)}-${"a".repeat(16)}-01` } },
    "envelope.context.traceparent",
  ],
  ["attempt 0", { context: { attempt: 0 } }, "envelope.context.attempt"],
  ["an actor in its context of 513 bytes", { context: { actor: "x".repeat(513) } }, "envelope.context.actor"],
  ["a context whose escapes make it longer than 4 KiB", { context: escaped }, "envelope.context"],
])("refuses an envelope with %s", async (_, envelope, path) => {
  const store = await openStore();
  const sent = store.commands.enqueue(
    { type: "entity.upsert", entity: { type: "note" } },
    envelope as object,
  );
  expect(await rejection(sent)).toMatchObject({ code: INVALID, details: { path } });
});

it("refuses a unit of more than 8 MiB", async () => {
  const store = await openStore();
  const unit = [1, 2, 3].map((id) => ({
    type: "entity.upsert" as const,
    entity: { id: `${id}`, type: "note", title: "x".repeat(3_000_000) },
  }));
  expect(await rejection(store.commands.enqueueAll(unit))).toMatchObject({
    code: TOO_LARGE,
    details: { type: "enqueueAll", limitBytes: 8 * 1_048_576 },
  });
});

it("takes what is just within the bounds", async () => {
  const store = await openStore();
  const id = "ä".repeat(127);
  await store.commands.enqueue({
    type: "entity.upsert",
    entity: { id, type: "note", data: { in: nested(63) as never } },
  });
  await store.commands.enqueue({
    type: "artifact.create",
    artifact: { id: "a1", type: "digest", content_md: "x".repeat(1_048_576) },
  });
  await store.commands.enqueue({
    type: "entity.upsert",
    entity: { type: "note", data: { text: "€".repeat(1_398_000) } },
  });
  expect(await store.repo.getEntity(id)).toBeDefined();
  expect((await store.repo.getArtifact("a1"))?.content_md?.length).toBe(1_048_576);
});

it("measures a command by its text, not by a guess: numbers are short, control characters long", async () => {
  const store = await openStore();
  const send = (title: string, list: readonly number[]) =>
    store.commands.enqueue({
      type: "entity.upsert",
      entity: { id: "e1", type: "note", title, data: { list } },
    });
  await send("", new Array<number>(1_900_000).fill(7));
  expect((await rejection(send("\u0001".repeat(700_000), []))).code).toBe(TOO_LARGE);
});

it("refuses at once a small object that would be endless text", async () => {
  const store = await openStore();
  let value: object = {};
  for (let level = 0; level < 60; level += 1) value = { left: value, right: value };
  expect((await rejection(store.commands.enqueue(entity({ data: value }) as StoreCommand<never>))).code).toBe(
    INVALID,
  );
});

it("refuses a command whose fields cannot even be read, and goes on", async () => {
  const store = await openStore();
  const trap = entity({
    data: {
      get at(): never {
        throw new RangeError("trapped");
      },
    },
  });
  await expect(store.commands.enqueue(trap as StoreCommand<never>)).rejects.toThrow();
  await store.commands.enqueue({ type: "entity.upsert", entity: { type: "note" } });
});

it("refuses a command whose prepare throws, and keeps the cause", async () => {
  const command = defineCommand<Record<never, never>>();
  const broken = defineModule({
    name: "broken",
    version: 1,
    tables: tables<Record<never, never>>(),
    migrations: {},
    commands: {
      "broken.prepare": command({
        schema: z.object({}),
        prepare: (): Record<never, never> => {
          throw new Error("no id left");
        },
        apply: () => undefined,
      }),
    },
  });
  const store = await openStore({ modules: [broken] });
  const error = await rejection(store.commands.enqueue({ type: "broken.prepare" }));
  expect(error).toMatchObject({ code: "ATLAS_CORE_HANDLER_FAILED", cause: new Error("no id left") });
});
