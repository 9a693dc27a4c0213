import { canonicalJson, isCoreError, type JsonValue } from "@atlas/core";

/** The largest result of a step or a job, as UTF-8 bytes of its JSON: 64 KiB. */
export const MAX_RESULT_BYTES = 64 * 1024;

/** Why a result cannot be stored. */
export type ResultFault =
  | { readonly kind: "too_large"; readonly sizeBytes: number }
  | { readonly kind: "not_json"; readonly path: string; readonly cause: unknown };

/** A result as it will be read later, so that nobody sees another one now; nothing for `undefined`. `fail` makes the error to throw. */
export function checkedResult(result: unknown, fail: (fault: ResultFault) => Error): JsonValue | undefined {
  if (result === undefined) return undefined;
  const text = textOf(result, fail);
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes > MAX_RESULT_BYTES) throw fail({ kind: "too_large", sizeBytes });
  return JSON.parse(text) as JsonValue;
}

function textOf(result: unknown, fail: (fault: ResultFault) => Error): string {
  try {
    return canonicalJson(result);
  } catch (cause) {
    const path = isCoreError(cause, "ATLAS_CORE_JSON_INVALID") ? cause.details.path : "";
    throw fail({ kind: "not_json", path, cause });
  }
}

/** The end of a sentence about a value that is not JSON: which part of it, and what to do. */
export function notJson({ cause }: Extract<ResultFault, { kind: "not_json" }>): string {
  return `is not JSON: ${cause instanceof Error ? cause.message : "it cannot be read."}`;
}
