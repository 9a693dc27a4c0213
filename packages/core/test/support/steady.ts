import { expect } from "vitest";
import type { SteadyHostOptions } from "../fixtures/steady-host.ts";
import { type HostOptions, startHost } from "./host-process.ts";
import { readRows, readValue } from "./read-file.ts";

/** What a steady host told of one of its units. */
export interface SteadyOutcome {
  readonly unit: number;
  /** `applied`, or a code with the outcome that its error named. */
  readonly became: "applied" | "not applied" | "unknown";
  /** The code of its error; nothing when it was applied. */
  readonly code?: string;
  readonly health: string;
}

/**
 * Runs a steady host to its end, and fails unless it ended by itself, reads to the last, and the file holds everything
 * that was acknowledged and nothing that was surely not applied.
 */
export async function runSteady(
  options: SteadyHostOptions,
  how: HostOptions,
): Promise<readonly SteadyOutcome[]> {
  const host = startHost("steady-host.ts", options, how);
  expect(await host.ended).toEqual({ code: 0, signal: null });
  expect(host.lines[0]).toBe("ready");
  expect(host.lines.slice(-2)).toEqual(["read", "stopped"]);
  const outcomes = host.lines.slice(1, -2).map(readLine);
  expect(outcomes.length).toBe(options.units);

  const { database } = options;
  expect(readValue(database, "pragma integrity_check")).toBe("ok");
  const rows = readRows<{ id: string; seq: number; event: number }>(
    database,
    `select artifacts.id, journal.seq, domain_events.seq as event from artifacts
     left join journal on json_extract(journal.payload, '$.artifact.id') = artifacts.id
     left join domain_events on domain_events.command_seq = journal.seq order by journal.seq`,
  );
  for (const [index, row] of rows.entries()) {
    expect(row).toEqual({ id: row.id, seq: index + 1, event: index + 1 });
  }
  const present = new Set(rows.map(({ id }) => id));
  for (const { unit, became } of outcomes) {
    if (became === "applied") expect(present, `unit ${unit} was acknowledged`).toContain(`u-${unit}`);
    if (became === "not applied") expect(present, `unit ${unit} was refused`).not.toContain(`u-${unit}`);
  }
  return outcomes;
}

function readLine(line: string): SteadyOutcome {
  const words = line.split(" ");
  const unit = Number(words[0]);
  const health = String(words.at(-1));
  if (words[1] === "applied") return { unit, became: "applied", health };
  const became = words.slice(2, -1).join(" ");
  if (became !== "not applied" && became !== "unknown") throw new Error(`What is "${line}"?`);
  return { unit, became, code: String(words[1]), health };
}
