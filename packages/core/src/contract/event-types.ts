import type { NewChangeEvent } from "./change.ts";
import type { DomainEvent } from "./command.ts";
import type { JsonObject } from "./json.ts";

/** What every event of one type has. Without `payload` the payload is empty; without `aggregate_id` an event may have one or none. */
export interface EventShape {
  readonly aggregate_id?: string;
  readonly payload?: JsonObject;
}

/** Any events: those of a module that declares none. */
export type AnyEvents = Readonly<Record<string, EventShape>>;

/** A type for `defineModule` to infer a module's events from. It holds nothing. */
export interface EventsMarker<in out Events> {
  readonly events?: (events: Events) => Events;
}

/**
 * Declares the domain events that a module's commands emit, by their types: `events: events<FinopsEvents>()`. The compiler checks them
 * where a handler emits, and sinks that use the module get them typed. Nothing is checked at run time. Write each payload as an object
 * type or a `type`; an `interface` does not count as JSON.
 *
 * @example
 * ```ts
 * interface NotesEvents {
 *   "notes.added": { aggregate_id: string; payload: { words: number } };
 * }
 * const notes = defineModule({
 *   name: "notes",
 *   version: 1,
 *   migrations: {},
 *   events: events<NotesEvents>(),
 *   commands: {
 *     "notes.add": defineCommand<unknown, NotesEvents>()({
 *       schema: z.object({ id: z.string(), text: z.string() }),
 *       apply: ({ id, text }, change) =>
 *         change.emit({ type: "notes.added", aggregate_id: id, payload: { words: text.split(" ").length } }),
 *     }),
 *   },
 * });
 * assert.equal(notes.name, "notes");
 * ```
 */
export function events<
  Events extends { readonly [Type in keyof Events]: EventShape },
>(): EventsMarker<Events> {
  return {};
}

/** What a handler may emit: any event, or those that its module declares. */
export type NewEventOf<Events> = string extends keyof Events
  ? NewChangeEvent
  : {
      [Type in keyof Events & string]: Pick<NewChangeEvent, "created_at"> & {
        readonly type: Type;
      } & Events[Type];
    }[keyof Events & string];

/** An event with the aggregate that it tells of. */
export interface AggregateEvent<Type extends string = string, Payload extends JsonObject = JsonObject>
  extends DomainEvent<Type, Payload> {
  readonly aggregate_id: string;
}

/** The events that a module declares; `never` if it declares none. */
type EventsOf<Module> = Module extends { readonly events?: EventsMarker<infer Events> | undefined }
  ? string extends keyof Events
    ? never
    : Events
  : never;

type PayloadOf<Shape> = Shape extends { readonly payload: infer Payload extends JsonObject }
  ? Payload
  : "payload" extends keyof Shape
    ? JsonObject
    : Readonly<Record<string, never>>;

type EventOfShape<Type extends string, Shape> = Shape extends { readonly aggregate_id: string }
  ? AggregateEvent<Type, PayloadOf<Shape>>
  : DomainEvent<Type, PayloadOf<Shape>>;

/** The union of all events of modules. */
type DeclaredEvent<Module> = Module extends unknown
  ? {
      [Type in keyof EventsOf<Module> & string]: EventOfShape<Type, EventsOf<Module>[Type]>;
    }[keyof EventsOf<Module> & string]
  : never;

type Below<Pattern extends string> = Pattern extends `${infer Start}.*` ? `${Start}.${string}` : Pattern;

type Declared<Module, Type extends string> = [
  Extract<DeclaredEvent<Module>, { readonly type: Type }>,
] extends [never]
  ? DomainEvent<Type>
  : Extract<DeclaredEvent<Module>, { readonly type: Type }>;

/**
 * The domain events of these types, as these modules declare them: `EventOf<CoreModule, "job.failed">`, or `"job.*"` for the union of all
 * declared types below one. A type that no module declares has any JSON object as its payload.
 */
export type EventOf<Module, Type extends string> = string extends Type
  ? DomainEvent
  : Type extends unknown
    ? Declared<Module, Below<Type>>
    : never;
