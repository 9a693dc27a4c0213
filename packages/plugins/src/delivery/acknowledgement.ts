import type { Command, Committed, Refusal } from "@atlas/core";
import type { PluginCommands } from "../contract/context.ts";

const NOTHING: Committed = { seq: 0, changed: false };

/**
 * Commands in which a sink's own `domainEvent.markDelivered` of the event in hand calls `acknowledge` and is not sent: it
 * acknowledges the event for this sink, while other sinks may still need it.
 */
export function acknowledging(
  sink: PluginCommands<Command>,
  eventId: string,
  acknowledge: () => void,
): PluginCommands<Command> {
  const isOwn = (command: Command): boolean =>
    command?.type === "domainEvent.markDelivered" && command.id === eventId;

  /** Sends what is left of a unit, and gives receipts for all of it. */
  const sendOthers = <Answer extends readonly Committed[] | Refusal>(
    commands: readonly Command[],
    send: (others: readonly Command[]) => Promise<Answer>,
  ): Promise<Answer | readonly Committed[]> => {
    if (!Array.isArray(commands)) return send(commands);
    const others = commands.filter((command) => !isOwn(command));
    if (others.length === commands.length) return send(commands);
    acknowledge();
    return send(others).then((answer) => {
      if ("refuse" in answer) return answer;
      const rest = answer.values();
      return commands.map((command) => (isOwn(command) ? NOTHING : (rest.next().value ?? NOTHING)));
    });
  };
  const sendOne = <Answer>(command: Command, send: () => Promise<Answer>): Promise<Answer | Committed> => {
    if (!isOwn(command)) return send();
    acknowledge();
    return Promise.resolve(NOTHING);
  };

  return {
    enqueue: (command, envelope) => sendOne(command, () => sink.enqueue(command, envelope)),
    enqueueAll: (commands, envelope) => sendOthers(commands, (others) => sink.enqueueAll(others, envelope)),
    attempt: (command, envelope) => sendOne(command, () => sink.attempt(command, envelope)),
    attemptAll: (commands, envelope) => sendOthers(commands, (others) => sink.attemptAll(others, envelope)),
  };
}
