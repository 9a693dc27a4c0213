import type { Clock, Command, CommandSink, Logger, ReadOnlyRepo } from "@atlas/core";

/** What every plugin gets for one call: it reads through `repo` and writes only by sending `commands`. */
export interface PluginContext {
  /** Reads committed data. */
  readonly repo: ReadOnlyRepo;
  readonly commands: CommandSink<Command>;
  readonly log: Logger;
  /** Aborted when the call must end: it timed out, it was cancelled, or the gateway is stopping. Pass it to everything you await. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** The host's services, by name. Empty unless the host provides some. */
  readonly services: PluginServices;
}

/** The services that a host provides to its plugins, by name. */
export type PluginServices = Readonly<Record<string, unknown>>;
