import { timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { countOption, readOptions } from "../options.ts";
import { SECRET_MUST, webhookDigest, webhookKey } from "./signature.ts";

/** Options of {@link verifyWebhook}. */
export interface VerifyWebhookOptions {
  /** The request's headers, as `fetch` or Node's `http` give them. */
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The raw body, before any parsing. */
  readonly body: string | Uint8Array;
  /** The sender's secret, or several while one replaces another. */
  readonly secret: string | readonly string[];
  /** Now, in milliseconds since 1970. */
  readonly now: number;
  /**
   * How far the sender's clock may be off, and how old a delivery may be, in milliseconds. Default: 300,000 (5 min), as Standard Webhooks
   * suggests. A larger value gives an attacker more time to send a recorded delivery again.
   */
  readonly toleranceMs?: number;
}

/** A genuine delivery, or the reason not to trust it. */
export type VerifiedWebhook =
  | { readonly valid: true; readonly id: string }
  | { readonly valid: false; readonly reason: "header_missing" | "too_old_or_new" | "signature_wrong" };

const optionsSchema = z.strictObject({
  headers: z.custom<VerifyWebhookOptions["headers"]>(
    (value) => typeof value === "object" && value !== null,
    "must be the request's headers",
  ),
  body: z.custom<string | Uint8Array>(
    (value) => typeof value === "string" || value instanceof Uint8Array,
    "must be the raw body: a text or bytes",
  ),
  secret: z.custom<string | readonly string[]>((value) => {
    const secrets = [value].flat();
    return secrets.length > 0 && secrets.every((one) => typeof one === "string" && webhookKey(one));
  }, SECRET_MUST),
  now: z.number("must be a time in milliseconds since 1970"),
  toleranceMs: countOption({ min: 1, max: 86_400_000 }).default(300_000),
});

/**
 * For receivers: tells whether a delivery comes from someone who knows the secret, and is recent. It compares in constant time. The same
 * delivery can arrive twice with the same `id`: remember the ids that you have handled. Wrong options throw a `TypeError`; a forged
 * delivery does not.
 *
 * @example
 * ```ts
 * const answer = verifyWebhook({ headers: {}, body: "{}", secret: "a secret of the sender", now: Date.now() });
 * assert.deepEqual(answer, { valid: false, reason: "header_missing" });
 * ```
 */
export function verifyWebhook(options: VerifyWebhookOptions): VerifiedWebhook {
  const { headers, body, secret, now, toleranceMs } = readOptions("verifyWebhook", optionsSchema, options);
  const id = headerOf(headers, "webhook-id");
  const timestamp = headerOf(headers, "webhook-timestamp");
  const signatures = headerOf(headers, "webhook-signature");
  if (id === undefined || timestamp === undefined || signatures === undefined)
    return { valid: false, reason: "header_missing" };
  const ageMs = Math.abs(now - Number(timestamp) * 1_000);
  // Not a number is not within the bounds either.
  if (!/^\d+$/.test(timestamp) || !(ageMs <= toleranceMs)) return { valid: false, reason: "too_old_or_new" };

  const given = signatures
    .split(" ")
    .filter((signature) => signature.startsWith("v1,"))
    .map((signature) => Buffer.from(signature.slice(3), "base64"));
  const isSigned = [secret].flat().some((one) => {
    const expected = webhookDigest(webhookKey(one) ?? Buffer.alloc(0), { id, timestamp, body });
    return given.some((digest) => digest.length === expected.length && timingSafeEqual(digest, expected));
  });
  return isSigned ? { valid: true, id } : { valid: false, reason: "signature_wrong" };
}

function headerOf(headers: VerifyWebhookOptions["headers"], name: string): string | undefined {
  const value = headers instanceof Headers ? headers.get(name) : headers[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}
