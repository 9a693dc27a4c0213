import { type Command, type CommandOf, CoreError, type StoreModule } from "@atlas/core";
import type { EventEntry, SelectedEvent } from "./event-filter.ts";
import type { Need, PluginServices, ServicesOf } from "./service.ts";
import type { SinkContext, SinkOptions, SinkPlugin } from "./sink.ts";

/** What a reactor gets for one event: it reads, and returns the commands to send. */
export type ReactorContext<
  Module extends StoreModule = never,
  Services extends object = PluginServices,
> = Omit<SinkContext<Module, Services>, "commands">;

/** Options of {@link reactor}: those of a sink, and what it does. */
export interface ReactorOptions<
  Uses extends readonly StoreModule[],
  Needs extends readonly Need[],
  Answers extends readonly (Command | CommandOf<Uses[number]>)[],
  On extends readonly EventEntry[] = readonly EventEntry[],
> extends Omit<SinkOptions, "on"> {
  readonly id: string;
  readonly uses?: Uses;
  readonly needs?: Needs;
  /** The events to answer, as in a sink. Default: all events. */
  readonly on?: On;
  /** Returns the commands that answer an event; an empty list does nothing. It may run again for the same event. */
  handle(
    event: SelectedEvent<Uses[number], On>,
    ctx: ReactorContext<Uses[number], ServicesOf<Needs>>,
  ): Promise<Answers> | Answers;
}

/**
 * A sink that answers domain events with commands (at most 1,000), which take effect once per event although the event may be
 * delivered twice. They are one unit with an id made of the event's and the reactor's. The store keeps that id for 30 days. If one of
 * them is refused, none takes effect, and the delivery fails and is retried.
 *
 * @example
 * ```ts
 * const index = reactor({
 *   id: "index",
 *   on: ["artifact.created"],
 *   handle: ({ aggregate_id }) => [{ type: "entity.upsert", entity: { id: `of:${aggregate_id}`, type: "index" } }],
 * });
 * assert.deepEqual(index.on, ["artifact.created"]);
 * ```
 */
export function reactor<
  const Uses extends readonly StoreModule[] = readonly [],
  const Needs extends readonly Need[] = readonly [],
  // Inferred, because a literal type in a returned list would otherwise be widened.
  const Answers extends readonly (Command | CommandOf<Uses[number]>)[] = readonly Command[],
  const On extends readonly EventEntry[] = readonly EventEntry[],
>(options: ReactorOptions<Uses, Needs, Answers, On>): SinkPlugin {
  const { id } = options;
  // Without the function that answers there is nothing to wrap, and the gateway says which method the sink lacks.
  if (typeof options.handle !== "function") return options as never;
  return {
    ...options,
    async handle(event, ctx) {
      // The runner passes what `on`, `uses` and `needs` of these options say; `commands` goes unused.
      const commands = (await options.handle(event as never, ctx as never)) as readonly Command[];
      if (commands.length === 0) return;
      const answer = await ctx.commands.attemptAll(commands, { command_id: `${event.id}:${id}` });
      if (!("refuse" in answer)) return;
      // An earlier delivery has taken effect, with commands that differ from these.
      if (answer.refuse === "ATLAS_CORE_COMMAND_ID_REUSED") return;
      throw new CoreError(answer.refuse, answer.details ?? {}, answer.message);
    },
  };
}
