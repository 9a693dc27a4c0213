import { canonicalJson, isoTime, type JsonObject, jsonObject } from "@atlas/core";
import { normalizeTime } from "@atlas/core/internal";
import { type EventFilter, parseEventFilter } from "../../contract/event-filter.ts";

const MAX_JOBS = 1_000;
const MAX_TIME = Date.parse("9999-12-31T00:00:00.000Z");

/** What `ctx.wait` tells those who answer. */
export function checkInfo(name: string, info: JsonObject): JsonObject {
  const parsed = jsonObject.safeParse(info);
  if (parsed.success) return parsed.data;
  throw new TypeError(`ctx.wait("${name}"): "info" must be a JSON object.`);
}

/** The jobs that `ctx.waitForJobs` of the job `self` may wait for. */
export function checkIds(name: string, ids: unknown, self: string): readonly string[] {
  const what = `ctx.waitForJobs("${name}")`;
  if (!Array.isArray(ids) || !ids.every((id) => typeof id === "string" && id !== ""))
    throw new TypeError(`${what} takes a list of job ids.`);
  if (ids.length > MAX_JOBS) {
    throw new TypeError(
      `${what} takes at most ${MAX_JOBS} jobs; got ${ids.length}. Wait for them in parts, each with its own name.`,
    );
  }
  if (ids.includes(self)) throw new TypeError(`${what}: the job "${self}" cannot wait for itself.`);
  return ids;
}

/** The filter of `ctx.waitForEvent`. Past events are found by their type, so a wait names exactly one. */
export function oneType(name: string, given: EventFilter): EventFilter {
  const filter = parseEventFilter(given, `The filter of ctx.waitForEvent("${name}")`);
  try {
    canonicalJson(filter);
  } catch (error) {
    throw new TypeError(
      `The filter of ctx.waitForEvent("${name}") must be JSON; its payload holds something else, such as undefined.`,
      { cause: error },
    );
  }
  if (!filter.type.endsWith(".*")) return filter;
  throw new TypeError(
    `ctx.waitForEvent("${name}") waits for one event type; got "${filter.type}". Name the type without ".*".`,
  );
}

/** When a sleep ends, as an ISO 8601 time. */
export function timeOf(name: string, until: unknown, now: number): string {
  if (typeof until === "number" && until >= 0 && now + until <= MAX_TIME) return isoTime(now + until);
  if (until instanceof Date && !Number.isNaN(until.getTime()) && until.getTime() <= MAX_TIME)
    return until.getTime() <= 0 ? isoTime(0) : isoTime(until.getTime());
  const text = typeof until === "string" ? normalizeTime(until) : undefined;
  if (text !== undefined && text.length === 24) return text;
  throw new TypeError(
    `ctx.sleep("${name}") takes a duration in milliseconds, a Date, or an ISO 8601 time such as "2026-11-21T09:30:00Z"; got ${String(until)}.`,
  );
}

/** The number of the event after which `ctx.waitForEvent` looks. */
export function checkAfter(name: string, after: number | undefined): void {
  if (after === undefined || (Number.isSafeInteger(after) && after >= 0)) return;
  throw new TypeError(`ctx.waitForEvent("${name}"): "after" is the number (seq) of an event; got ${after}.`);
}

/** When a wait that begins now times out, as an ISO 8601 time; nothing without a limit. */
export function deadlineOf(of: {
  /** The method, such as `ctx.wait`. */
  readonly what: string;
  readonly name: string;
  readonly timeoutMs: number | undefined;
  readonly now: number;
}): string | undefined {
  const { what, name, timeoutMs, now } = of;
  if (timeoutMs === undefined) return undefined;
  const at = now + timeoutMs;
  if (typeof timeoutMs === "number" && timeoutMs >= 0 && at <= MAX_TIME) return isoTime(at);
  throw new TypeError(
    `${what}("${name}"): timeoutMs must be a number of milliseconds from 0, ending before the year 10000; got ${timeoutMs}.`,
  );
}
