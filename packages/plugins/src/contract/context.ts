import type {
  CallContext,
  Clock,
  Command,
  CommandOf,
  CommandSink,
  Committed,
  Envelope,
  Logger,
  ReadOnlyRepo,
  Refusal,
  StoreModule,
} from "@atlas/core";
import type { PluginServices } from "./service.ts";

/**
 * What every plugin gets for one call: it reads through `repo` and writes only by sending `commands`. `Module` stands for the modules
 * that the plugin `uses`, `Services` for the services that it `needs`.
 */
export interface PluginContext<Module extends StoreModule = never, Services extends object = PluginServices> {
  /** Reads committed data: core's, and that of the modules that the plugin uses. */
  readonly repo: ReadOnlyRepo<Module>;
  readonly commands: PluginCommands<Command | CommandOf<Module>>;
  readonly log: Logger;
  /** Aborted when the call must end: it timed out, it was cancelled, or the gateway is stopping. Pass it to everything you await. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** The host's services, by name. Empty unless the host or an extension provides some. */
  readonly services: Services;
  /**
   * Who asked for this call, and what it belongs to. Every command that the plugin sends, its model and agent calls and the jobs that it
   * creates carry it. Empty unless the caller gave one.
   */
  readonly context: CallContext;
}

/** Accepts the commands of a plugin. A refused command fails the plugin's call, unless the plugin attempted it. */
export interface PluginCommands<Sent extends { readonly type: string }> extends CommandSink<Sent> {
  /**
   * Sends a command whose refusal the plugin handles. Resolves with the receipt, or with the refusal, which then does not fail the call.
   * Rejects if the store cannot write: it is in trouble, its queue is full, or it was stopped. Recognise a refusal with
   * `"refuse" in result`.
   */
  readonly attempt: (command: Sent, envelope?: Envelope) => Promise<Committed | Refusal>;
  /** Sends commands as one unit in the same way. */
  readonly attemptAll: (
    commands: readonly Sent[],
    envelope?: Envelope,
  ) => Promise<readonly Committed[] | Refusal>;
}
