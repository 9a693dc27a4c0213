import type { CallContext, Cause, Command, CommandSink, JsonValue, ReadOnlyRepo } from "@atlas/core";
import { type Call, startCall } from "../calling/call.ts";
import { NO_CONTEXT } from "../calling/call-context.ts";
import { handled } from "../calling/handled.ts";
import { type PluginHost, servicesOf } from "../calling/plugin-host.ts";
import { trackCommands } from "../calling/tracked-commands.ts";
import { PluginError, stopping } from "../contract/errors.ts";
import type { DeliveryRequest, SourceDelivery, SourcePlugin } from "../contract/source.ts";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";
import { createDeliveryIds, identified, storedOnce } from "./delivery-ids.ts";
import { keepRefusedRecords } from "./refused-records.ts";

/** What was pushed to a source. */
export type PushedDelivery = Omit<DeliveryRequest, "now">;

/** Who pushed it, for the commands that come of it. */
export interface PushedBy {
  readonly cause?: Cause;
  readonly context?: CallContext;
}

/** What came of a delivery. One that comes again gets the same answer, as long as the source makes the same commands of it. */
export interface Received {
  /** The sender's id of the delivery. */
  readonly id: string;
  /** Committed commands. */
  readonly commands: number;
  /** Commands that changed something, when they first came. */
  readonly changed: number;
}

/** Hands deliveries to sources. */
export interface SourceDeliveries {
  /** Verifies a delivery, and resolves once everything that the source made of it is committed. */
  receive(source: SourcePlugin, pushed: PushedDelivery, by: PushedBy): Promise<Received>;
  /** Takes no more deliveries, and asks those under way to end. What they still send counts. */
  ask(reason: PluginError): void;
  /** Ends them. */
  abort(reason: PluginError): void;
  /** Resolves when none is under way. Never rejects. */
  settled(): Promise<void>;
}

// Senders wait 15 to 30 s, and send again.
const RECEIVE_TIMEOUT_MS = 30_000;
const GRACE_MS = 1_000;

/** The deliveries to one gateway's sources. */
export function createSourceDeliveries(options: {
  readonly host: PluginHost;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly isPaused: (id: string) => boolean;
}): SourceDeliveries {
  const { host, repo, commands, isPaused } = options;
  const { clock, log } = host;
  const calls = new Set<Call>();
  // A sender that gave up waiting sends the same delivery while the first one is still being handled.
  const underWay = new Map<string, Promise<Received>>();
  let isStopping = false;

  return {
    async receive(source, pushed, by) {
      const { id } = source;
      const { verify, receive } = source;
      if (verify === undefined || receive === undefined) throw notReceiving(id);
      const verified = verify.call(source, { ...pushed, now: clock.now() });
      if (!verified.valid) throw refused(id, verified.reason);
      if (isStopping) throw stopping();
      if (isPaused(id)) throw paused(id);
      const delivery = { id: verified.id, body: parsed(id, pushed.body), headers: headersOf(pushed.headers) };
      const key = JSON.stringify([id, delivery.id]);
      const running = underWay.get(key);
      if (running !== undefined) return running;
      const done = handled(hand(source, delivery, by));
      underWay.set(key, done);
      try {
        return await done;
      } catch (error) {
        log.error({ source: id, delivery: delivery.id, error }, `A delivery to the source "${id}" failed.`);
        throw error;
      } finally {
        underWay.delete(key);
      }
    },
    ask(reason) {
      isStopping = true;
      for (const call of calls) call.ask(reason);
    },
    abort(reason) {
      for (const call of calls) call.abort(reason, 0);
    },
    async settled() {
      await Promise.allSettled(underWay.values());
    },
  };

  async function hand(
    source: SourcePlugin,
    delivery: SourceDelivery,
    { cause, context = NO_CONTEXT }: PushedBy,
  ): Promise<Received> {
    const { id, maxRefused = 0 } = source;
    const from = { actor: `source:${id}`, context, ...(cause === undefined ? {} : { cause }) };
    const tracked = trackCommands(storedOnce(commands), from);
    const kept = keepRefusedRecords(tracked, { source: id, maxRefused, store: commands });
    const call = startCall({
      clock,
      plugin: `The source "${id}"`,
      timeoutMs: RECEIVE_TIMEOUT_MS,
      graceMs: GRACE_MS,
      onAbort: tracked.end,
      async work({ signal }) {
        const own = identified(kept.commands, createDeliveryIds(id, delivery.id));
        const ctx = { repo, log, clock, services: servicesOf(host), signal, context, commands: own };
        await source.receive?.(ctx, delivery);
        await tracked.settled();
      },
    });
    calls.add(call);
    const end = await call.ended;
    calls.delete(call);
    tracked.end();
    if (end.kind === "threw") throw end.error;
    if (end.kind === "aborted") throw end.reason;
    const { changed, unchanged } = tracked.sent;
    return { id: delivery.id, commands: changed + unchanged, changed };
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true });

function parsed(id: string, body: string | Uint8Array): JsonValue {
  try {
    return JSON.parse(typeof body === "string" ? body : decoder.decode(body)) as JsonValue;
  } catch {
    throw new PluginError(
      "ATLAS_PLUGINS_DELIVERY_INVALID",
      { id },
      `The delivery to the source "${id}" is not JSON. Let its sender send JSON in UTF-8.`,
    );
  }
}

function headersOf(given: DeliveryRequest["headers"]): Headers {
  if (given instanceof Headers) return given;
  const headers = new Headers();
  for (const [name, value] of Object.entries(given))
    for (const one of [value ?? []].flat()) headers.append(name, one);
  return headers;
}

function notReceiving(id: string): PluginError {
  return new PluginError(
    "ATLAS_PLUGINS_SOURCE_NOT_RECEIVING",
    { id },
    `The source "${id}" has no receive method, so nothing can be pushed to it. Use createWebhookSource of @atlas/plugins/builtin/webhook, or give it receive and verify.`,
  );
}

/** The sender is not told why, since it may be somebody who tries. */
function refused(id: string, reason: string): PluginError {
  return new PluginError(
    "ATLAS_PLUGINS_DELIVERY_REFUSED",
    { id, reason },
    "The delivery is not signed with a known secret, or its time is too far off. Check the sender's secret and clock.",
  );
}

function paused(id: string): PluginError {
  return new PluginError(
    "ATLAS_PLUGINS_SOURCE_PAUSED",
    { id },
    `The source "${id}" is paused and took no delivery. Call gateway.resume({ source: "${id}" }) first, and let the sender send it again.`,
  );
}
