import {
  type CoreEvents,
  type CoreModule,
  canonicalJson,
  type DomainEvent,
  type EventOf,
  idText,
  jsonObject,
  type StoreModule,
} from "@atlas/core";
import { isOfType } from "@atlas/core/internal";
import { z } from "zod";

const PATTERN = /^[^*]+(\.\*)?$/;

/** The schema of an {@link EventFilter}. */
export const eventFilter = z.strictObject({
  /** A type such as `artifact.created`, or every type below one, such as `job.*`. */
  type: idText.refine(
    (type) => PATTERN.test(type),
    'must be a type such as "artifact.created", or "job.*" for all below one',
  ),
  aggregate_id: idText.optional(),
  /** Values that the event's payload must have at its top level. */
  payload: jsonObject.optional(),
});

/**
 * Selects domain events; every given field must match. `type` is a type such as `artifact.created`, or `job.*` for every type
 * that starts with `job.`. `payload` lists values that the event's payload must have at its top level.
 */
export type EventFilter = Readonly<z.output<typeof eventFilter>>;

/** An entry of `on`: an event type, a pattern such as `job.*`, or a filter. */
export type EventEntry = keyof CoreEvents | (string & {}) | EventFilter;

type TypeOf<Entry> = Entry extends string
  ? Entry
  : Entry extends { readonly type: infer Type extends string }
    ? Type
    : string;

/**
 * The events that a list selects: the union of what core and these modules declare for its types. Without a list, or for types that the
 * compiler does not know, any {@link DomainEvent}.
 */
export type SelectedEvent<Module extends StoreModule, On extends readonly EventEntry[]> = EventOf<
  CoreModule | Module,
  TypeOf<On[number]>
>;

/** True when the event matches the filter. */
export function matchesEvent(
  event: Pick<DomainEvent, "type" | "aggregate_id" | "payload">,
  { type, aggregate_id, payload = {} }: EventFilter,
): boolean {
  if (!isOfType(event.type, type) || (aggregate_id !== undefined && event.aggregate_id !== aggregate_id))
    return false;
  return Object.entries(payload).every(
    ([key, value]) => Object.hasOwn(event.payload, key) && isSameJson(event.payload[key], value),
  );
}

/**
 * A test for the events that a list selects: any entry may match, and no list selects all events. An entry is a filter, or the
 * `type` of one. A `TypeError` names the wrong entry; `of` names the owner of the list, such as `The sink "list"`.
 */
export function eventSelector(
  on: readonly (string | EventFilter)[] | undefined,
  of: string,
): (event: DomainEvent) => boolean {
  if (on === undefined) return () => true;
  if (!Array.isArray(on)) throw new TypeError(`${of}: "on" must be a list of event types and filters.`);
  const filters = on.map((entry) => parseEventFilter(entry, `${of}: an entry of "on"`));
  return (event) => filters.some((filter) => matchesEvent(event, filter));
}

/** Checks a filter, or a type that stands for one. A `TypeError` says what is wrong with it; `of` names it. */
export function parseEventFilter(given: unknown, of: string): EventFilter {
  const parsed = eventFilter.safeParse(typeof given === "string" ? { type: given } : given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.join(".") ?? "";
  throw new TypeError(
    `${of} must be an event type such as "artifact.created" or "job.*", or a filter { type, aggregate_id?, payload? }; got ${shown(given)}${path === "" ? "" : ` (${path}: ${issue?.message})`}.`,
  );
}

function isSameJson(left: unknown, right: unknown): boolean {
  return canonicalJson(left) === canonicalJson(right);
}

function shown(value: unknown): string {
  try {
    return (JSON.stringify(value) ?? String(value)).slice(0, 200);
  } catch {
    return typeof value;
  }
}
