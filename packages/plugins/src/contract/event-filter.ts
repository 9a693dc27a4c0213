const PATTERN = /^[^*]+(\.\*)?$/;

/** True for the event types that a sink's `on` names. A `TypeError` says which entry is no type and no `prefix.*`. */
export function eventTypeFilter(on: readonly string[] | undefined, sink: string): (type: string) => boolean {
  if (on === undefined) return () => true;
  const types = new Set<string>();
  const prefixes: string[] = [];
  for (const entry of on) {
    if (typeof entry !== "string" || !PATTERN.test(entry)) {
      throw new TypeError(
        `The sink "${sink}" names ${JSON.stringify(entry)} in "on"; write a type such as "artifact.created", or all below one such as "job.*".`,
      );
    }
    if (entry.endsWith(".*")) prefixes.push(entry.slice(0, -1));
    else types.add(entry);
  }
  return (type) => types.has(type) || prefixes.some((prefix) => type.startsWith(prefix));
}
