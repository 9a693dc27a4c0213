import { expect } from "vitest";
import { openRaw } from "../../../../test/support/test-driver.ts";
import { type Counters, readCounters } from "../../src/writing/counters.ts";
import type { AcknowledgingHostOptions } from "../fixtures/acknowledging-host.ts";
import { type HostOptions, type HostProcess, startHost } from "./host-process.ts";
import { readRows, readValue } from "./read-file.ts";

/** Runs a host that prints a line for every unit that was acknowledged to it. */
export function startAcknowledging(options: AcknowledgingHostOptions, how?: HostOptions): HostProcess {
  return startHost("acknowledging-host.ts", options, how);
}

/** A unit whose receipt was seen outside the host. */
export interface Acknowledged {
  readonly unit: number;
  readonly seqs: readonly number[];
}

/** What an acknowledging host printed. A line that was cut off by its end counts for nothing. */
export function acknowledgedBy(host: Pick<HostProcess, "lines">): readonly Acknowledged[] {
  return host.lines
    .filter((line) => line !== "ready")
    .map((line) => {
      const [unit, seqs] = line.split(" ");
      return { unit: Number(unit), seqs: String(seqs).split(",").map(Number) };
    });
}

function countersOf(path: string): Counters {
  const database = openRaw(path, { readonly: true });
  try {
    return readCounters(database);
  } finally {
    database.close();
  }
}

/** Fails unless the file of acknowledging hosts (by their prefix) holds everything that was acknowledged, and nothing by halves. */
export function checkAcknowledged(
  database: string,
  acknowledged: ReadonlyMap<string, readonly Acknowledged[]>,
): void {
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
  expect(countersOf(database)).toEqual({ nextCommand: rows.length + 1, nextEvent: rows.length + 1 });

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
