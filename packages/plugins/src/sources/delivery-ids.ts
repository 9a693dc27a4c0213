import { createHash } from "node:crypto";
import type { CommandSink, Envelope } from "@atlas/core";
import { isCoreError } from "@atlas/core";
import type { PluginCommands } from "../contract/context.ts";

const PLAIN = /^[\x21-\x7e]{1,100}$/;
const NOTHING = { seq: 0, changed: false } as const;

/** Makes the ids of the commands of one delivery: the source, the sender's id and the number of the call. */
export function createDeliveryIds(sourceId: string, deliveryId: string): () => string {
  const from = `${escaped(sourceId)}:${PLAIN.test(deliveryId) ? escaped(deliveryId) : digest(deliveryId)}`;
  let number = 0;
  return () => {
    number += 1;
    return `${from}:${number}`;
  };
}

/** Without colons of their own, so that no two deliveries of two sources share an id. */
function escaped(text: string): string {
  return text.replaceAll("%", "%25").replaceAll(":", "%3A");
}

/** A sender's id may be as long as a header. No plain id begins like this one, since "%" is escaped there. */
function digest(text: string): string {
  return `%${createHash("sha256").update(text).digest("base64url")}`;
}

/** Gives each command an id, unless the plugin chose one. */
export function identified<Sent extends { readonly type: string }>(
  commands: PluginCommands<Sent>,
  nextId: () => string,
): PluginCommands<Sent> {
  const withId = (envelope: Envelope | undefined): Envelope => ({
    ...envelope,
    command_id: envelope?.command_id ?? nextId(),
  });
  return {
    enqueue: (command, envelope) => commands.enqueue(command, withId(envelope)),
    enqueueAll: (together, envelope) => commands.enqueueAll(together, withId(envelope)),
    attempt: (command, envelope) => commands.attempt(command, withId(envelope)),
    attemptAll: (together, envelope) => commands.attemptAll(together, withId(envelope)),
  };
}

/**
 * Takes a command whose id was used for another one as stored. A source that makes other commands of the same delivery, such as with the
 * time in them, would otherwise refuse for ever what it has stored already.
 */
export function storedOnce<Sent extends { readonly type: string }>(
  commands: CommandSink<Sent>,
): CommandSink<Sent> {
  return {
    enqueue: (command, envelope) => commands.enqueue(command, envelope).catch(unlessReused(NOTHING)),
    enqueueAll: (together, envelope) =>
      commands.enqueueAll(together, envelope).catch(unlessReused(together.map(() => NOTHING))),
  };
}

function unlessReused<Receipt>(receipt: Receipt): (error: unknown) => Receipt {
  return (error) => {
    if (isCoreError(error, "ATLAS_CORE_COMMAND_ID_REUSED")) return receipt;
    throw error;
  };
}
