import { createHmac } from "node:crypto";

const PREFIX = "whsec_";
const MIN_SECRET_BYTES = 16;

/** The key of a secret: base64 after `whsec_`, otherwise the text itself. Nothing when it is too short. */
export function webhookKey(secret: string): Buffer | undefined {
  const key = secret.startsWith(PREFIX)
    ? Buffer.from(secret.slice(PREFIX.length), "base64")
    : Buffer.from(secret);
  return key.length < MIN_SECRET_BYTES ? undefined : key;
}

/** The digest of a delivery as Standard Webhooks 1.0 defines it: over id, time in seconds and body, joined by dots. */
export function webhookDigest(
  key: Buffer,
  delivery: { readonly id: string; readonly timestamp: string; readonly body: string | Uint8Array },
): Buffer {
  const { id, timestamp, body } = delivery;
  return createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest();
}

export const SECRET_MUST = `must be a text of at least ${MIN_SECRET_BYTES} bytes, or whsec_ and as many bytes in base64`;
