import type { Command, CommandSink, DomainEvent, ReadOnlyRepo } from "@atlas/core";
import { type Call, startCall } from "../calling/call.ts";
import { correlationField, logWith, NO_CONTEXT } from "../calling/call-context.ts";
import { observed, withTraceparent } from "../calling/observer.ts";
import { type PluginHost, servicesOf } from "../calling/plugin-host.ts";
import { trackCommands } from "../calling/tracked-commands.ts";
import type { WorkEnd } from "../contract/observe.ts";
import type { SinkContext, SinkPlugin } from "../contract/sink.ts";
import { acknowledging } from "./acknowledgement.ts";

/** One call of a sink under way. */
export interface SinkCall {
  /** Resolves with `delivered`, or with the error that ended the call. Never rejects. */
  readonly outcome: Promise<SinkCallOutcome>;
  /** Ends the call at once. Nothing that the sink does from now on counts. */
  abort(reason: unknown): void;
}

/** How a call of a sink ended. */
type SinkCallOutcome =
  | { readonly status: "delivered" }
  | { readonly status: "failed"; readonly error: unknown };

const DEFAULT_TIMEOUT_MS = 30_000;

/**
 * Calls a sink with one event. The event is delivered when `handle` returns and every command that it sent is committed, or when the
 * sink acknowledged it.
 */
export function callSink(
  sink: SinkPlugin,
  options: {
    readonly event: DomainEvent;
    readonly attempt: number;
    readonly host: PluginHost;
    readonly repo: ReadOnlyRepo;
    readonly commands: CommandSink<Command>;
  },
): SinkCall {
  const { event, attempt, host, repo, commands } = options;
  const { clock } = host;
  const { context = NO_CONTEXT } = event;
  const log = logWith(host.log, { sink_id: sink.id, event_id: event.id, ...correlationField(context) });
  let call: Call | undefined;
  const outcome = observed(
    host,
    () => ({
      kind: "delivery",
      sink_id: sink.id,
      event_id: event.id,
      event_type: event.type,
      attempt,
      context,
    }),
    run,
    endOf,
  );
  return { outcome, abort: (reason) => call?.abort(reason, 0) };

  async function run(traceparent?: string): Promise<SinkCallOutcome> {
    const tracked = trackCommands(commands, {
      actor: `sink:${sink.id}`,
      cause: { kind: "event", id: event.id, depth: event.depth + 1 },
      context: withTraceparent(context, traceparent),
    });
    let isAcknowledged = false;
    const own = acknowledging(tracked.commands, event.id, () => {
      isAcknowledged = true;
    });
    call = startCall({
      clock,
      plugin: `The sink "${sink.id}"`,
      timeoutMs: sink.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      graceMs: 0,
      onAbort: tracked.end,
      async work(started) {
        const ctx: SinkContext = {
          repo,
          clock,
          log,
          services: servicesOf(host),
          commands: own,
          context,
          signal: started.signal,
          attempt,
        };
        await sink.handle(event, ctx);
        await tracked.settled();
      },
    });
    const end = await call.ended;
    tracked.end();
    if (end.kind === "returned" || isAcknowledged) return { status: "delivered" };
    return { status: "failed", error: end.kind === "threw" ? end.error : end.reason };
  }
}

function endOf(outcome: SinkCallOutcome): WorkEnd {
  return outcome.status === "delivered" ? { status: "succeeded" } : outcome;
}
