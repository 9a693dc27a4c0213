import type { Cause, Clock, Command, CommandSink, Envelope, Logger, ReadOnlyRepo } from "@atlas/core";
import { PluginError } from "./errors.ts";

/** What every plugin is given: it can read, and it can send commands. It never reaches the Writer. */
export interface PluginContext {
  /** Everything that is committed. */
  readonly repo: ReadOnlyRepo;
  readonly commands: CommandSink<Command>;
  readonly log: Logger;
  /** Aborted when the call must end: its time is up, it was cancelled, or the gateway stops. Hand it on. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** What the gateway's extensions provide, by name; empty without any. */
  readonly services: PluginServices;
}

/** What extensions provide to plugins, by the extension's name. */
export type PluginServices = Readonly<Record<string, unknown>>;

// Half of what the store's queue holds by default: a flood from one plugin leaves room for the others.
const MAX_WAITING = 5_000;

/** What the runners take from the host and hand on to plugins. */
export type PluginHost = Pick<PluginContext, "log" | "clock"> & {
  /** Default: none. */
  readonly services?: PluginServices;
};

/** A plugin's commands during one call, all of them watched. */
export interface TrackedCommands<Sent extends { readonly type: string }> {
  readonly commands: CommandSink<Sent>;
  /** Watches one more piece of work. */
  track<Result>(send: () => Promise<Result>): Promise<Result>;
  /** Waits for every command sent so far; throws the first refusal. */
  settled(): Promise<void>;
  /** From now on every command is refused. */
  end(): void;
  /** Throws when the call is over. */
  refuse(): void;
}

/**
 * Wraps a sink of commands for one call of a plugin: they carry who sent them and why, and a command that comes after the
 * call is over is refused (`ATLAS_PLUGINS_CONTEXT_ENDED`).
 */
export function trackCommands<Sent extends { readonly type: string }>(
  sink: CommandSink<Sent>,
  from: { readonly actor: string; readonly cause?: Cause },
): TrackedCommands<Sent> {
  const { actor, cause } = from;
  let waiting = 0;
  let commandsWaiting = 0;
  let tooMany: PluginError | undefined;
  let firstRefusal: { readonly error: unknown } | undefined;
  let waiters: (() => void)[] = [];
  let ended = false;

  const track = <Receipt>(send: () => Promise<Receipt>, count = 0): Promise<Receipt> => {
    if (ended) return handled(Promise.reject(contextEnded(actor)));
    const sent = commandsWaiting + count > MAX_WAITING ? refuseFlood<Receipt>() : send();
    waiting += 1;
    commandsWaiting += count;
    sent.then(
      () => {
        commandsWaiting -= count;
        done();
      },
      (error: unknown) => {
        commandsWaiting -= count;
        firstRefusal ??= { error };
        done();
      },
    );
    return sent;
  };
  /** One error for all of them: a flood of errors would cost as much as what it keeps out. */
  const refuseFlood = <Receipt>(): Promise<Receipt> => {
    tooMany ??= tooManyCommands(actor);
    return handled(Promise.reject(tooMany));
  };
  const done = (): void => {
    waiting -= 1;
    if (waiting > 0 || waiters.length === 0) return;
    const woken = waiters;
    waiters = [];
    for (const wake of woken) wake();
  };
  const own: Envelope = { actor, ...(cause === undefined ? {} : { cause }) };
  // Who sends it and why is not the plugin's to say.
  const envelope = (given: Envelope | undefined): Envelope =>
    given?.command_id === undefined ? own : { ...own, command_id: given.command_id };

  return {
    track,
    commands: {
      enqueue: (command, given) => track(() => sink.enqueue(command, envelope(given)), 1),
      enqueueAll: (commands, given) =>
        track(() => sink.enqueueAll(commands, envelope(given)), commands?.length),
    },
    async settled() {
      while (waiting > 0) {
        await new Promise<void>((resolve) => {
          waiters.push(resolve);
        });
      }
      if (firstRefusal !== undefined) throw firstRefusal.error;
    },
    end() {
      ended = true;
    },
    refuse() {
      if (ended) throw contextEnded(actor);
    },
  };
}

function tooManyCommands(plugin: string): PluginError {
  return new PluginError(
    "ATLAS_PLUGINS_TOO_MANY_COMMANDS",
    { plugin, limit: MAX_WAITING },
    `${plugin} sent more than ${MAX_WAITING} commands without awaiting them. Await some before sending more.`,
  );
}

/** The error for work that goes on after its call is over. */
function contextEnded(plugin: string): PluginError {
  return new PluginError(
    "ATLAS_PLUGINS_CONTEXT_ENDED",
    { plugin },
    `${plugin} used its context after its call was over. Await everything before returning.`,
  );
}

/** Marks a promise as handled, so that not awaiting it never becomes an unhandled rejection. */
export function handled<Result>(promise: Promise<Result>): Promise<Result> {
  promise.catch(() => undefined);
  return promise;
}
