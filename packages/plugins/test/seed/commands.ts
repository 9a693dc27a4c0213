import type { Command, CommandSink, DomainEvent } from "@atlas/core";
import type { SinkPlugin, SourcePlugin } from "@atlas/plugins";

// The nine commands with the fields of the design document, as a source and a sink of its text would send them.
export function nineCommands(eventId: string): Command[] {
  return [
    { type: "entity.upsert", entity: { id: "e1", type: "note" } },
    { type: "event.insert", event: { id: "v1", type: "note.read" } },
    { type: "artifact.create", artifact: { id: "a1", type: "summary" } },
    { type: "artifact.update", id: "a1", patch: { title: "A summary" } },
    { type: "job.create", job: { id: "j1", workflow_id: "my-workflow.v1" } },
    { type: "job.updateStatus", id: "j1", status: "cancelled" },
    { type: "domainEvent.emit", event: { type: "note.summarised" } },
    { type: "domainEvent.markDelivered", id: eventId },
    { type: "maintenance.prune", policy: { events_before: "2000-01-01T00:00:00Z" } },
  ];
}

export const source: SourcePlugin = {
  id: "notes",
  async sync(ctx) {
    void ctx.commands.enqueue({ type: "entity.upsert", entity: { id: "e2", type: "note" } });
  },
};

export const acknowledgingSink: SinkPlugin = {
  id: "acknowledging",
  async handle(event: DomainEvent, ctx: { commands: CommandSink<Command> }) {
    void ctx.commands.enqueue({ type: "domainEvent.markDelivered", id: event.id });
  },
};
