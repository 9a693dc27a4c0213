import { parseRetryAfter } from "@atlas/routing/http-status";
import type { ServiceAnswer } from "./service-answer.ts";

/** Headers of a response: a `Headers`, or names in any case with their values. */
export type AnyHeaders = object;

/**
 * The pause that a service asked for, in milliseconds; undefined where it asked for none. `now` is wall-clock time in
 * milliseconds since 1970. Some services name a pause only in ways that mean something for a rate limit alone, so
 * `isRateLimited` says whether there was one.
 */
export function askedPause(
  headers: readonly AnyHeaders[],
  { messages, details }: Pick<ServiceAnswer, "messages" | "details">,
  { now, isRateLimited }: { readonly now: number; readonly isRateLimited: boolean },
): number | undefined {
  const read = (name: string): string | undefined => headerOf(headers, name);
  const pause =
    milliseconds(read("retry-after-ms")) ??
    parseRetryAfter(read("retry-after"), now) ??
    retryInfo(details) ??
    (isRateLimited ? (exhaustedLimit(read, now) ?? pauseInWords(messages)) : undefined);
  return pause === undefined ? undefined : Math.min(Math.round(pause), Number.MAX_SAFE_INTEGER);
}

function headerOf(all: readonly AnyHeaders[], name: string): string | undefined {
  for (const headers of all) {
    const entries: Iterable<[string, unknown]> =
      headers instanceof Headers ? headers : Object.entries(headers);
    for (const [key, value] of entries) {
      if (key.toLowerCase() !== name) continue;
      const [first]: unknown[] = [value].flat();
      if (typeof first === "string" || typeof first === "number") return String(first);
    }
  }
  return undefined;
}

function milliseconds(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : undefined;
}

/** `google.rpc.RetryInfo`: `{ "retryDelay": "34.074824224s" }`. */
function retryInfo(details: readonly object[]): number | undefined {
  for (const detail of details) {
    if (!String(Reflect.get(detail, "@type")).endsWith("google.rpc.RetryInfo")) continue;
    const delay = durationMs(String(Reflect.get(detail, "retryDelay")));
    if (delay !== undefined) return delay;
  }
  return undefined;
}

const limits = ["-requests", "-tokens", ""] as const;

/**
 * The time until the limits that are used up are full again. OpenAI, Azure and Groq send `x-ratelimit-reset-requests` and
 * `-tokens` as durations, OpenRouter sends `X-RateLimit-Reset` as milliseconds since 1970.
 */
function exhaustedLimit(read: (name: string) => string | undefined, now: number): number | undefined {
  const pauses = limits.flatMap((limit) => {
    const remaining = read(`x-ratelimit-remaining${limit}`);
    const reset = read(`x-ratelimit-reset${limit}`);
    if (reset === undefined || remaining !== "0") return [];
    const at = milliseconds(reset);
    const pause =
      at !== undefined && at > 1e12 ? at - now : durationMs(at === undefined ? reset : `${reset}s`);
    return pause === undefined ? [] : [Math.max(0, pause)];
  });
  return pauses.length === 0 ? undefined : Math.max(...pauses);
}

/** "Please try again in 6m0s." (OpenAI, Groq), "Please retry in 34.07s." (Google), "Please retry after 7 seconds." (Azure). */
function pauseInWords(messages: readonly string[]): number | undefined {
  for (const message of messages) {
    const said = /\b(?:try again|retry) (?:in|after) ((?:\d+(?:\.\d+)?\s?(?:ms|s|m|h)[a-z]*\s?)+)/i.exec(
      message,
    );
    const pause = durationMs(said?.[1]?.replaceAll(/\s/g, "").replaceAll(/(s|m|h)[a-z]{2,}/gi, "$1") ?? "");
    if (pause !== undefined) return pause;
  }
  return undefined;
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Reads `20ms`, `7.66s`, `6m0s`, `1h2m`. */
function durationMs(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined;
  return [...text.matchAll(/([\d.]+)(ms|s|m|h|d)/g)].reduce(
    (sum, [, amount, unit = "s"]) => sum + Number(amount) * (unitMs[unit] ?? 0),
    0,
  );
}
