import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { Committed, JournalRow } from "../../src/index.ts";
import { readRows, readValue } from "../support/read-file.ts";
import { createModel } from "./model.ts";
import type { LogLine, SentUnit } from "./sent.ts";

/** Compares a file with everything that its hosts wrote down, life after life. */
export interface Checker {
  /** Throws an `AssertionError` unless every promise was kept. Nobody may have the file open for writing. */
  check(database: string, log: string): void;
  /** Units with command ids of which it is not known, or long known, what became of them. */
  again(limit: number): readonly SentUnit[];
  readonly counts: Readonly<
    Record<"sent" | "acknowledged" | "refused" | "unanswered" | "unknown" | "pruned", number>
  >;
}

/** The actor of what the store sends for its host. */
const UPKEEP_ACTOR = "host";

interface Remembered {
  readonly unit: SentUnit;
  /** Rows of the journal that carry the id. */
  readonly seqs: number[];
  receipts?: readonly Committed[];
  isAnswered: boolean;
}

/** A checker of a file that does not exist yet. */
export function createChecker(): Checker {
  const model = createModel();
  const units = new Map<string, SentUnit>();
  const receipts = new Map<string, readonly Committed[]>();
  const failures = new Map<string, { readonly code: string; readonly outcome?: string }>();
  const rowsOf = new Map<string, readonly JournalRow[]>();
  const remembered = new Map<string, Remembered>();
  const lastOf = new Map<string, number>();
  let lastSeq = 0;
  let pruned = 0;

  return {
    check(database, log) {
      readLog(log);
      assert.equal(readValue(database, "pragma integrity_check"), "ok");
      const rows = readRows<JournalRow>(
        database,
        "select * from journal where seq > ? order by seq",
        lastSeq,
      );
      for (const row of rows) {
        assert.equal(row.seq, lastSeq + 1, "The journal has a gap.");
        lastSeq = row.seq;
      }
      for (const group of groupsOf(rows)) {
        if (group[0]?.actor === UPKEEP_ACTOR) group.forEach(checkPruned);
        else checkUnit(group);
      }
      checkAnswers();
      checkTables(database);
    },
    again(limit) {
      const open = [...remembered.values()].filter(({ isAnswered }) => !isAnswered);
      const known = [...remembered.values()].filter(({ isAnswered }) => isAnswered);
      return [...open.slice(-limit), ...known.slice(-limit)].map(({ unit }) => unit);
    },
    get counts() {
      const list = [...failures.values()];
      return {
        sent: units.size,
        acknowledged: receipts.size,
        refused: list.filter(({ outcome }) => outcome !== "unknown").length,
        unanswered: units.size - receipts.size - failures.size,
        unknown: list.filter(({ outcome }) => outcome === "unknown").length,
        pruned,
      };
    },
  };

  function readLog(log: string): void {
    // The last line may be cut off by a kill: it was not written, so it tells of nothing.
    for (const text of readFileSync(log, "utf8").split("\n").slice(0, -1)) {
      const line = JSON.parse(text) as LogLine;
      if ("sent" in line) {
        const { sent: unit } = line;
        units.set(unit.key, unit);
        const id = unit.command_id;
        if (id !== undefined && !remembered.has(id))
          remembered.set(id, { unit, seqs: [], isAnswered: false });
      } else if ("got" in line) {
        receipts.set(line.got, line.receipts);
      } else {
        failures.set(line.failed, line);
      }
    }
  }

  /** A part of `store.prune`, which each host may call: it says itself what it removes. */
  function checkPruned(row: JournalRow): void {
    assert.equal(row.type, "maintenance.prune");
    const command = { type: row.type, ...JSON.parse(row.payload) } as SentUnit["commands"][number];
    assert.equal(model.foresee(command), true, "A part of a prune removed nothing.");
    model.apply(row);
    pruned += 1;
  }

  /** The rows of one unit: all that it changes, in one piece, once, and behind what its producer sent before. */
  function checkUnit(rows: readonly JournalRow[]): void {
    const { actor } = rows[0] as JournalRow;
    const unit = units.get(actor);
    assert.ok(unit !== undefined, `Nobody sent "${actor}".`);
    assert.ok(!rowsOf.has(actor), `"${actor}" is in the journal twice.`);
    rowsOf.set(actor, rows);
    const [, life, producer, number] = actor.split(":");
    if (producer !== "again") {
      const lane = `${life}:${producer}`;
      assert.ok(
        Number(number) > (lastOf.get(lane) ?? -1),
        `"${actor}" came after a later one of its producer.`,
      );
      lastOf.set(lane, Number(number));
    }
    const rest = [...rows];
    for (const command of unit.commands) {
      const foreseen = model.foresee(command);
      assert.notEqual(
        foreseen,
        "refused",
        `"${actor}" was applied though ${JSON.stringify(command)} cannot be.`,
      );
      if (foreseen === false) continue;
      const row = rest.shift();
      assert.equal(row?.type, command.type, `"${actor}" was applied in part.`);
      assert.equal(row?.command_id ?? undefined, unit.command_id);
      model.apply(row as JournalRow);
    }
    assert.deepEqual(rest, [], `"${actor}" changed more than it should.`);
    if (unit.command_id === undefined) return;
    const known = remembered.get(unit.command_id) as Remembered;
    assert.equal(known.seqs.length, 0, `"${unit.command_id}" was applied twice.`);
    known.seqs.push(...rows.map(({ seq }) => seq));
  }

  function checkAnswers(): void {
    for (const [key, got] of receipts) {
      const { command_id, commands } = units.get(key) as SentUnit;
      assert.equal(got.length, commands.length);
      const seqs = got.filter(({ changed }) => changed).map(({ seq }) => seq);
      const known = command_id === undefined ? undefined : (remembered.get(command_id) as Remembered);
      const journaled = known?.seqs ?? (rowsOf.get(key) ?? []).map(({ seq }) => seq);
      assert.deepEqual(journaled, seqs, `What was acknowledged of "${key}" is not what is there.`);
      if (known === undefined) continue;
      known.receipts ??= got;
      known.isAnswered = true;
      assert.deepEqual(got, known.receipts, `"${command_id}" was sent again and got other receipts.`);
    }
    for (const [key, { code, outcome }] of failures) {
      if (outcome === "unknown") continue;
      assert.ok(!rowsOf.has(key), `"${key}" was rejected with ${code}, and yet it is there.`);
    }
  }

  function checkTables(database: string): void {
    for (const [table, expected] of model.tables()) {
      const order = table === "domain_events" ? "seq" : "id";
      const found = readRows(database, `select * from ${table} order by ${order}`);
      assert.deepEqual(found, expected, `The table ${table} is not what the journal says.`);
    }
  }
}

/** Rows of one actor that follow each other. */
function groupsOf(rows: readonly JournalRow[]): readonly (readonly JournalRow[])[] {
  const groups: JournalRow[][] = [];
  for (const row of rows) {
    const last = groups.at(-1);
    if (last?.[0]?.actor === row.actor) last.push(row);
    else groups.push([row]);
  }
  return groups;
}
