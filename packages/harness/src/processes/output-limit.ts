import type { Readable } from "node:stream";

/** One stream of a program, of which a limited part is passed on. */
export interface LimitedOutput {
  /** Whether something was dropped. */
  readonly isTruncated: boolean;
}

/**
 * Reads a stream to its end, and passes on its first `maxBytes`. The rest is read and dropped: a program whose output nobody reads would
 * stand still.
 */
export function readLimited(
  stream: Readable,
  { maxBytes, onBytes }: { readonly maxBytes: number; readonly onBytes: (bytes: Uint8Array) => void },
): LimitedOutput {
  let left = maxBytes;
  let isTruncated = false;
  stream.on("data", (chunk: Buffer) => {
    if (chunk.length > left) isTruncated = true;
    if (left === 0) return;
    const passed = chunk.length > left ? chunk.subarray(0, left) : chunk;
    left -= passed.length;
    onBytes(passed);
  });
  return {
    get isTruncated() {
      return isTruncated;
    },
  };
}
