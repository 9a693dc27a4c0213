import type { DomainEvent } from "../contract/command.ts";
import type { EventOf } from "../contract/event-types.ts";
import type { StoreModule } from "../contract/module.ts";
import type { CoreModule } from "./core-module.ts";

/**
 * True for an event of this type, or of one below it for a pattern such as `job.*`. It narrows the event to what core declares for the
 * type, or the `module` that you give. The type alone is looked at: a host that emits a declared type itself must keep to its shape.
 *
 * @example
 * ```ts
 * const reasonOf = (event: DomainEvent) => (isEvent(event, "job.failed") ? event.payload.error?.message : undefined);
 * assert.equal(typeof reasonOf, "function");
 * ```
 */
export function isEvent<const Type extends string, Module extends StoreModule = never>(
  event: DomainEvent,
  type: Type,
  _module?: Module,
): event is EventOf<CoreModule | Module, Type> {
  return isOfType(event.type, type);
}

/** True when `type` is the wanted one, or below it for a pattern such as `job.*`. */
export function isOfType(type: string, wanted: string): boolean {
  return wanted.endsWith(".*") ? type.startsWith(wanted.slice(0, -1)) : type === wanted;
}
