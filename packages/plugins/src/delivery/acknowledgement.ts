import type { Command, CommandSink, Committed } from "@atlas/core";

const NOTHING: Committed = { seq: 0, changed: false };

/**
 * Commands in which a sink's own `domainEvent.markDelivered` of the event in hand calls `acknowledge` and is not sent: it
 * acknowledges the event for this sink, while other sinks may still need it.
 */
export function acknowledging(
  sink: CommandSink<Command>,
  eventId: string,
  acknowledge: () => void,
): CommandSink<Command> {
  const isOwn = (command: Command): boolean =>
    command?.type === "domainEvent.markDelivered" && command.id === eventId;

  return {
    enqueue(command, envelope) {
      if (!isOwn(command)) return sink.enqueue(command, envelope);
      acknowledge();
      return Promise.resolve(NOTHING);
    },
    enqueueAll(commands, envelope) {
      if (!Array.isArray(commands)) return sink.enqueueAll(commands, envelope);
      const others = commands.filter((command) => !isOwn(command));
      if (others.length === commands.length) return sink.enqueueAll(commands, envelope);
      acknowledge();
      return sink.enqueueAll(others, envelope).then((receipts) => {
        const rest = receipts.values();
        return commands.map((command) => (isOwn(command) ? NOTHING : (rest.next().value ?? NOTHING)));
      });
    },
  };
}
