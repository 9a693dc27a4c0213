import type { Clock, CommandSink, Logger } from "@atlas/core";
import type { HttpCommand } from "./http/module/http-module.ts";
import type { TokenIndex } from "./tokens/tokens.ts";

/** What the HTTP adapter needs of a gateway beside its interface. */
export interface Host {
  readonly clock: Clock;
  readonly log: Logger;
  readonly commands: CommandSink<HttpCommand>;
  readonly tokens: TokenIndex;
  /** Idempotency keys whose first request is being answered, in all applications that are mounted over the gateway. */
  readonly answering: Set<string>;
  /** Aborted when the gateway has stopped. */
  readonly stopping: AbortSignal;
}

// Not among the gateway's public properties, and one symbol for every copy of this package in a process.
const hosts = Symbol.for("@atlas/gateway.host");

/** Ties what belongs to a gateway to it. */
export function setHost(gateway: object, host: Host): void {
  Object.defineProperty(gateway, hosts, { value: host });
}

/** What belongs to a gateway. Throws a `TypeError` for anything that `createGateway` did not return. */
export function hostOf(what: string, gateway: object): Host {
  const host = typeof gateway === "object" && gateway !== null ? Reflect.get(gateway, hosts) : undefined;
  if (host === undefined) throw new TypeError(`${what}: expected a gateway, as createGateway returns it.`);
  return host;
}
