import { describe, expect, it } from "vitest";
import { StorageTrouble } from "../../src/file/storage-trouble.ts";
import { type AnyCommand, type CoreError, isCoreError } from "../../src/index.ts";
import { badEventNames, lab } from "../support/lab.ts";
import { executors } from "../support/later-executor.ts";
import { countRows, dumpTables, readRows } from "../support/read-file.ts";
import { openWriterBench } from "../support/writer-bench.ts";

const put = (id: string): AnyCommand => ({ type: "lab.put", id });
const codeOf = (outcome: unknown): unknown => (isCoreError(outcome) ? outcome.code : outcome);

interface Poison {
  readonly name: string;
  readonly unit: AnyCommand | readonly AnyCommand[];
  readonly code: string;
}

const poisons: readonly Poison[] = [
  { name: "a violated constraint", unit: put("taken"), code: "ATLAS_CORE_CONSTRAINT" },
  { name: "a handler that throws", unit: { type: "lab.throw" }, code: "ATLAS_CORE_HANDLER_FAILED" },
  { name: "a refusal", unit: { type: "lab.refuse", id: "missing" }, code: "LAB_NO_ROW" },
  {
    name: "a violation after a write",
    unit: { type: "lab.putTwice", id: "twice" },
    code: "ATLAS_CORE_CONSTRAINT",
  },
  {
    name: "a unit whose last command is refused",
    unit: [put("x"), put("y"), { type: "lab.refuse", id: "missing" }],
    code: "LAB_NO_ROW",
  },
];

describe.each(executors)("on an executor that answers $answers", ({ executorOf }) => {
  const open = (options: Parameters<typeof openWriterBench>[0] = {}) =>
    openWriterBench({ ...options, executorOf });

  describe.each(poisons)("a batch of 100 with $name", ({ unit, code }) => {
    it("commits the other 99 without a gap in their numbers, at whatever position it stands", async () => {
      const { apply, path } = await open({ modules: [lab] });
      await apply(put("taken"));
      let seq = 1;
      for (let position = 0; position < 100; position += 1) {
        const batch: (AnyCommand | readonly AnyCommand[])[] = Array.from({ length: 100 }, (_, index) =>
          put(`${position}/${index}`),
        );
        batch[position] = unit;
        const outcomes = await apply(...batch);
        for (const [index, outcome] of outcomes.entries()) {
          if (index === position) {
            expect(codeOf(outcome)).toBe(code);
          } else {
            seq += 1;
            expect(outcome).toEqual([{ seq, changed: true }]);
          }
        }
      }
      const rows = 1 + 100 * 99;
      expect(countRows(path, "lab_rows")).toBe(rows);
      const events = readRows<{ seq: number; command_seq: number; aggregate_id: string; id: string }>(
        path,
        `select domain_events.seq, command_seq, aggregate_id, json_extract(payload.payload, '$.id') as id
       from domain_events join journal as payload on payload.seq = command_seq order by domain_events.seq`,
      );
      expect(events.length).toBe(rows);
      for (const [index, event] of events.entries()) {
        expect(event).toEqual({
          seq: index + 1,
          command_seq: index + 1,
          aggregate_id: event.id,
          id: event.id,
        });
      }
      expect(countRows(path, "journal")).toBe(rows);
      expect(countRows(path, "refused_commands")).toBe(100 * (Array.isArray(unit) ? unit.length : 1));
    });
  });

  it("writes nothing but a note of the refusal for a batch in which every unit is refused", async () => {
    const { apply, path } = await open({ modules: [lab] });
    await apply(put("taken"));
    const { refused_commands: _, ...before } = dumpTables(path);
    await apply(...poisons.map(({ unit }) => unit));
    const { refused_commands, ...after } = dumpTables(path);
    expect(after).toEqual(before);
    expect(refused_commands?.length).toBe(7);
  });

  it.each(badEventNames)("refuses a command alone whose handler emits an event with: %s", async (event) => {
    const { apply, path } = await open({ modules: [lab] });
    const outcomes = await apply(put("before"), { type: "lab.emitBad", event }, put("after"));
    expect(outcomes.map(codeOf)).toEqual([
      [{ seq: 1, changed: true }],
      "ATLAS_CORE_HANDLER_FAILED",
      [{ seq: 2, changed: true }],
    ]);
    expect(readRows(path, "select id from lab_rows order by id")).toEqual([
      { id: "after" },
      { id: "before" },
    ]);
  });

  it.each([
    ["guards itself after a write", { type: "lab.lateGuard", id: "late" }, "ATLAS_CORE_HANDLER_FAILED"],
    ["gives SQLite a value that it cannot take", { type: "lab.bindObject" }, "ATLAS_CORE_CONSTRAINT"],
  ] as const)("refuses a command alone whose handler %s", async (_, command, code) => {
    const { apply, path } = await open({ modules: [lab] });
    expect((await apply(put("before"), command, put("after"))).map(codeOf)).toEqual([
      [{ seq: 1, changed: true }],
      code,
      [{ seq: 2, changed: true }],
    ]);
    expect(countRows(path, "lab_rows")).toBe(2);
  });

  it("names the command, the handler's own words and the refusal's details in the error", async () => {
    const { apply } = await open({ modules: [lab] });
    const [failed, refused] = await apply({ type: "lab.throw" }, { type: "lab.refuse", id: "r1" });
    expect(failed).toMatchObject({
      details: { type: "lab.throw" },
      cause: new RangeError("the lab exploded"),
    });
    expect((failed as CoreError).message).toContain("the lab exploded");
    expect(refused).toMatchObject({
      code: "LAB_NO_ROW",
      message: 'No row "r1".',
      details: { id: "r1" },
      retryable: false,
    });
  });

  it("tells what a batch did: its numbers and its events", async () => {
    const { writer, unit } = await open({ modules: [lab] });
    const outcome = await writer.applyBatch(
      [unit([put("a")]), unit([{ type: "lab.take", id: "a" }]), unit([put("b")])],
      [],
    );
    expect(outcome).toMatchObject({ firstSeq: 1, lastSeq: 3 });
    expect(outcome.events()).toEqual([
      {
        id: "evt_lab00000_1",
        seq: 1,
        type: "lab.put",
        aggregate_id: "a",
        payload: {},
        command_seq: 1,
        depth: 0,
        created_at: "2026-11-21T09:00:00.000Z",
      },
      expect.objectContaining({ id: "evt_lab00000_2", seq: 2, command_seq: 3 }),
    ]);
    const nothing = await writer.applyBatch([unit([{ type: "lab.take", id: "gone" }])], []);
    expect(nothing).toMatchObject({
      outcomes: [[{ seq: 0, changed: false }]],
      firstSeq: 0,
      lastSeq: 0,
    });
  });

  it("keeps numbers in step over hundreds of rows of one batch, which are written in several statements", async () => {
    const { apply, path } = await open({ modules: [lab] });
    for (const size of [1, 24, 25, 26, 50, 51, 333]) {
      await apply(...Array.from({ length: size }, (_, index) => put(`${size}/${index}`)));
    }
    const seqs = readRows<{ seq: number }>(path, "select seq from journal order by seq").map(
      ({ seq }) => seq,
    );
    expect(seqs).toEqual(Array.from({ length: 510 }, (_, index) => index + 1));
    expect(countRows(path, "domain_events")).toBe(510);
  });

  it("writes no journal where none is kept, and numbers the same", async () => {
    const { apply, path } = await open({ modules: [lab], journal: false });
    expect(await apply(put("a"), put("b"))).toEqual([
      [{ seq: 1, changed: true }],
      [{ seq: 2, changed: true }],
    ]);
    expect(countRows(path, "journal")).toBe(0);
    expect(countRows(path, "domain_events")).toBe(2);
  });

  it("journals the prepared payload, the actor and the cause", async () => {
    const { writer, unit, path } = await open();
    const cause = { kind: "event", id: "evt_lab00000_7", depth: 3 } as const;
    const commands = [{ type: "entity.upsert", entity: { type: "note", source: "s", external_id: "x" } }];
    await writer.applyBatch([unit(commands, { actor: "sink:mail", cause, command_id: "c1" })], []);
    expect(readRows(path, "select * from journal")).toEqual([
      {
        seq: 1,
        command_id: "c1",
        type: "entity.upsert",
        payload:
          '{"at":"2026-11-21T09:00:00.000Z","entity":{"external_id":"x","id":"s:x","source":"s","type":"note"}}',
        actor: "sink:mail",
        cause: '{"depth":3,"id":"evt_lab00000_7","kind":"event"}',
        enqueued_at: "2026-11-21T09:00:00.000Z",
        context: null,
      },
    ]);
    expect(readRows(path, "select depth from domain_events")).toEqual([{ depth: 3 }]);
  });

  it("marks and prunes the events of earlier commands of the same batch, as it would in another batch", async () => {
    const mark = { type: "domainEvent.markDelivered", id: "evt_lab00000_1", through_seq: 9 };
    const commands = [put("a"), put("b"), mark, put("c")];
    const delivered = async (...batches: readonly (readonly (AnyCommand | readonly AnyCommand[])[])[]) => {
      const { apply, path } = await open({ modules: [lab] });
      for (const batch of batches) await apply(...batch);
      return readRows(
        path,
        "select seq, delivered_at is not null as delivered from domain_events order by seq",
      );
    };
    const expected = await delivered(...commands.map((command) => [command]));
    expect(expected).toEqual([
      { seq: 1, delivered: 1 },
      { seq: 2, delivered: 1 },
      { seq: 3, delivered: 0 },
    ]);
    expect(await delivered(commands)).toEqual(expected);
    expect(await delivered([commands])).toEqual(expected);
    // A unit that is refused takes back what was written for it, and only that.
    const refused = [put("x"), mark, { type: "lab.refuse", id: "missing" }];
    expect(await delivered([put("a"), refused, put("b"), mark, put("c")])).toEqual(expected);
  });

  it("probes the storage by a transaction that really writes, and changes nothing", async () => {
    const { writer, apply, path, connection } = await open({ modules: [lab] });
    await apply(put("a"));
    const rowsWritten = () => connection.database.prepare("select total_changes()").pluck().get();
    const before = Number(rowsWritten());
    const tables = dumpTables(path);
    await writer.probe();
    expect(rowsWritten()).toBe(before + 1);
    expect(dumpTables(path)).toEqual(tables);
    expect(readRows(path, "select seq from journal")).toEqual([{ seq: 1 }]);
    expect(await apply(put("b"))).toEqual([[{ seq: 2, changed: true }]]);
  });

  it("writes nothing of a batch whose transaction a statement has ended, also not what comes after it", async () => {
    const { apply, connection, path } = await open({ modules: [lab] });
    connection.database.exec(
      "create trigger ending before insert on lab_rows when new.id = 'poison' begin select raise(rollback, 'over'); end",
    );
    await expect(apply(put("a"), put("poison"), put("b"))).rejects.toThrow(StorageTrouble);
    expect(countRows(path, "lab_rows")).toBe(0);
    expect(countRows(path, "journal")).toBe(0);
    expect(await apply(put("c"))).toEqual([[{ seq: 1, changed: true }]]);
  });
});
