import { z } from "zod";

const CANONICAL = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const WITH_ZONE = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d([.,]\d{1,9})?)?(Z|[+-]\d\d:?\d\d)$/i;

/** Formats milliseconds since 1970 as Atlas stores times: ISO-8601 in UTC with milliseconds, 24 characters, sortable as text. */
export function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

/** {@link isoTime} of a clock, which formats each millisecond once. */
export function createIsoNow(now: () => number): () => string {
  let at = Number.NaN;
  let text = "";
  return () => {
    const time = now();
    if (time !== at) {
      at = time;
      text = isoTime(time);
    }
    return text;
  };
}

/** The stored form of an ISO-8601 time with a zone; nothing if `value` is not such a time. */
export function normalizeTime(value: string): string | undefined {
  if (!WITH_ZONE.test(value)) return undefined;
  const parsed = Date.parse(value.replace(",", "."));
  if (Number.isNaN(parsed) || !isDay(value.slice(0, 10))) return undefined;
  const text = isoTime(parsed);
  return CANONICAL.test(text) ? text : undefined;
}

/** False for a day that no month has, such as February 30, which `Date` takes for one in March. */
function isDay(day: string): boolean {
  const parsed = Date.parse(day);
  return !Number.isNaN(parsed) && isoTime(parsed).startsWith(day);
}

/** A zod schema for a time. Any ISO-8601 form with a zone is normalised; everything else is refused. */
export const timeText = z.string().check((context) => {
  const text = normalizeTime(context.value);
  if (text === undefined) {
    const message = 'must be an ISO-8601 time with a zone, such as "2026-11-21T09:30:00.000Z"';
    context.issues.push({ code: "custom", message, input: context.value });
  } else {
    context.value = text;
  }
});
