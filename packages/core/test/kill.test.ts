import { randomInt } from "node:crypto";
import { expect, it } from "vitest";
import { createStore, type FailpointName } from "../src/index.ts";
import type { AcknowledgingHostOptions } from "./fixtures/acknowledging-host.ts";
import { type HostProcess, startHost } from "./support/host-process.ts";
import { openStore } from "./support/open-store.ts";
import { readRows, readValue } from "./support/read-file.ts";
import { databasePath } from "./support/temporary-folder.ts";

const startAcknowledging = (options: AcknowledgingHostOptions): HostProcess =>
  startHost("acknowledging-host.ts", options);

interface Acknowledged {
  readonly unit: number;
  readonly seqs: readonly number[];
}

function acknowledgedBy(host: HostProcess): readonly Acknowledged[] {
  return host.lines
    .filter((line) => line !== "ready")
    .map((line) => {
      const [unit, seqs] = line.split(" ");
      return { unit: Number(unit), seqs: String(seqs).split(",").map(Number) };
    });
}

/** Fails unless the file holds everything that was acknowledged, and nothing by halves. */
function checkFile(database: string, acknowledged: ReadonlyMap<string, readonly Acknowledged[]>): void {
  expect(readValue(database, "pragma integrity_check")).toBe("ok");
  const rows = readRows<{ seq: number; journaled: string; id: string | null; type: string; events: number }>(
    database,
    `select journal.seq, json_extract(journal.payload, '$.entity.id') as journaled, entities.id,
       domain_events.type, domain_events.seq as events
     from journal
     left join entities on entities.id = json_extract(journal.payload, '$.entity.id')
     left join domain_events on domain_events.command_seq = journal.seq and domain_events.aggregate_id = entities.id
     order by journal.seq`,
  );
  // Each journal row has its entity and its one event, and no number is left out.
  for (const [index, row] of rows.entries()) {
    const seq = index + 1;
    expect(row).toEqual({
      seq,
      journaled: row.journaled,
      id: row.journaled,
      type: "entity.upserted",
      events: seq,
    });
  }
  expect(readValue(database, "select count(*) from entities")).toBe(rows.length);
  expect(readValue(database, "select count(*) from domain_events")).toBe(rows.length);
  expect(
    readRows(database, "select next_command_seq as command, next_event_seq as event from store"),
  ).toEqual([{ command: rows.length + 1, event: rows.length + 1 }]);

  const units = new Map<string, number>();
  for (const { journaled } of rows) {
    const unit = journaled.slice(0, -2);
    units.set(unit, (units.get(unit) ?? 0) + 1);
  }
  for (const [unit, commands] of units) {
    expect(commands, unit).toBe(Number(unit.split("-")[1]) % 3 === 0 ? 3 : 1);
  }
  for (const [prefix, list] of acknowledged) {
    for (const { unit, seqs } of list) {
      const ids = seqs.map((seq) => rows[seq - 1]?.journaled);
      expect(ids).toEqual(["a", "b", "c"].slice(0, ids.length).map((part) => `${prefix}-${unit}-${part}`));
    }
  }
}

it("loses nothing that was acknowledged when it is killed at random moments, twelve times over", async () => {
  const database = databasePath();
  const acknowledged = new Map<string, readonly Acknowledged[]>();
  for (let round = 0; round < 12; round += 1) {
    const prefix = `r${round}`;
    const host = startAcknowledging({ database, prefix });
    await host.printed(1 + randomInt(400));
    host.kill();
    expect(await host.ended).toEqual({ code: null, signal: "SIGKILL" });
    acknowledged.set(prefix, acknowledgedBy(host));
    // The next start, here or as the next host, succeeds at once.
    await (await createStore({ database })).stop();
    checkFile(database, acknowledged);
  }
  expect([...acknowledged.values()].flat().length).toBeGreaterThan(12);
}, 60_000);

const failpoints: readonly FailpointName[] = [
  "flush:drained",
  "writer:begun",
  "writer:command",
  "writer:before-commit",
  "flush:committed",
  "flush:acknowledged",
];

it.each(failpoints.flatMap((at) => [1, 9].map((hit) => ({ at, hit }))))(
  "loses nothing that was acknowledged when it is killed at hit $hit of $at",
  async ({ at, hit }) => {
    const database = databasePath();
    const host = startAcknowledging({ database, prefix: "k", strike: { at, hit } });
    expect(await host.ended).toEqual({ code: null, signal: "SIGKILL" });
    const acknowledged = acknowledgedBy(host);

    const store = await openStore({ database });
    checkFile(database, new Map([["k", acknowledged]]));
    expect(await store.commands.enqueue({ type: "event.insert", event: { type: "restarted" } })).toEqual({
      seq: readValue<number>(database, "select count(*) from entities") + 1,
      changed: true,
    });
  },
  20_000,
);

it("gives the first receipt for a command sent again after a kill between commit and acknowledgement", async () => {
  const database = databasePath();
  const strike = { at: "flush:committed", hit: 4 } as const;
  const host = startAcknowledging({ database, prefix: "c", strike, withCommandIds: true });
  await host.ended;
  const acknowledged = acknowledgedBy(host);
  const first = new Map<string, number[]>();
  for (const row of readRows<{ seq: number; command_id: string }>(
    database,
    "select * from journal order by seq",
  )) {
    first.set(row.command_id, [...(first.get(row.command_id) ?? []), row.seq]);
  }
  expect(first.size).toBeGreaterThan(acknowledged.length);

  const store = await openStore({ database });
  for (const [command_id, seqs] of first) {
    const parts = ["a", "b", "c"].slice(0, seqs.length);
    const receipts = await store.commands.enqueueAll(
      parts.map((part) => ({ type: "entity.upsert", entity: { id: `${command_id}-${part}`, type: "note" } })),
      { command_id },
    );
    expect(receipts).toEqual(seqs.map((seq) => ({ seq, changed: true })));
  }
  checkFile(database, new Map([["c", acknowledged]]));
});

it("starts on what a kill left of the very first opening", async () => {
  // The failpoints come later, so the kills fall anywhere between the first file and the last migration.
  for (let round = 0; round < 4; round += 1) {
    const database = databasePath();
    const host = startHost("opening-host.ts", { database, strikeAtStatement: 1 + round * 3 });
    expect(await host.ended).toEqual({ code: null, signal: "SIGKILL" });
    const store = await createStore({ database });
    expect(await store.commands.enqueue({ type: "entity.upsert", entity: { type: "note" } })).toEqual({
      seq: 1,
      changed: true,
    });
    await store.stop();
  }
}, 20_000);
