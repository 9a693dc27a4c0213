import fc from "fast-check";
import { expect, it } from "vitest";
import { type AnyCommand, isCoreError } from "../../src/index.ts";
import { readCounters } from "../../src/writing/counters.ts";
import { lab } from "../support/lab.ts";
import { openWriterBench } from "../support/writer-bench.ts";

const LATE = "2030-01-01T00:00:00.000Z";

const id = fc.constantFrom("a", "b", "c");
const command = fc.oneof<fc.Arbitrary<AnyCommand>[]>(
  // With an event, without one, refused, and without any effect.
  fc.record({ type: fc.constantFrom("lab.put", "lab.take", "lab.refuse", "lab.putTwice"), id }),
  fc.constant({ type: "domainEvent.emit", event: { type: "told" } }),
  // Removes the very rows that tell how far was counted.
  fc.constant({ type: "domainEvent.markDelivered", id: "evt_lab00000_1", through_seq: 1_000_000 }),
  fc.constant({ type: "maintenance.prune", policy: { domain_events_before: LATE, journal_before: LATE } }),
);
const batches = fc.array(fc.array(fc.oneof(command, fc.array(command, { maxLength: 3 })), { maxLength: 6 }), {
  minLength: 20,
  maxLength: 40,
});

it("finds both counters after every batch, whatever was written, refused and pruned", async () => {
  await fc.assert(
    fc.asyncProperty(batches, fc.boolean(), async (list, journal) => {
      const bench = await openWriterBench({ modules: [lab], journal });
      let nextCommand = 1;
      let nextEvent = 1;
      for (const batch of list) {
        const outcome = await bench.writer.applyBatch(
          batch.map((one) => bench.unit(Array.isArray(one) ? one : [one])),
          [],
        );
        const receipts = outcome.outcomes.flatMap((one) => (isCoreError(one) ? [] : one));
        nextCommand += receipts.filter(({ changed }) => changed).length;
        nextEvent += outcome.events().length;
        expect(readCounters(bench.connection.database)).toEqual({ nextCommand, nextEvent });
      }
    }),
    // Each run has a file of its own, which is most of its time.
    { numRuns: 6 },
  );
});

it("spares the store's row where the rows of the batch tell the numbers, and writes it where they do not", async () => {
  const { connection, apply } = await openWriterBench({ modules: [lab], journal: false });
  const noted = () =>
    connection.database
      .prepare("select next_command_seq as command, next_event_seq as event from store")
      .get();
  await apply({ type: "lab.put", id: "a" }, { type: "lab.put", id: "b" });
  expect(noted()).toEqual({ command: 1, event: 1 });
  await apply({ type: "lab.put", id: "c" }, { type: "lab.take", id: "a" });
  expect(noted()).toEqual({ command: 5, event: 4 });
});

it("knows the number of a last command without an event from the journal", async () => {
  const { apply, connection } = await openWriterBench({ modules: [lab] });
  await apply({ type: "lab.put", id: "a" });
  // One batch: its last event tells the number of the first command only.
  const receipts = await apply({ type: "lab.put", id: "b" }, { type: "lab.take", id: "a" });
  expect(receipts).toEqual([[{ seq: 2, changed: true }], [{ seq: 3, changed: true }]]);
  expect(readCounters(connection.database)).toEqual({ nextCommand: 4, nextEvent: 3 });
});
