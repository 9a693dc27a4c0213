import type { StoreCommand } from "../../src/contract/store.ts";
import type { CommandSink } from "../../src/index.ts";
import { readValue } from "./read-file.ts";

/** Sends one of everything: all twelve commands, a refusal, a no-op, an idempotent repetition, a unit, a prune that finds rows. */
export async function writeHistory(store: {
  readonly commands: CommandSink<StoreCommand<never>>;
  readonly path: string;
}): Promise<void> {
  const { commands, path } = store;
  const old = "2020-01-01T00:00:00.000Z";
  const note = {
    type: "entity.upsert",
    entity: { id: "note", type: "note", title: "one", data: { b: 1, a: [2] } },
  } as const;
  await commands.enqueue(note, { actor: "source:notes" });
  await commands.enqueue(note);
  await commands.enqueue({ type: "entity.upsert", entity: { ...note.entity, title: "two" } });
  await commands.enqueue({ type: "entity.upsert", entity: { id: "gone", type: "note", deleted_at: old } });
  await commands.enqueue({
    type: "event.insert",
    event: { id: "push", type: "push", entity_id: "note", occurred_at: old },
  });
  await commands.enqueue({ type: "event.insert", event: { id: "push", type: "push" } });
  await commands.enqueue({ type: "artifact.update", id: "none", patch: {} }).catch(() => undefined);
  await commands.enqueueAll([
    { type: "job.create", job: { id: "job", workflow_id: "digest.v1", input: { topic: "ä\u{1f980}" } } },
    { type: "job.updateStatus", id: "job", status: "running" },
  ]);
  const artifact = {
    type: "artifact.create",
    artifact: { id: "a", type: "digest", job_id: "job", content_md: "# A" },
  } as const;
  await commands.enqueue(artifact, {
    command_id: "once",
    actor: "workflow:digest.v1#job",
    cause: { kind: "job", id: "job", depth: 3 },
  });
  await commands.enqueue(artifact, { command_id: "once" });
  await commands.enqueue({
    type: "artifact.create",
    artifact: { id: "short-lived", type: "note", job_id: "job" },
  });
  await commands.enqueue({ type: "artifact.delete", id: "short-lived", job_id: "job" });
  await commands.enqueue({ type: "artifact.update", id: "a", patch: { title: "A" } });
  await commands.enqueue({ type: "job.updateStatus", id: "job", status: "succeeded", attempt: 1 });
  const context = { correlation_id: "request-1", tenant: "ä", actor: "user:1" };
  await commands.enqueue(
    {
      type: "job.create",
      job: {
        id: "child",
        workflow_id: "digest.v1",
        parent_id: "job",
        context,
        deadline_at: "2026-11-22T09:00:00Z",
        group_key: "ä",
      },
    },
    { cause: { kind: "request", id: "request-1", depth: 2 }, context },
  );
  await commands.enqueue({
    type: "job.create",
    job: { id: "later", workflow_id: "digest.v1", run_at: "2026-11-22T09:00:00.000Z", group_key: "ä" },
  });
  await commands.enqueue({
    type: "job.markDue",
    workflow_id: "digest.v1",
    at: "2026-11-22T10:00:00.000Z",
    limit: 10,
  });
  await commands.enqueueAll(
    ["pair-1", "pair-2"].map((id) => ({
      type: "job.create" as const,
      job: { id, workflow_id: "digest.v1" },
    })),
  );
  const pair = [
    { id: "pair-2", attempt: 1 },
    { id: "pair-1", attempt: 1 },
  ];
  await commands.enqueue({ type: "job.updateStatusMany", status: "running", jobs: pair });
  const withOther = [...pair, { id: "none", attempt: 1 }];
  await commands
    .enqueue({ type: "job.updateStatusMany", status: "succeeded", jobs: withOther })
    .catch(() => undefined);
  await commands.enqueue({ type: "job.updateStatusMany", status: "succeeded", jobs: pair });
  const id = `evt_${readValue<string>(path, "select id from store")}_1`;
  // In one turn, so that they meet in one batch: what an event number says must not depend on where a batch ends.
  await Promise.all([
    commands.enqueue({ type: "domainEvent.emit", event: { type: "before", payload: { n: 1.5 } } }),
    commands.enqueue({ type: "domainEvent.markDelivered", id, through_seq: 1_000 }),
    commands.enqueue({ type: "domainEvent.emit", event: { type: "after" } }),
  ]);
  const late = "2100-01-01T00:00:00.000Z";
  await commands.enqueue({
    type: "maintenance.prune",
    policy: { domain_events_before: late, deleted_entities_before: late },
  });
  // It changes the store's own table only, which a replay does not fill.
  await commands.enqueue({ type: "maintenance.prune", policy: { refused_before: late } });
}
