import { createHash } from "node:crypto";
import { isCoreError } from "./errors.ts";
import { canonicalJson, MAX_JSON_DEPTH } from "./json.ts";

// Room for a command's own levels around a JSON column, and for a list of commands.
const MAX_DEPTH = MAX_JSON_DEPTH + 4;
// Room for the largest unit, of which short numbers are reckoned at four times their length.
const MAX_SIZE = 40 * 1024 * 1024;

/** SHA-256 of the canonical JSON of `value`, in hexadecimal; null if it is not JSON. */
export function fingerprintOf(value: unknown): string | null {
  try {
    return createHash("sha256")
      .update(canonicalJson(value, { maxDepth: MAX_DEPTH, maxSize: MAX_SIZE }))
      .digest("hex");
  } catch (error) {
    if (isCoreError(error, "ATLAS_CORE_JSON_INVALID")) return null;
    throw error;
  }
}
