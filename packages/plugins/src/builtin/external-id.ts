import { createHash } from "node:crypto";

// With the source's id, which has at most 100 bytes, and a colon before it, it must fit into an id of 255 bytes.
const MAX_EXTERNAL_ID_BYTES = 150;

/** `text` as an external id: as it stands where it is short enough, otherwise its SHA-256. */
export function externalId(text: string): string {
  const wellFormed = text.toWellFormed();
  if (Buffer.byteLength(wellFormed) <= MAX_EXTERNAL_ID_BYTES) return wellFormed;
  return `sha256:${sha256(wellFormed)}`;
}

/** The SHA-256 of a text or of bytes, in hexadecimal digits. */
export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
