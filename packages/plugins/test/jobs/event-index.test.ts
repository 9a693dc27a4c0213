import type { JsonObject } from "@atlas/core";
import fc from "fast-check";
import { expect, it } from "vitest";
import { type EventFilter, matchesEvent } from "../../src/contract/event-filter.ts";
import { createEventIndex } from "../../src/jobs/waits/event-index.ts";

interface Listener {
  readonly id: number;
  readonly filter: EventFilter;
}

// Few names and values, so that they often meet; `toString` is inherited by every object.
const type = fc.constantFrom("asked", "noted");
const aggregate = fc.constantFrom("a", "b", "");
const value = fc.constantFrom<unknown[]>("1", 1, null, true, [1], { x: 1, y: 2 }, { y: 2, x: 1 }, "1\n1");
const payload = fc.dictionary(fc.constantFrom("k", "l", "toString", "k,l"), value, { noNullPrototype: true });
const filter = fc
  .record({ type, aggregate_id: aggregate, payload }, { requiredKeys: ["type"], noNullPrototype: true })
  .filter(({ aggregate_id }) => aggregate_id !== "") as fc.Arbitrary<EventFilter>;
const event = fc.record(
  { type, aggregate_id: aggregate, payload },
  { requiredKeys: ["type", "payload"], noNullPrototype: true },
) as fc.Arbitrary<{ readonly type: string; readonly aggregate_id?: string; readonly payload: JsonObject }>;

it("finds exactly the listeners whose filter matches an event, whoever came and went before", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(filter, fc.boolean()), { maxLength: 12 }),
      fc.array(event, { minLength: 1, maxLength: 8 }),
      (given, events) => {
        const index = createEventIndex<Listener>();
        const listeners = given.map(([filter, isGone], id) => ({ listener: { id, filter }, isGone }));
        for (const { listener } of listeners) index.add(listener, listener.filter);
        const gone = listeners.filter(({ isGone }) => isGone);
        for (const { listener } of gone) index.remove(listener, listener.filter);
        // Taking it away again changes nothing.
        for (const { listener } of gone) index.remove(listener, listener.filter);
        const left = listeners.filter(({ isGone }) => !isGone).map(({ listener }) => listener);
        for (const one of events) {
          const wanted = left.filter(({ filter }) => matchesEvent(one as never, filter));
          const found = index.find(one).toSorted((a, b) => a.id - b.id);
          expect(found).toEqual(wanted);
          const mayWant = left.some(
            ({ filter }) =>
              filter.type === one.type &&
              (filter.aggregate_id === undefined || filter.aggregate_id === one.aggregate_id),
          );
          expect(index.mayFind(one)).toBe(mayWant);
        }
      },
    ),
    { numRuns: 500 },
  );
});

it("looks at no listener that wants another value of the same key", () => {
  const index = createEventIndex<Listener>();
  let looks = 0;
  for (let id = 0; id < 1_000; id += 1) {
    const listener = { id, filter: { type: "asked", payload: { mission: `m${id}` } } };
    index.add(listener, listener.filter);
  }
  const payload = {
    get mission() {
      looks += 1;
      return "m7";
    },
  };
  expect(index.find({ type: "asked", payload }).map(({ id }) => id)).toEqual([7]);
  expect(looks).toBe(1);
});
