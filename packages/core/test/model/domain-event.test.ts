import { createFakeClock } from "@atlas/testing/clock";
import { expect, it } from "vitest";
import { eventId, parseEventId } from "../../src/model/domain-event.ts";
import { expectUnchanged } from "../support/expect-unchanged.ts";
import { openStore } from "../support/open-store.ts";
import { readRows, readValue } from "../support/read-file.ts";

async function withEvents(count: number) {
  const store = await openStore({ clock: createFakeClock("2026-11-21T09:00:00.000Z") });
  await store.commands.enqueueAll(
    Array.from({ length: count }, (_, index) => ({
      type: "domainEvent.emit",
      event: { type: `t${index + 1}` },
    })),
  );
  const storeId = readValue<string>(store.path, "select id from store");
  const id = (seq: number): string => eventId({ store: storeId, seq });
  const mark = (event: string, through_seq?: number) =>
    store.commands.enqueue({
      type: "domainEvent.markDelivered",
      id: event,
      ...(through_seq === undefined ? {} : { through_seq }),
    });
  const delivered = () =>
    readRows<{ seq: number }>(store.path, "select seq from domain_events where delivered_at is not null").map(
      ({ seq }) => seq,
    );
  return { store, id, mark, delivered };
}

it("emits the event that it is given, and nothing besides", async () => {
  const { store, id } = await withEvents(0);
  const event = {
    type: "greeted",
    aggregate_id: "p1",
    payload: { b: 1, a: 2 },
    created_at: "2026-01-01T00:00:00Z",
  };
  const cause = { kind: "event", id: "e", depth: 2 } as const;
  await store.commands.enqueue({ type: "domainEvent.emit", event }, { cause });
  const expected = {
    ...event,
    id: id(1),
    seq: 1,
    command_seq: 1,
    depth: 2,
    created_at: "2026-01-01T00:00:00.000Z",
  };
  expect((await store.repo.listDomainEvents()).items).toEqual([expected]);
  expect(await store.repo.getDomainEvent(id(1))).toEqual(expected);
});

it("marks one event as delivered, without an event of its own", async () => {
  const { store, id, mark, delivered } = await withEvents(3);
  expect(await mark(id(2))).toEqual({ seq: 4, changed: true });
  expect(delivered()).toEqual([2]);
  expect((await store.repo.getDomainEvent(id(2)))?.delivered_at).toBe("2026-11-21T09:00:00.000Z");
  expect((await store.repo.listDomainEvents()).items.length).toBe(3);
});

it("marks every event from one through a number", async () => {
  const { id, mark, delivered } = await withEvents(6);
  await mark(id(2), 4);
  expect(delivered()).toEqual([2, 3, 4]);
  // Those that were marked keep their time; the others follow.
  expect(await mark(id(1), 100)).toMatchObject({ changed: true });
  expect(delivered()).toEqual([1, 2, 3, 4, 5, 6]);
});

it.each([
  ["that is marked already", (id: (seq: number) => string) => [id(1), undefined] as const],
  ["that is not there", (id: (seq: number) => string) => [id(99), undefined] as const],
  ["through a number before it", (id: (seq: number) => string) => [id(3), 2] as const],
  ["of another store", (_: (seq: number) => string) => ["evt_zzzzzzzz_2", undefined] as const],
])("changes nothing for an event %s", async (_, which) => {
  const { store, id, mark } = await withEvents(3);
  await mark(id(1));
  const [event, through] = which(id);
  await expectUnchanged(store, () => mark(event, through));
});

it("reads the ids that it makes, and no others", () => {
  expect(parseEventId(eventId({ store: "k3v9x0ab", seq: 17 }))).toEqual({ store: "k3v9x0ab", seq: 17 });
  for (const id of [
    "",
    "evt_k3v9x0ab_0",
    "evt_k3v9x0ab_01",
    "evt_K3V9X0AB_1",
    "evt_short_1",
    "evt_k3v9x0ab_1 ",
  ]) {
    expect(parseEventId(id), id).toBeUndefined();
  }
});

it("finds no event of another store by its id", async () => {
  const { store } = await withEvents(1);
  expect(await store.repo.getDomainEvent("evt_zzzzzzzz_1")).toBeUndefined();
  expect(await store.repo.getDomainEvent("not an id")).toBeUndefined();
});
