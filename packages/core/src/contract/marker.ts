import { CoreError } from "./errors.ts";

/** What the Writer knows only when it applies a command. */
export interface MarkedValues {
  /** The type of the command. */
  readonly type: string;
  /** The number that the command's first event gets; undefined if the command emits none. */
  readonly eventSeq: number | undefined;
  readonly depth: number;
}

// One symbol for every copy of this package in a process: a module may have brought its own.
const markerName = Symbol.for("@atlas/core.marker");

/**
 * Stands for the `seq` of the first event that the command emits. Give it as a value of a statement; the Writer binds the
 * number while it runs the step. A replay gives the same number. A command that emits no event is refused with
 * `ATLAS_CORE_HANDLER_FAILED` if it uses this marker. Within a handler it is not a number: calculating with it, or putting it
 * into a payload, throws.
 *
 * @example
 * ```ts
 * interface NoteTables { notes_note: { id: string; seq: number } }
 * const insertNote = statement<NoteTables, NoteTables["notes_note"]>((db, p) =>
 *   db.insertInto("notes_note").values(p.columns(["id", "seq"])),
 * );
 * const keep = ({ id }: { id: string }, change: Change<NoteTables>) => {
 *   change.run(insertNote, { id, seq: EVENT_SEQ });
 *   change.emit({ type: "notes.kept", aggregate_id: id });
 * };
 * assert.equal(planOf(keep, { id: "n1" }).steps[0]?.alternatives[0]?.values.seq, EVENT_SEQ);
 * ```
 */
export const EVENT_SEQ: number = createMarker("EVENT_SEQ");

/**
 * Stands for the depth of the command: the `depth` of its envelope's cause, or 0 without a cause. The command's events have
 * the same depth. Give it as a value of a statement, like {@link EVENT_SEQ}.
 */
export const DEPTH: number = createMarker("DEPTH");

/** The number that `value` stands for; undefined if it is not a marker. */
export function markedValue(value: object, { type, eventSeq, depth }: MarkedValues): number | undefined {
  // Every object may be asked for a symbol.
  const name = (value as { readonly [markerName]?: unknown })[markerName];
  if (name === undefined) return undefined;
  if (name === "DEPTH") return depth;
  if (eventSeq !== undefined) return eventSeq;
  const message = `The handler of "${type}" used EVENT_SEQ but emits no event. Emit an event, or leave EVENT_SEQ out.`;
  throw new CoreError("ATLAS_CORE_HANDLER_FAILED", { type }, message);
}

function createMarker(name: "EVENT_SEQ" | "DEPTH"): number {
  const refuse = (): never => {
    throw new TypeError(
      `${name} can only be given as a value of a statement. Only the Writer knows its number.`,
    );
  };
  const marker = Object.freeze({ [markerName]: name, toJSON: refuse, [Symbol.toPrimitive]: refuse });
  // A statement takes it where it takes a number, and any other use throws.
  return marker as unknown as number;
}
