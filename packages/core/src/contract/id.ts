import { randomFillSync } from "node:crypto";
import type { Clock } from "./clock.ts";
import { shortText } from "./text.ts";

/** Makes a new id. Atlas's own ids are UUIDv7 (RFC 9562): lower case, and ascending within a process. */
export type NewId = () => string;

/** The longest id, in bytes of UTF-8. */
export const MAX_ID_BYTES = 255;

/** A zod schema for an id or a short name: opaque text of 1 to 255 bytes. */
export const idText = shortText({ maxBytes: MAX_ID_BYTES });

const POOL_IDS = 128;
const RANDOM_BYTES = 8;
const COUNTER_BITS = 12;

/**
 * Creates a function that makes UUIDv7 ids, which always ascend. The 12 bits after the time are a counter. It starts at a
 * low random number in each millisecond; when it overflows, the id takes the next millisecond. A clock that goes back is
 * ignored.
 */
export function createNewId(clock: Clock): NewId {
  const pool = Buffer.alloc(POOL_IDS * RANDOM_BYTES);
  let used = pool.length;
  let time = -1;
  let counter = 0;
  let prefix = "";

  return () => {
    if (used === pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    const random = pool.toString("hex", used, used + RANDOM_BYTES);
    const now = Math.max(0, Math.trunc(clock.now()));
    if (now > time) {
      startMillisecond(now, pool.readUInt8(used));
    } else {
      counter += 1;
      if (counter >> COUNTER_BITS !== 0) startMillisecond(time + 1, 0);
    }
    used += RANDOM_BYTES;
    const variant = "89ab"[pool.readUInt8(used - 1) & 3];
    const sequence = counter.toString(16).padStart(3, "0");
    return `${prefix}-7${sequence}-${variant}${random.slice(0, 3)}-${random.slice(3, 15)}`;
  };

  function startMillisecond(at: number, start: number): void {
    time = at;
    counter = start;
    const hex = at.toString(16).padStart(12, "0");
    prefix = `${hex.slice(0, 8)}-${hex.slice(8)}`;
  }
}
