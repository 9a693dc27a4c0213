import type { Command, CommandOf, JsonValue, StoreModule } from "@atlas/core";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { PluginContext } from "./context.ts";
import type { PluginNeeds } from "./needs.ts";
import type { RetryPolicy } from "./retry.ts";
import type { Schedule } from "./schedule.ts";
import type { Need, PluginServices, ServicesOf } from "./service.ts";

/** Brings data in: reads what is new since its cursor and sends it as commands. */
export interface SourcePlugin extends SourceOptions, PluginNeeds {
  readonly id: string;
  /**
   * The schema of the cursor. It types `ctx.cursor` and `ctx.checkpoint` in {@link defineSource}, and a stored cursor that does not match
   * fails the sync with `ATLAS_PLUGINS_CURSOR_INVALID`. Default: any JSON value.
   */
  readonly cursor?: StandardSchemaV1;
  /** Reads what is new. It never runs twice at the same time. */
  sync(ctx: SourceContext): Promise<void>;
  /**
   * Tests whether a sync could work: can it connect, is its configuration right? It throws an error that says what is wrong. It has 30 s,
   * and `gateway.check()` calls it for every source. Default: the source is reported as `unchecked`.
   */
  check?(ctx: SourceCheckContext): Promise<void>;
  /**
   * Takes what is pushed to the source with `gateway.receive` or `POST /webhooks/<id>`, and sends it as commands. It has 30 s, and may run
   * several times at once, each time for another delivery. Its commands get ids from the delivery's: a delivery that comes again within 30
   * days changes nothing. For that, send the same commands in the same order for the same delivery. Default: nothing can be pushed to it.
   */
  receive?(ctx: SourceReceiveContext, delivery: SourceDelivery): Promise<void>;
  /**
   * Tells who sent a delivery before anybody reads it, such as by its signature. Required where there is a
   * `receive`.
   */
  verify?(request: DeliveryRequest): VerifiedDelivery;
}

/** A delivery as it arrived. */
export interface DeliveryRequest {
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The raw body, before any parsing. */
  readonly body: string | Uint8Array;
  /** Now, in milliseconds since 1970. */
  readonly now: number;
}

/** A genuine delivery with the id that its sender gave it, or the reason not to trust it. */
export type VerifiedDelivery =
  | { readonly valid: true; readonly id: string }
  | { readonly valid: false; readonly reason: string };

/** A genuine delivery. */
export interface SourceDelivery {
  /** The sender's own id, the same each time it sends the delivery. */
  readonly id: string;
  readonly body: JsonValue;
  readonly headers: Headers;
}

/** What a source gets for one delivery. */
export type SourceReceiveContext<
  Module extends StoreModule = never,
  Services extends object = PluginServices,
> = PluginContext<Module, Services>;

/** When and for how long a source syncs. */
export interface SourceOptions {
  /** When to sync by itself. Default: only when `gateway.sync` is called. */
  readonly schedule?: Schedule;
  /** Pauses after failed syncs of a scheduled source. `maxAttempts` is ignored, because a source never gives up. */
  readonly retry?: RetryPolicy;
  /**
   * Time limit of one sync, in milliseconds. Default: 900,000 (15 min). Raise it for a long first import, or store a checkpoint after
   * each page: a sync that runs out of time then goes on from the last one.
   */
  readonly timeoutMs?: number;
  /**
   * How many commands of one sync may be refused before the sync fails. A refused command is then kept as a row, which
   * `repo.plugins.listRefusedRecords()` lists, and its promise resolves as for a command that changed nothing. Default: 0, so that no
   * record is lost unseen. Raise it for a world that you cannot correct, and watch `refused` in `gateway.health()`. Commands of a
   * checkpoint, and failures of the storage, are never tolerated.
   */
  readonly maxRefused?: number;
}

/** What a source gets for one sync. */
export interface SourceContext<
  Module extends StoreModule = never,
  Services extends object = PluginServices,
  Cursor extends StandardSchemaV1 = AnyCursor,
> extends PluginContext<Module, Services> {
  /** The cursor of the last checkpoint; absent before the first one and in a full sync. */
  readonly cursor: StandardSchemaV1.InferOutput<Cursor> | undefined;
  /** True when the source is asked to read everything again. */
  readonly full: boolean;
  /**
   * Stores how far the source has come. It first waits until every command of this sync is committed, and throws if one was refused:
   * the cursor never runs ahead of the data. It then commits `commands` (at most 999) and the cursor as one unit.
   *
   * A source may send commands without awaiting them, up to 5,000 that are not committed yet. Awaiting a checkpoint after each page
   * keeps it below that limit, whatever the number of commands in all. Checkpoints are stored in the order of the calls; after one that
   * failed none is stored, and the sync fails whether it awaited that one or not.
   */
  checkpoint(
    cursor: StandardSchemaV1.InferInput<Cursor>,
    commands?: readonly (Command | CommandOf<Module>)[],
  ): Promise<void>;
}

/** The cursor of a source without a schema. */
export type AnyCursor = StandardSchemaV1<JsonValue, JsonValue>;

/** What a source's check gets: it can read, but not write. */
export type SourceCheckContext<
  Module extends StoreModule = never,
  Services extends object = PluginServices,
  Cursor extends StandardSchemaV1 = AnyCursor,
> = Omit<PluginContext<Module, Services>, "commands" | "context"> & {
  readonly cursor: StandardSchemaV1.InferOutput<Cursor> | undefined;
};

/**
 * Returns the source as it is, typed: `ctx` has the modules that it `uses`, the services that it `needs`, and the type of its `cursor`.
 * `createGateway` checks the options, and throws a `TypeError` that names the wrong one.
 *
 * @example
 * ```ts
 * const people = defineSource({
 *   id: "people",
 *   cursor: z.object({ page: z.number() }),
 *   sync: async (ctx) => ctx.checkpoint({ page: (ctx.cursor?.page ?? 0) + 1 }),
 * });
 * assert.equal(people.id, "people");
 * ```
 */
export function defineSource<
  const Uses extends readonly StoreModule[] = readonly [],
  const Needs extends readonly Need[] = readonly [],
  Cursor extends StandardSchemaV1 = AnyCursor,
>(
  source: SourceOptions & {
    readonly id: string;
    readonly cursor?: Cursor;
    readonly uses?: Uses;
    readonly needs?: Needs;
    sync(ctx: SourceContext<Uses[number], ServicesOf<Needs>, Cursor>): Promise<void>;
    check?(ctx: SourceCheckContext<Uses[number], ServicesOf<Needs>, Cursor>): Promise<void>;
    receive?(
      ctx: SourceReceiveContext<Uses[number], ServicesOf<Needs>>,
      delivery: SourceDelivery,
    ): Promise<void>;
    verify?(request: DeliveryRequest): VerifiedDelivery;
  },
): SourcePlugin {
  // The runner passes to the methods what `uses`, `needs` and `cursor` of this object say.
  return source as never;
}
