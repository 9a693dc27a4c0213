import { createFakeClock } from "@atlas/testing/clock";
import fc from "fast-check";
import { expect, it } from "vitest";
import { createNewId } from "../../src/contract/id.ts";
import {
  type Change,
  type CoreTables,
  coreModule,
  type PlanStep,
  type Preparation,
  planOf,
} from "../../src/index.ts";
import { lab } from "../support/lab.ts";
import { openWriterBench } from "../support/writer-bench.ts";

const id = fc.string({ minLength: 1, maxLength: 20, unit: "grapheme-ascii" });
const time = fc
  .date({ min: new Date("2000-01-01"), max: new Date("2100-01-01"), noInvalidDate: true })
  .map((date) => date.toISOString());
const data = fc
  .dictionary(id, fc.jsonValue({ maxDepth: 2 }))
  .map((value) => JSON.parse(JSON.stringify(value)) as object);
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const record = (model: Record<string, fc.Arbitrary<unknown>>) =>
  fc
    .record(model)
    .map((value) => Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)));

const origin = { source: optional(id), external_id: optional(id) };
const payloads: Readonly<Record<keyof typeof coreModule.commands, fc.Arbitrary<object>>> = {
  "entity.upsert": record({
    entity: record({
      id: optional(id),
      type: id,
      ...origin,
      title: optional(id),
      data: optional(data),
      deleted_at: optional(time),
    }),
  }),
  "event.insert": record({
    event: record({ id: optional(id), type: id, ...origin, entity_id: optional(id) }),
  }),
  "artifact.create": record({
    artifact: record({ type: id, content_md: optional(id), data: optional(data) }),
  }),
  "artifact.update": record({ id, patch: record({ title: optional(id), data: optional(data) }) }),
  "artifact.delete": record({ id, job_id: optional(id) }),
  "job.create": record({ job: record({ workflow_id: id, input: optional(data), run_at: optional(time) }) }),
  "job.updateStatus": record({
    id,
    status: fc.constantFrom("queued", "running", "succeeded", "failed", "cancelled"),
    attempt: optional(fc.integer({ min: 1, max: 1_000 })),
    error: optional(data),
  }),
  "job.updateStatusMany": record({
    status: fc.constantFrom("running", "succeeded"),
    jobs: fc.uniqueArray(record({ id, attempt: fc.integer({ min: 1, max: 9 }) }), {
      minLength: 1,
      maxLength: 5,
      selector: (job) => job["id"],
    }),
    at: optional(time),
  }),
  "job.markDue": record({
    workflow_id: id,
    at: optional(time),
    limit: fc.integer({ min: 1, max: 10_000 }),
  }),
  "domainEvent.emit": record({
    event: record({ type: id, payload: optional(data), created_at: optional(time) }),
  }),
  "domainEvent.markDelivered": record({
    id: fc.integer({ min: 1, max: 1e9 }).map((seq) => `evt_k3v9x0ab_${seq}`),
    through_seq: optional(fc.integer({ min: 1, max: 1e9 })),
  }),
  "maintenance.prune": record({
    policy: record({ jobs_before: optional(time), events_before: optional(time) }),
  }),
};

const types = Object.keys(coreModule.commands) as (keyof typeof coreModule.commands)[];

it.each(types)("%s gives the same plan for the same payload, and changes nothing of it", (type) => {
  const definition = coreModule.commands[type];
  const newId = createNewId(createFakeClock("2026-11-21T09:00:00.000Z"));
  const preparation: Preparation = { now: "2026-11-21T09:00:00.000Z", newId };
  fc.assert(
    fc.property(payloads[type], (sent) => {
      const parsed = definition.schema.parse(sent);
      const prepare = "prepare" in definition ? definition.prepare : undefined;
      const payload: unknown = prepare === undefined ? parsed : prepare(parsed as never, preparation);
      // What prepare returns is what the schema takes, and preparing it again adds nothing.
      expect(definition.schema.parse(payload)).toEqual(payload);
      const before = JSON.stringify(payload);
      const plan = () =>
        planOf(definition.apply as (given: unknown, change: Change<CoreTables>) => void, payload);
      const [first, second] = [plan(), plan()];
      expect(second).toEqual(first);
      expect(statementsOf(second.steps)).toEqual(statementsOf(first.steps));
      expect(JSON.stringify(payload)).toBe(before);
    }),
    { numRuns: 60 },
  );
});

/** The statements themselves, which `toEqual` would only compare by their looks. */
function statementsOf(steps: readonly PlanStep[]): readonly string[] {
  return steps.flatMap(({ alternatives }) => alternatives.map(({ statement }) => statement.compiled().sql));
}

it("compiles and prepares each statement once, however often its command is applied", async () => {
  const bench = await openWriterBench({ modules: [lab] });
  const { database } = bench.connection;
  const prepare = database.prepare.bind(database);
  const prepared: string[] = [];
  database.prepare = (source: string) => {
    prepared.push(source);
    return prepare(source) as never;
  };
  for (let round = 0; round < 50; round += 1) {
    await bench.apply(
      { type: "entity.upsert", entity: { id: "e1", type: "note", title: `${round}` } },
      { type: "entity.upsert", entity: { id: "e1", type: `type ${round}` } },
      { type: "job.create", job: { workflow_id: "w" } },
      { type: "lab.put", id: `${round}` },
    );
  }
  expect(new Set(prepared).size).toBe(prepared.length);
  expect(prepared.length).toBe(4);

  const plan = (title: string) =>
    planOf(coreModule.commands["entity.upsert"].apply, {
      entity: { id: "e1", type: "note", title },
      at: "2026",
    });
  const [first, second] = [plan("a"), plan("b")].map(({ steps }) => steps[0]?.alternatives[0]?.statement);
  expect(first).toBe(second);
  expect(first?.compiled()).toBe(second?.compiled());
});

it("needs no database to say what a command would do", () => {
  const plan = planOf(coreModule.commands["domainEvent.emit"].apply, { event: { type: "greeted" } });
  expect(plan).toEqual({ steps: [], events: [{ type: "greeted", payload: {} }], writes: 0 });
});
