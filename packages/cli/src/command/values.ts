import { usage } from "./command-error.ts";

/** A whole number of an option, or nothing where the option is absent. */
export function wholeNumber(
  text: string | undefined,
  option: string,
  { least, most }: { readonly least: number; readonly most: number },
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^-?\d+$/.test(text) || value < least || value > most)
    throw usage(`${option} must be a whole number from ${least} to ${most}; got "${text}".`);
  return value;
}

/** One of several texts, or nothing where the option is absent. */
export function oneOf<const Allowed extends string>(
  text: string | undefined,
  option: string,
  allowed: readonly Allowed[],
): Allowed | undefined {
  if (text === undefined) return undefined;
  const found = allowed.find((each) => each === text);
  if (found === undefined) throw usage(`${option} must be one of ${allowed.join(", ")}; got "${text}".`);
  return found;
}

/** The texts of a list with commas, or nothing where the option is absent. */
export function listOf(text: string | undefined): readonly string[] | undefined {
  return text
    ?.split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

const UNITS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Milliseconds of a text such as `90m` or `30d`; nothing for any other text. */
export function durationMs(text: string): number | undefined {
  const [, count, unit = ""] = /^(\d{1,6})([smhdw])$/.exec(text) ?? [];
  const each = UNITS[unit];
  return count === undefined || each === undefined ? undefined : Number(count) * each;
}

// ISO-8601, with the zone: without one, the same text would mean another moment on another machine.
const TIME = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** The time that a text names: `2026-11-01T08:00:00Z`, `2026-11-01`, or so long ago (`30d`). Throws a usage error. */
export function pastTime(text: string, option: string, now: number): string {
  const ago = durationMs(text);
  const time = ago === undefined ? (TIME.test(text) ? Date.parse(text) : Number.NaN) : now - ago;
  if (!Number.isFinite(time))
    throw usage(
      `${option} must be a time such as 2026-11-01T08:00:00Z, or an age such as 30d; got "${text}".`,
    );
  return new Date(time).toISOString();
}

/** A JSON value that was typed. */
export function jsonValue(text: string, option: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw usage(`${option} is not valid JSON. Quote it for the shell, as in '{"name": "value"}'.`);
  }
}
