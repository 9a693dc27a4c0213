import { expect, it } from "vitest";
import type { FailpointName } from "../../src/index.ts";
import {
  type Acknowledged,
  acknowledgedBy,
  checkAcknowledged,
  startAcknowledging,
} from "../support/acknowledged.ts";
import { openStore } from "../support/open-store.ts";
import { readRows } from "../support/read-file.ts";
import { databasePath } from "../support/temporary-folder.ts";

const UNITS = 60;

/** Sends the first units of a host again, as the host would: same content, same command ids. */
async function sendAgain(database: string): Promise<readonly Acknowledged[]> {
  const store = await openStore({ database });
  return await Promise.all(
    Array.from({ length: UNITS }, async (_, unit) => {
      const parts = unit % 3 === 0 ? ["a", "b", "c"] : ["a"];
      const receipts = await store.commands.enqueueAll(
        parts.map((part) => ({ type: "entity.upsert", entity: { id: `c-${unit}-${part}`, type: "note" } })),
        { command_id: `c-${unit}` },
      );
      return { unit, seqs: receipts.map(({ seq }) => seq) };
    }),
  );
}

const committedBy = (database: string): readonly Acknowledged[] => {
  const units = new Map<number, number[]>();
  for (const { seq, command_id } of readRows<{ seq: number; command_id: string }>(
    database,
    "select seq, command_id from journal order by seq",
  )) {
    const unit = Number(command_id.slice(2));
    units.set(unit, [...(units.get(unit) ?? []), seq]);
  }
  return [...units].map(([unit, seqs]) => ({ unit, seqs }));
};

const strikes: readonly (readonly [FailpointName, number])[] = [
  ["flush:drained", 2],
  ["writer:begun", 2],
  ["writer:command", 30],
  ["writer:before-commit", 2],
  ["flush:committed", 2],
  ["flush:acknowledged", 30],
];

it.each(strikes)(
  "applies each command once when all are sent again after a kill at %s, and repeats the receipts of those it had",
  async (at, hit) => {
    const database = databasePath();
    const strike = { at, hit };
    const host = startAcknowledging({ database, prefix: "c", strike, withCommandIds: true });
    await host.ended;
    const committed = committedBy(database);
    const again = await sendAgain(database);
    for (const { unit, seqs } of committed) {
      if (unit < UNITS) expect(again[unit]).toEqual({ unit, seqs });
    }
    expect(new Set(again.flatMap(({ seqs }) => seqs)).size).toBe((UNITS / 3) * 5);
    checkAcknowledged(database, new Map([["c", [...acknowledgedBy(host), ...again]]]));
  },
  20_000,
);

it("repeats the receipts of a batch of which the host heard only in part", async () => {
  const database = databasePath();
  const host = startAcknowledging({
    database,
    prefix: "c",
    withCommandIds: true,
    strikeAfterAcknowledged: 31,
  });
  await host.ended;
  const heard = acknowledgedBy(host);
  const committed = committedBy(database);
  expect(heard.length).toBe(31);
  expect(committed.length).toBeGreaterThan(31);
  const again = await sendAgain(database);
  for (const { unit, seqs } of [...heard, ...committed]) {
    if (unit < UNITS) expect(again[unit]).toEqual({ unit, seqs });
  }
  checkAcknowledged(database, new Map([["c", [...heard, ...again]]]));
}, 20_000);
