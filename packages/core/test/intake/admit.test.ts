import { createFakeClock } from "@atlas/testing/clock";
import { expect, it } from "vitest";
import type { Admit, AnyCommand, Envelope } from "../../src/index.ts";
import { openStore } from "../support/open-store.ts";
import { dumpTables } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";

const note = (title?: string) =>
  ({
    type: "entity.upsert",
    entity: { id: "e1", type: "note", ...(title === undefined ? {} : { title }) },
  }) as const;

const retitled =
  (suffix: string): Admit =>
  (command) => {
    const entity = command["entity"] as { readonly title?: string };
    return { ...command, entity: { ...entity, title: `${entity.title ?? ""}${suffix}` } };
  };

it("sees the completed command and the envelope, in the order of the hooks", async () => {
  const seen: (readonly [string, AnyCommand, Envelope])[] = [];
  const watch =
    (name: string): Admit =>
    (command, envelope) => {
      seen.push([name, command, envelope]);
      return command;
    };
  const store = await openStore({
    clock: createFakeClock("2026-11-21T09:00:00.000Z"),
    admit: [watch("first"), watch("second")],
  });
  await store.commands.enqueue({ type: "event.insert", event: { type: "seen" } }, { actor: "source:git" });
  expect(seen.map(([name]) => name)).toEqual(["first", "second"]);
  expect(seen[0]?.[1]).toEqual({
    type: "event.insert",
    event: { type: "seen", id: expect.any(String), occurred_at: "2026-11-21T09:00:00.000Z" },
  });
  expect(seen[0]?.[2]).toEqual({ actor: "source:git" });
});

it("passes on what a hook changed to the next hook and to the store", async () => {
  const store = await openStore({ admit: [retitled("+1"), retitled("+2")] });
  await store.commands.enqueue(note("0"));
  expect((await store.repo.getEntity("e1"))?.title).toBe("0+1+2");
  expect((await store.repo.listJournal()).items[0]?.payload).toMatchObject({ entity: { title: "0+1+2" } });
});

it("refuses with the code, message and details of the hook, and asks no later hook", async () => {
  let asked = 0;
  const refuse: Admit = () => ({
    refuse: "GUARD_SECRET_FOUND",
    message: "A key stands in it.",
    details: { rule: "key" },
  });
  const count: Admit = (command) => {
    asked += 1;
    return command;
  };
  const store = await openStore({ admit: [refuse, count] });
  const before = dumpTables(store.path)["entities"];
  expect(await rejection(store.commands.enqueue(note()))).toMatchObject({
    code: "GUARD_SECRET_FOUND",
    message: "A key stands in it.",
    details: { rule: "key" },
  });
  await store.flush();
  expect(asked).toBe(0);
  expect(dumpTables(store.path)["entities"]).toEqual(before);
  expect((await store.repo.listRefusedCommands()).items[0]?.code).toBe("GUARD_SECRET_FOUND");
});

it("refuses a command on which a hook throws", async () => {
  const cause = new RangeError("the guard is broken");
  const store = await openStore({
    admit: [
      () => {
        throw cause;
      },
    ],
  });
  expect(await rejection(store.commands.enqueue(note()))).toMatchObject({
    code: "ATLAS_CORE_ADMIT_FAILED",
    details: { type: "entity.upsert" },
    cause,
  });
});

it.each([
  ["of another type", { type: "event.insert", event: { type: "x" } }],
  ["nothing", undefined],
  ["a text", "yes"],
])("refuses a command for which a hook answers with %s", async (_, answer) => {
  const store = await openStore({ admit: [() => answer as unknown as AnyCommand] });
  expect((await rejection(store.commands.enqueue(note()))).code).toBe("ATLAS_CORE_ADMIT_FAILED");
});

it.each([
  ["an unknown field", { titel: "x" }, "ATLAS_CORE_COMMAND_INVALID", "entity.titel"],
  ["a value of the wrong kind", { title: 7 }, "ATLAS_CORE_COMMAND_INVALID", "entity.title"],
  ["what is no JSON", { data: { at: new Date(0) } }, "ATLAS_CORE_COMMAND_INVALID", "entity.data.at"],
])("checks again what a hook changed: %s", async (_, change, code, path) => {
  const store = await openStore({
    admit: [(command) => ({ ...command, entity: { ...(command["entity"] as object), ...change } })],
  });
  expect(await rejection(store.commands.enqueue(note()))).toMatchObject({ code, details: { path } });
});

it("asks a hook for each command of a unit, and refuses the unit with one of them", async () => {
  const store = await openStore({
    admit: [
      (command) => (command.type === "event.insert" ? { refuse: "NO_EVENTS", message: "None." } : command),
    ],
  });
  const unit = store.commands.enqueueAll([note(), { type: "event.insert", event: { type: "x" } }]);
  expect((await rejection(unit)).code).toBe("NO_EVENTS");
  expect(await store.repo.getEntity("e1")).toBeUndefined();
});

it("gets a frozen command: what it changes in place takes no effect unseen", async () => {
  const thrown: unknown[] = [];
  const store = await openStore({
    admit: [
      (command) => {
        const { entity } = command as unknown as { entity: { title: string; data: { tags: string[] } } };
        for (const change of [
          () => (entity.title = "forged"),
          () => entity.data.tags.push("forged"),
          () => Object.assign(command, { type: "other" }),
        ]) {
          try {
            change();
          } catch (error) {
            thrown.push(error);
          }
        }
        return command;
      },
    ],
  });
  const mine = { tags: ["a"] };
  await store.commands.enqueue({
    type: "entity.upsert",
    entity: { id: "n", type: "note", title: "mine", data: mine },
  });
  expect(thrown).toHaveLength(3);
  expect(await store.repo.getEntity("n")).toMatchObject({ title: "mine", data: { tags: ["a"] } });
  // The caller's own object is not frozen: what is sent is a copy.
  mine.tags.push("b");
});

it("checks what a hook has changed like any command", async () => {
  const store = await openStore({
    admit: [(command) => ({ ...command, entity: { type: "note", titel: "misspelt" } })],
  });
  const error = await rejection(
    store.commands.enqueue({ type: "entity.upsert", entity: { id: "n", type: "note" } }),
  );
  expect(error).toMatchObject({ code: "ATLAS_CORE_COMMAND_INVALID", details: { path: "entity.titel" } });
});
