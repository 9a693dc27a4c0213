import fc from "fast-check";
import { expect, it } from "vitest";
import { isCoreError, type StoreCommand, silentLogger } from "../src/index.ts";
import { createStore, createStoreOn } from "./support/driver.ts";
import { lab } from "./support/lab.ts";
import { executors } from "./support/later-executor.ts";
import { readRows } from "./support/read-file.ts";
import { databasePath } from "./support/temporary-folder.ts";

// What a store does with units of commands, told again by a few maps and lists: the two must always agree.

type Sent = StoreCommand<typeof lab>;

interface SentUnit {
  readonly commands: readonly Sent[];
  readonly command_id: string | undefined;
}

interface Memory {
  readonly entities: Map<string, { type: string; title: string | null }>;
  readonly events: Set<string>;
  readonly jobs: Map<string, { status: string; attempt: number; key: string | null }>;
  readonly emitted: string[];
  readonly journal: string[];
}

type Receipt = { readonly seq: number; readonly changed: boolean };
type Outcome = readonly Receipt[] | string;

function createModel() {
  let memory: Memory = { entities: new Map(), events: new Set(), jobs: new Map(), emitted: [], journal: [] };
  const remembered = new Map<string, { readonly content: string; readonly receipts: readonly Receipt[] }>();

  /** True: changed; false: nothing happened; a text: refused with that code. */
  const apply = (command: Sent, state: Memory): readonly string[] | false | string => {
    switch (command.type) {
      case "entity.upsert": {
        const { id = "", type, title = null } = command.entity;
        const before = state.entities.get(id);
        if (before?.type === type && before.title === title) return false;
        state.entities.set(id, { type, title });
        return [`entity.upserted ${id}`];
      }
      case "event.insert": {
        const { id = "" } = command.event;
        if (state.events.has(id)) return false;
        state.events.add(id);
        return [`event.inserted ${id}`];
      }
      case "job.create": {
        const { id = "", idempotency_key: key = null } = command.job;
        const known =
          state.jobs.has(id) || (key !== null && [...state.jobs.values()].some((job) => job.key === key));
        if (known) return false;
        state.jobs.set(id, { status: "queued", attempt: 0, key });
        return [`job.created ${id}`];
      }
      case "job.updateStatus": {
        const job = state.jobs.get(command.id);
        const from = command.status === "running" ? "queued" : "running";
        if (job?.status !== from) return "ATLAS_CORE_JOB_CONFLICT";
        const attempt = job.attempt + (command.status === "running" ? 1 : 0);
        state.jobs.set(command.id, { ...job, status: command.status, attempt });
        return [`${command.status === "running" ? "job.started" : "job.succeeded"} ${command.id}`];
      }
      case "job.updateStatusMany": {
        const [from, more] = command.status === "running" ? ["queued", 1] : ["running", 0];
        for (const { id, attempt } of command.jobs) {
          const job = state.jobs.get(id);
          if (job?.status !== from || job.attempt + Number(more) !== attempt)
            return "ATLAS_CORE_JOB_CONFLICT";
          state.jobs.set(id, { ...job, status: command.status, attempt });
        }
        const event = command.status === "running" ? "job.started" : "job.succeeded";
        return command.jobs.map(({ id }) => `${event} ${id}`);
      }
      case "lab.refuse":
        return "LAB_NO_ROW";
      default:
        return "ATLAS_CORE_HANDLER_FAILED";
    }
  };

  return {
    memory: () => memory,
    send({ commands, command_id }: SentUnit): Outcome {
      const content = JSON.stringify(commands);
      const known = command_id === undefined ? undefined : remembered.get(command_id);
      if (known !== undefined)
        return known.content === content ? known.receipts : "ATLAS_CORE_COMMAND_ID_REUSED";
      const next = structuredClone(memory);
      const receipts: Receipt[] = [];
      // A handler that throws does so before anything of its unit is run.
      if (commands.some(({ type }) => type === "lab.throw")) return "ATLAS_CORE_HANDLER_FAILED";
      for (const command of commands) {
        const result = apply(command, next);
        if (typeof result === "string") return result;
        if (result !== false) {
          next.journal.push(command.type);
          next.emitted.push(...result);
        }
        receipts.push(
          result === false ? { seq: 0, changed: false } : { seq: next.journal.length, changed: true },
        );
      }
      memory = next;
      if (command_id !== undefined) remembered.set(command_id, { content, receipts });
      return receipts;
    },
  };
}

// Few names, so that units meet each other's rows, keys and ids.
const name = fc.constantFrom("a", "b", "c", "d");
const upsert = fc
  .record({ id: name, type: fc.constantFrom("x", "y"), title: fc.constantFrom("1", "2") })
  .map((entity): Sent => ({ type: "entity.upsert", entity }));
const commands: fc.Arbitrary<Sent> = fc.oneof(
  upsert,
  name.map((id): Sent => ({ type: "event.insert", event: { id, type: "seen" } })),
  fc.record({ id: name, key: fc.option(fc.constantFrom("k1", "k2"), { nil: undefined }) }).map(
    ({ id, key }): Sent => ({
      type: "job.create",
      job: { id, workflow_id: "w", ...(key === undefined ? {} : { idempotency_key: key }) },
    }),
  ),
  fc
    .record({ id: name, status: fc.constantFrom("running" as const, "succeeded" as const) })
    .map(({ id, status }): Sent => ({ type: "job.updateStatus", id, status })),
  fc
    .record({
      status: fc.constantFrom("running" as const, "succeeded" as const),
      ids: fc.uniqueArray(name, { minLength: 1 }),
      attempt: fc.constantFrom(1, 1, 1, 2),
    })
    .map(
      ({ status, ids, attempt }): Sent => ({
        type: "job.updateStatusMany",
        status,
        jobs: ids.map((id) => ({ id, attempt })),
      }),
    ),
  fc.constantFrom<Sent>({ type: "lab.refuse", id: "none" }, { type: "lab.throw" }),
);
const unit: fc.Arbitrary<SentUnit> = fc.record({
  commands: fc.array(commands, { minLength: 1, maxLength: 4 }),
  command_id: fc.option(fc.constantFrom("c1", "c2", "c3"), { nil: undefined, freq: 3 }),
});
// Each inner list is sent in one turn; between two of them everything is committed.
const turns = fc.array(fc.array(unit, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 6 });

it.each(executors)(
  "does with any units of commands what a model of maps and lists does, when its executor answers $answers",
  async ({ answers, executorOf }) => {
    await fc.assert(
      fc.asyncProperty(turns, fc.boolean(), async (list, journal) => {
        const store = await createStoreOn(executorOf, {
          log: silentLogger,
          database: ":memory:",
          modules: [lab],
          journal,
        });
        try {
          const model = createModel();
          for (const units of list) {
            const sent = units.map(({ commands, command_id }) =>
              store.commands
                .enqueueAll(commands, command_id === undefined ? {} : { command_id })
                .catch((error: unknown) => (isCoreError(error) ? error.code : error)),
            );
            expect(await Promise.all(sent)).toEqual(units.map((one) => model.send(one)));
          }
          const memory = model.memory();
          const rows = (sql: string) => readRows<Record<string, unknown>>(store.path, sql);
          expect(rows("select id, type, title from entities order by id")).toEqual(
            [...memory.entities].sort().map(([id, entity]) => ({ id, ...entity })),
          );
          expect(rows("select id from events order by id")).toEqual(
            [...memory.events].sort().map((id) => ({ id })),
          );
          expect(rows("select id, status, attempt, idempotency_key as key from jobs order by id")).toEqual(
            [...memory.jobs].sort().map(([id, job]) => ({ id, ...job })),
          );
          expect(
            rows("select seq, type || ' ' || aggregate_id as event from domain_events order by seq"),
          ).toEqual(memory.emitted.map((event, index) => ({ seq: index + 1, event })));
          expect(rows("select seq, type from journal order by seq")).toEqual(
            journal ? memory.journal.map((type, index) => ({ seq: index + 1, type })) : [],
          );
        } finally {
          await store.stop();
        }
      }),
      { numRuns: answers === "at once" ? 150 : 30 },
    );
  },
  60_000,
);

it("is on a file what it is in memory", async () => {
  const store = await createStore({ log: silentLogger, database: databasePath(), modules: [lab] });
  const model = createModel();
  const units = fc.sample(unit, { numRuns: 400, seed: 7 });
  const sent = units.map(({ commands, command_id }) =>
    store.commands
      .enqueueAll(commands, command_id === undefined ? {} : { command_id })
      .catch((error: unknown) => (isCoreError(error) ? error.code : error)),
  );
  expect(await Promise.all(sent)).toEqual(units.map((one) => model.send(one)));
  await store.stop();
});
