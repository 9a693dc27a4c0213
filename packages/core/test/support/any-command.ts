import fc from "fast-check";
import type { CallContext, Command } from "../../src/index.ts";

// Few names, so that commands meet each other's rows.
const name = fc.constantFrom("a", "b", "c", "d", "e");
const time = fc
  .integer({ min: Date.parse("2026-11-20T00:00:00Z"), max: Date.parse("2026-11-23T00:00:00Z") })
  .map((epochMs) => new Date(epochMs).toISOString());
const data = fc.dictionary(
  fc.constantFrom("x", "10", "9", "ä"),
  fc.oneof(
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.string({ unit: "grapheme" }),
  ),
  { noNullPrototype: true },
);

/** Keeps what is there: an optional field may not be given as `undefined`. */
function optional<Fields extends Record<string, fc.Arbitrary<unknown>>>(
  required: readonly (keyof Fields & string)[],
  fields: Fields,
) {
  return fc.record(fields, { requiredKeys: [...required], noNullPrototype: true });
}

/** Any context of a call. */
export const anyContext: fc.Arbitrary<CallContext> = fc.record(
  {
    actor: name,
    correlation_id: name,
    tenant: name,
    job_id: name,
    workflow_id: name,
    attempt: fc.integer({ min: 1, max: 3 }),
  },
  { requiredKeys: [], noNullPrototype: true },
);

/** Any of core's twelve commands, such as a host could send; many of them are refused or change nothing. */
export function anyCommand(storeId: () => string): fc.Arbitrary<Command> {
  const entity = optional(["id", "type"], {
    id: name,
    type: name,
    source: name,
    external_id: name,
    title: name,
    data,
    updated_at: time,
    deleted_at: fc.option(time),
  }).map((entity) => ({ type: "entity.upsert", entity }) as Command);
  const event = optional(["id", "type"], {
    id: name,
    type: name,
    source: name,
    external_id: name,
    entity_id: name,
    data,
    occurred_at: time,
  }).map((event) => ({ type: "event.insert", event }) as Command);
  const artifact = optional(["id", "type"], {
    id: name,
    type: name,
    job_id: name,
    title: name,
    content_md: name,
    data,
    created_at: time,
  }).map((artifact) => ({ type: "artifact.create", artifact }) as Command);
  const update = fc
    .record({ id: name, patch: optional([], { title: name, content_md: name, data, updated_at: time }) })
    .map(({ id, patch }) => ({ type: "artifact.update", id, patch }) as Command);
  const remove = optional(["id"], { id: name, job_id: name }).map(
    (target) => ({ type: "artifact.delete", ...target }) as Command,
  );
  const job = optional(["id", "workflow_id"], {
    id: name,
    workflow_id: name,
    input: data,
    priority: fc.integer({ min: -5, max: 5 }),
    run_at: time,
    idempotency_key: name,
    parent_id: name,
    max_attempts: fc.integer({ min: 1, max: 3 }),
    context: anyContext,
    deadline_at: time,
    group_key: name,
    created_at: time,
  }).map((job) => ({ type: "job.create", job }) as Command);
  const status = fc
    .record({
      id: name,
      status: fc.constantFrom("queued", "running", "succeeded", "failed", "cancelled"),
    })
    .map(({ id, status }) => ({ type: "job.updateStatus", id, status }) as Command);
  const statuses = fc
    .record({
      status: fc.constantFrom("running", "succeeded"),
      jobs: fc.uniqueArray(fc.record({ id: name, attempt: fc.integer({ min: 1, max: 2 }) }), {
        minLength: 1,
        maxLength: 3,
        selector: ({ id }) => id,
      }),
    })
    .map(({ status, jobs }) => ({ type: "job.updateStatusMany", status, jobs }) as Command);
  const due = fc
    .record({ workflow_id: name, at: time, limit: fc.integer({ min: 1, max: 3 }) })
    .map((due) => ({ type: "job.markDue", ...due }) as Command);
  const emit = optional(["type"], { type: name, aggregate_id: name, payload: data, created_at: time }).map(
    (event) => ({ type: "domainEvent.emit", event }) as Command,
  );
  const deliver = fc
    .record({ seq: fc.integer({ min: 1, max: 60 }), more: fc.integer({ min: 0, max: 1_000 }) })
    .map(
      ({ seq, more }) =>
        ({
          type: "domainEvent.markDelivered",
          id: `evt_${storeId()}_${seq}`,
          through_seq: seq + more,
        }) as Command,
    );
  const prune = fc
    .record({
      policy: optional([], {
        domain_events_before: time,
        jobs_before: time,
        artifacts_before: time,
        events_before: time,
        deleted_entities_before: time,
        refused_before: time,
        journal_before: time,
      }),
      limit: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
    })
    .map(
      ({ policy, limit }) =>
        ({
          type: "maintenance.prune",
          policy,
          ...(limit === undefined ? {} : { limit }),
        }) as Command,
    );
  return fc.oneof(
    { arbitrary: entity, weight: 3 },
    { arbitrary: event, weight: 2 },
    { arbitrary: artifact, weight: 2 },
    update,
    remove,
    { arbitrary: job, weight: 2 },
    { arbitrary: status, weight: 4 },
    { arbitrary: statuses, weight: 2 },
    due,
    emit,
    deliver,
    prune,
  );
}
