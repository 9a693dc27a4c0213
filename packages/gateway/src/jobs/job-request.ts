import { canonicalJson, type NewJob } from "@atlas/core";
import { checkOptions, digestOf, type KeyScope } from "@atlas/plugins/runtime";

/**
 * Which jobs of one workflow count as the same. `while: "active"`: at most one job with this key is queued, waiting or running.
 * `forMs`: one job in so many milliseconds, counted from its creation, whatever became of it. For one job until it is pruned, use
 * `idempotency_key`.
 */
export type UniqueJob =
  | { readonly key: string; readonly while: "active" }
  | { readonly key: string; readonly forMs: number };

/** A job to be created. */
export type JobRequest = NewJob & {
  /** Creates no job when another one counts as the same. Default: every call creates one. */
  readonly unique?: UniqueJob;
};

/** A job to be created, with its key. */
export interface Wanted {
  readonly job: NewJob & { readonly id: string };
  readonly key?: WantedKey;
}

/** The key of a job to be created. */
export interface WantedKey {
  readonly scope: KeyScope;
  readonly key: string;
  /** Of the input. */
  readonly digest: string;
  /** How long a window lasts. */
  readonly forMs?: number;
}

const MAX_WINDOW_MS = 10 * 365 * 24 * 60 * 60 * 1_000;

/** Checks a request, and reads its key. */
export function toWanted({ unique, ...request }: JobRequest, newId: () => string): Wanted {
  const job = { ...request, id: request.id ?? newId() };
  const { idempotency_key } = job;
  const digest = (): string => digestOf(canonicalJson(job.input ?? {}));
  if (unique === undefined) {
    if (idempotency_key === undefined) return { job };
    return { job, key: { scope: "job", key: idempotency_key, digest: digest() } };
  }
  const what = "jobs.create: unique";
  if (idempotency_key !== undefined)
    throw new TypeError(`jobs.create takes idempotency_key or unique, not both. Keep the one that you need.`);
  checkOptions(what, unique, ["key", "while", "forMs"]);
  const { key } = unique;
  const time = "while" in unique ? unique.while : undefined;
  const forMs = "forMs" in unique ? unique.forMs : undefined;
  if (typeof key !== "string" || key === "")
    throw new TypeError(`${what}.key must be a text such as "sync:42"; got ${JSON.stringify(key)}.`);
  if ((time === undefined) === (forMs === undefined) || (time !== undefined && time !== "active"))
    throw new TypeError(
      `${what} takes { key, while: "active" } or { key, forMs }; got ${JSON.stringify(unique)}.`,
    );
  if (forMs === undefined) return { job, key: { scope: "active", key, digest: digest() } };
  if (!Number.isInteger(forMs) || forMs < 1 || forMs > MAX_WINDOW_MS)
    throw new TypeError(
      `${what}.forMs must be a whole number of milliseconds from 1 to ${MAX_WINDOW_MS} (10 years); got ${String(forMs)}.`,
    );
  return { job, key: { scope: "window", key, digest: digest(), forMs } };
}
