import { didYouMean } from "@atlas/core/internal";
import { unsupported } from "../openai-error.ts";

/** The fields of a request beside those that are carried. */
export interface OtherFields {
  /** They change nothing about the answer of one call, so they are read over. */
  readonly ignored: readonly string[];
  /** They would change the answer, and no call of a model can carry them. A value that asks for nothing is let through. */
  readonly refused: Readonly<
    Record<string, { readonly why: string; readonly asksNothing: (value: unknown) => boolean }>
  >;
}

/**
 * Refuses a request that asks for what cannot be done, with the name of the field. A field that nobody knows is refused too, with the
 * nearest one that is known: it may be a misspelt setting. `null` stands for an absent field everywhere.
 */
export function checkFields(
  body: Readonly<Record<string, unknown>>,
  { carried, ignored, refused }: OtherFields & { readonly carried: readonly string[] },
): void {
  for (const [name, value] of Object.entries(body)) {
    if (value === null || value === undefined || carried.includes(name) || ignored.includes(name)) continue;
    const rule = Object.hasOwn(refused, name) ? refused[name] : undefined;
    const shown = name.slice(0, 100);
    if (rule === undefined)
      throw unsupported(
        shown,
        `The field ${JSON.stringify(shown)} is not known here.${didYouMean(shown, carried) || " Leave it out."}`,
      );
    if (!rule.asksNothing(value)) throw unsupported(name, rule.why);
  }
}

/** For a field that cannot be used at all. */
export function never(): boolean {
  return false;
}

/** For a switch that may be off. */
export function off(value: unknown): boolean {
  return value === false || value === 0;
}

/** For a list or an object that may be empty. */
export function empty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}
