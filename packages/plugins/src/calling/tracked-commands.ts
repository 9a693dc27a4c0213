import type { CallContext } from "@atlas/core";
import {
  type Cause,
  type CommandSink,
  type Committed,
  type Envelope,
  isCoreError,
  type Refusal,
} from "@atlas/core";
import type { PluginCommands } from "../contract/context.ts";
import { PluginError } from "../contract/errors.ts";
import { NO_CONTEXT } from "./call-context.ts";
import { handled } from "./handled.ts";

/** The commands that a plugin sends during one call. */
export interface TrackedCommands<Sent extends { readonly type: string }> {
  readonly commands: PluginCommands<Sent>;
  /** What was committed so far. */
  readonly sent: SentCommands;
  /** Sends commands as one unit that counts as one command towards the limit. */
  together(commands: readonly Sent[]): Promise<readonly Committed[]>;
  /** Tracks other work as if it were a command: `settled` waits for it, and its rejection counts as a refusal. */
  track<Result>(send: () => Promise<Result>): Promise<Result>;
  /** Waits for every command sent so far; throws the first refusal. */
  settled(): Promise<void>;
  /** Refuses every further command: with this error, else with `ATLAS_PLUGINS_CONTEXT_ENDED`. */
  end(error?: Error): void;
  /** Throws once the call is over. */
  refuse(): void;
  readonly isOver: boolean;
}

/** How many commands of one call were committed, and what they did. */
interface SentCommands {
  /** Commands that changed something. */
  readonly changed: number;
  /** Commands that found everything as they wanted it, and so wrote nothing. */
  readonly unchanged: number;
}

// Half of what the store's queue holds by default, so that a flood from one plugin leaves room for the others.
const MAX_UNSETTLED = 5_000;

/**
 * Wraps a command sink for one call of a plugin. Each command carries its actor and its cause, and is refused with
 * `ATLAS_PLUGINS_CONTEXT_ENDED` once the call is over. Only commands that are not committed yet count towards the limit, so a
 * plugin may send any number of commands in one call.
 */
export function trackCommands<Sent extends { readonly type: string }>(
  sink: CommandSink<Sent>,
  from: { readonly actor: string; readonly cause?: Cause; readonly context?: CallContext },
): TrackedCommands<Sent> {
  const { actor, cause, context = NO_CONTEXT } = from;
  const own: Envelope = {
    actor,
    ...(cause === undefined ? {} : { cause }),
    ...(Object.keys(context).length === 0 ? {} : { context }),
  };
  const sent = { changed: 0, unchanged: 0 };
  let pending = 0;
  let unsettled = 0;
  let tooMany: PluginError | undefined;
  let firstRefusal: { readonly error: unknown } | undefined;
  let waiters: (() => void)[] = [];
  // The error is made when it is needed: most calls end well, and an error costs as much as the rest of the call.
  let over: { error: Error | undefined } | undefined;

  return {
    sent,
    together: (commands) => track(() => sink.enqueueAll(commands, own), 1, countAll),
    track: (send) => track(send, 0),
    commands: {
      enqueue: (command, given) => track(() => sink.enqueue(command, envelope(given)), 1, count),
      enqueueAll: (commands, given) =>
        track(() => sink.enqueueAll(commands, envelope(given)), lengthOf(commands), countAll),
      attempt: (command, given) =>
        handled(track(() => refusalOf(sink.enqueue(command, envelope(given))), 1, countUnlessRefused)),
      attemptAll: (commands, given) =>
        handled(
          track(
            () => refusalOf(sink.enqueueAll(commands, envelope(given))),
            lengthOf(commands),
            countUnlessRefused,
          ),
        ),
    },
    async settled() {
      while (pending > 0) {
        await new Promise<void>((resolve) => {
          waiters.push(resolve);
        });
      }
      if (firstRefusal !== undefined) throw firstRefusal.error;
    },
    end(error) {
      over ??= { error };
    },
    refuse() {
      if (over !== undefined) throw refusal(over);
    },
    get isOver() {
      return over !== undefined;
    },
  };

  function track<Result>(
    send: () => Promise<Result>,
    commands: number,
    onSent: (result: Result) => void = () => undefined,
  ): Promise<Result> {
    if (over !== undefined) return handled(Promise.reject(refusal(over)));
    const result = unsettled + commands > MAX_UNSETTLED ? refuseFlood<Result>() : send();
    pending += 1;
    unsettled += commands;
    result.then(
      (value) => {
        onSent(value);
        settle(commands);
      },
      (error: unknown) => {
        firstRefusal ??= { error };
        settle(commands);
      },
    );
    return result;
  }

  function refusal(of: { error: Error | undefined }): Error {
    of.error ??= contextEnded(actor);
    return of.error;
  }

  function count({ changed }: Committed): void {
    if (changed) sent.changed += 1;
    else sent.unchanged += 1;
  }

  function countAll(receipts: readonly Committed[]): void {
    receipts.forEach(count);
  }

  function countUnlessRefused(answer: Committed | readonly Committed[] | Refusal): void {
    if ("refuse" in answer) return;
    if ("changed" in answer) count(answer);
    else countAll(answer);
  }

  function settle(commands: number): void {
    pending -= 1;
    unsettled -= commands;
    if (pending > 0 || waiters.length === 0) return;
    const woken = waiters;
    waiters = [];
    for (const wake of woken) wake();
  }

  /** All of them share one error: an error for each would cost as much as what it keeps out. */
  function refuseFlood<Result>(): Promise<Result> {
    tooMany ??= tooManyCommands(actor);
    return handled(Promise.reject(tooMany));
  }

  /**
   * The plugin chooses the command id, and may add to a context what the call's own leaves open. It cannot send under another name.
   */
  function envelope(given: Envelope | undefined): Envelope {
    if (given?.command_id === undefined && given?.context === undefined) return own;
    return {
      ...own,
      ...(given.command_id === undefined ? {} : { command_id: given.command_id }),
      ...(given.context === undefined ? {} : { context: { ...given.context, ...context } }),
    };
  }
}

function lengthOf(commands: unknown): number {
  return Array.isArray(commands) ? commands.length : 0;
}

/**
 * Turns the rejection of a command that the store, a module or an `admit` hook refused into a value. What the same command may outlast
 * (storage in trouble, a full queue, a stopped store) still rejects, and so does wrong use.
 */
async function refusalOf<Receipt>(sent: Promise<Receipt>): Promise<Receipt | Refusal> {
  try {
    return await sent;
  } catch (error) {
    if (!isCoreError(error) || error.retryable || error.code === "ATLAS_CORE_STOPPED") throw error;
    return { refuse: error.code, message: error.message, details: error.details };
  }
}

function tooManyCommands(plugin: string): PluginError {
  return new PluginError(
    "ATLAS_PLUGINS_TOO_MANY_COMMANDS",
    { plugin, limit: MAX_UNSETTLED },
    `"${plugin}" sent a command while ${MAX_UNSETTLED} of its commands were not committed yet. Await one command in every thousand, or, in a source, await ctx.checkpoint(cursor) after each page.`,
  );
}

function contextEnded(plugin: string): PluginError {
  return new PluginError(
    "ATLAS_PLUGINS_CONTEXT_ENDED",
    { plugin },
    `"${plugin}" used its ctx after its call had ended. Await all work before returning, and stop when ctx.signal aborts.`,
  );
}
